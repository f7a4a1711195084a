//! The story: does this person, right now, hold a certificate that our CA signed and that names someone allowed?

use std::ffi::CString;
use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nix::unistd::{Group, getgrouplist};
use ussh_agent::{Agent, Identities};
use ussh_cert::Rules;
use ussh_cert::authority::{Restriction, Source};

use crate::agent_socket;
use crate::candidates::{Judged, Listed};
use crate::local_time::local_time;
use crate::memory::Memory;
use crate::options::Options;
use crate::outcome::{Granted, NoAgent, Outcome};
use crate::possession::Search;
use crate::report::Report;
use crate::request::{Request, Stack};
use crate::revoked;
use crate::trusted_files::TrustedFiles;

/// Answers the question: inside sshd of the certificate that it has verified, elsewhere of those in the person's agent.
pub(crate) fn authenticate<'p>(
    stack: Stack,
    request: &Request,
    options: &Options,
    report: &Report<'p>,
    memory: &mut Memory<'p>,
) -> Result<Granted, Outcome> {
    check_group(request, options)?;
    if let Some(outcome) = request.login.as_ref().and_then(|login| login.nothing_to_judge(stack, options)) {
        return Err(outcome);
    }
    let trusted = TrustedFiles::read(options, request, report)?;
    let rules = rules(request, options, &trusted);
    match &request.login {
        Some(login) => login.judge(stack, options, &rules, report),
        None => ask_agent(request, options, &rules, report, memory),
    }
}

/// Every check that needs no signature comes before the first one that does.
fn ask_agent<'p>(
    request: &Request,
    options: &Options,
    rules: &Rules<'_>,
    report: &Report<'p>,
    memory: &mut Memory<'p>,
) -> Result<Granted, Outcome> {
    let deadline = Instant::now() + options.timeout;
    let (mut agent, identities) = match list(request, memory, deadline) {
        Ok(listed) => listed,
        // What is wrong with a list of revoked keys is wrong for everybody.
        Err(outcome) => return revoked::ask(options, report, []).and(Err(outcome)),
    };
    let listed = Listed::read(identities.iter().map(|identity| identity.blob));
    report.debug(&format!(
        "the agent lists {} identities, {} of them certificates, {} unknown",
        identities.len(),
        listed.certificates.len(),
        listed.unknown
    ));
    let judged = Judged::new(&listed, rules, options, report, deadline)?;
    let search = Search { agent: &mut agent, listed: &listed, options, request, report, memory };
    search.first_proven(judged).map(|proven| Granted::new(&proven))
}

/// Only members of `group` are asked for a certificate. A group that does not exist has no members to ask: refused.
fn check_group(request: &Request, options: &Options) -> Result<(), Outcome> {
    let Some(name) = &options.group else { return Ok(()) };
    let misconfigured = |what: String| Outcome::Misconfigured(format!("option \"group={name}\": {what}"));
    let group = Group::from_name(name).map_err(|error| misconfigured(io::Error::from(error).to_string()))?;
    let group = group.ok_or_else(|| misconfigured("there is no such group".to_owned()))?;
    // The group's own list first: getgrouplist(3) is silent when a source of groups is out of reach, and whoever is
    // taken for a stranger to the group is asked for nothing.
    if request.user.gid == group.gid || group.mem.contains(&request.user.name) {
        return Ok(());
    }
    let user = CString::new(request.user.name.as_str()).map_err(|_| Outcome::UnknownUser(request.user.name.clone()))?;
    let groups = getgrouplist(&user, request.user.gid).map_err(|error| misconfigured(io::Error::from(error).to_string()))?;
    if groups.contains(&group.gid) { Ok(()) } else { Err(Outcome::NotInGroup(name.clone())) }
}

fn list(request: &Request, memory: &Memory<'_>, deadline: Instant) -> Result<(Agent, Identities), Outcome> {
    let mut agent = connect(request, memory, deadline)?;
    let identities = agent.identities().map_err(NoAgent::from)?;
    Ok((agent, identities))
}

/// An agent that let us wait once is not waited for again in the same transaction: sudo asks three times.
fn connect(request: &Request, memory: &Memory<'_>, deadline: Instant) -> Result<Agent, Outcome> {
    if let Some(before) = memory.agent_timed_out() {
        return Err(before.clone().into());
    }
    agent_socket::connect(request, deadline)
}

fn rules<'r>(request: &'r Request, options: &'r Options, trusted: &'r TrustedFiles) -> Rules<'r> {
    Rules {
        ca_keys: &trusted.ca_keys,
        username: options.user_principal.then_some(request.user.name.as_str()),
        authorized_principals: options.authorized_principals.as_deref(),
        authorized_principals_file: trusted.authorized_principals.as_deref(),
        ca_signature_algorithms: &options.ca_signature_algorithms,
        accepted_algorithms: &options.accepted_algorithms,
        required_rsa_size: options.required_rsa_size,
        max_validity: options.max_validity,
        require_sk: options.require_sk,
        require_verify: options.require_verify,
        source_address: source(request, options),
        force_command: force_command(request, options),
        // Asked when it is known about whom: see Judged.
        revocation: None,
        local_time,
    }
}

/// In sshd the peer is known, whatever the option says. Without an address, what depends on one is refused.
fn source(request: &Request, options: &Options) -> Source {
    match (&request.login, options.source_address) {
        (Some(login), _) => login.peer.map_or(Source::Refuse, Source::Peer),
        (None, Restriction::Refuse) => Source::Refuse,
        (None, Restriction::Ignore) => Source::Ignore,
    }
}

/// sshd itself sees to it that nothing else runs.
fn force_command(request: &Request, options: &Options) -> Restriction {
    if request.login.is_some() { Restriction::Ignore } else { options.force_command }
}

/// Seconds since the epoch. A clock before it makes every certificate "not yet valid".
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
