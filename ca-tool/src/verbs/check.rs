//! `ca-tool check`: whether pam_ussh would accept what the person's ssh-agent holds, and why not.
//!
//! The module itself answers, run by ussh-pam-try with the options that it has on this host. Nothing is judged here.

mod identity;
mod login;
mod relay;
mod report;
mod stack;

use std::path::PathBuf;

use clap::ValueEnum;
use nix::unistd::{Uid, User, getuid};

use crate::error::{Error, OrSay, Result};
use crate::pam_d::{Line, PamD, Service, Stack, Trouble, service_name};
use crate::pam_try::{Answer, Question};
use crate::served_agent::{Listed, ServedAgent};
use crate::setting::Setting;
use crate::verbs::config;
use crate::verbs::doctor::control::{Effect, on_success};
use crate::{agent, pam_try, talk};
use identity::{Identity, Verdict};
use report::Report;
use stack::Stacks;

/// Services whose PAM_USER is not who types them, but root.
const ABOUT_ROOT: [&str; 4] = ["su", "su-l", "runuser", "runuser-l"];

/// Ask pam_ussh whether it would accept what your ssh-agent holds, and why not
///
/// The module itself is asked, with the options that it has on this host, about one certificate of the agent at a time
/// and then about all of them. Exit code 0 means that it would let sudo run. A security key is asked for one touch.
/// Like any question to the module, each is a line in the system log, under the name ussh-pam-try.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service, as in /etc/pam.d
    #[arg(long, value_name = "NAME", value_parser = service_name, default_value = "sudo")]
    service: String,
    /// Who asks [default: you]; for others than you this takes root, and for su always
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// For --service sshd: the certificate that sshd is to have verified
    #[arg(long, value_name = "FILE", requires = "from")]
    certificate: Option<PathBuf>,
    /// For --service sshd: the address that the person comes from
    #[arg(long, value_name = "ADDRESS", requires = "certificate")]
    from: Option<std::net::IpAddr>,
    /// Where the pam.d files are [default: where libpam looks]
    #[arg(long, value_name = "FOLDER")]
    pam_d: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    pam_try::is_installed()?;
    let person = person(args)?;
    let service = PamD::new(args.pam_d.as_deref()).service(&args.service)?;
    let stacks = Stacks::of(&service);
    if stacks.questions().is_empty() {
        let what = format!("pam_ussh is not asked: no line of {} names it.", service.file.display());
        return Err(match config::Service::from_str(&args.service, false) {
            Ok(_) => Error::new(what, format!("`ca-tool config --pam {}` has the lines.", args.service)),
            Err(_) => Error::new(what, "Is that the service's name? pam_ussh(8) has the lines."),
        });
    }
    if args.service == "sshd" && args.certificate.is_none() {
        return Err(Error::usage(
            "sshd's lines judge the certificate that sshd has verified, and no agent.",
            "Name it, and where the person comes from: --certificate id_ed25519-cert.pub --from 192.0.2.7.",
        ));
    }
    let mut report = match &args.certificate {
        Some(file) => login::judge(args, file, &person, &stacks)?,
        None => judge_agent(args, &person, &stacks)?,
    };
    report.trouble = service.trouble.iter().map(Trouble::sentence).chain(without_module(args, &service, &report)).collect();
    report.print(setting.json)?;
    if report.is_accepted() { Ok(()) } else { Err(report.refusal()) }
}

/// Lines that libpam comes to and whose module is not there: whom pam_ussh accepts is refused all the same.
fn without_module(args: &Args, service: &Service, report: &Report) -> Vec<String> {
    // sshd itself verifies a certificate, and calls no auth stack for it.
    let is_called = |stack| stack != Stack::Password && (stack != Stack::Auth || args.certificate.is_none());
    let is_reached = |line: &&Line| {
        let ends = |ours: &Line| ours.is(stack::MODULE) && ours.depth == 0 && on_success(&ours.control) == Effect::Done;
        let end = service.of(line.stack).find(|line| ends(line)).filter(|_| report.answer.is_success(line.stack));
        service.of(line.stack).take_while(|other| Some(*other) != end).any(|other| other == *line)
    };
    let lines = service.lines_without_module().filter(|line| is_called(line.stack)).filter(is_reached);
    lines.map(Line::without_module).collect()
}

/// Whose agent it is.
fn person(args: &Args) -> Result<User> {
    let found = match &args.user {
        Some(name) => User::from_name(name),
        None => User::from_uid(getuid()),
    };
    let name = args.user.clone().unwrap_or_else(|| format!("uid {}", getuid()));
    let is_about_agent = args.user.is_none() && args.certificate.is_none();
    if let (true, true, Some(typed)) = (is_about_agent, getuid().is_root(), who_typed_sudo()) {
        // sudo has taken SSH_AUTH_SOCK away, and root's own sudo is no question.
        return Err(Error::usage(format!("sudo runs this as root, and it is about {typed}."), "Run it without sudo."));
    }
    let found = found.or_say("Users cannot be looked up", "Is the user database there?")?;
    let person = found.ok_or_else(|| Error::new(format!("There is no user {name}."), "Name one with --user."))?;
    let takes_root = person.uid != getuid() || args.certificate.is_some() || ABOUT_ROOT.contains(&args.service.as_str());
    if takes_root && !Uid::effective().is_root() {
        return Err(Error::new(
            format!("Only root can ask what {} says about {}.", args.service, person.name),
            format!("sudo SSH_AUTH_SOCK=\"$SSH_AUTH_SOCK\" ca-tool check --service {} --user {}", args.service, person.name),
        ));
    }
    Ok(person)
}

fn who_typed_sudo() -> Option<String> {
    std::env::var("SUDO_USER").ok().filter(|name| name != "root")
}

/// One identity at a time, then all of them.
fn judge_agent(args: &Args, person: &User, stacks: &Stacks) -> Result<Report> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let mut report = Report::new(&args.service, &person.name, stacks);
    let listed = socket.as_deref().map(|socket| -> Result<_> {
        let mut agent = relay::connect_own(socket, person.uid.as_raw())?;
        let identities = agent::list(&mut agent)?;
        Ok((agent, Identity::all(&identities)))
    });
    // An agent that cannot be asked has a verdict of its own below, in the module's words.
    if let Some(Ok((agent, (identities, plain_keys)))) = listed {
        report.plain_keys = plain_keys.len();
        let relay = relay::start(agent, person.uid.as_raw())?;
        for identity in identities {
            let verdicts = judge_one(args, person, stacks, &relay, &identity, &plain_keys)?;
            report.add(identity, verdicts);
        }
    }
    let folder = stacks.folder(&args.service)?;
    // Account first: it is asked on every command. In one transaction, so that a security key is touched once.
    let calls: Vec<_> = [Stack::Account, Stack::Auth].into_iter().filter(|stack| stacks.has(*stack)).collect();
    let question = Question { folder: Some(folder.path().into()), calls, agent: socket, ..question(args, person) };
    report.answer = question.ask(say_touch)?;
    Ok(report)
}

/// What each of the module's lines says of it; most often there is one.
fn judge_one(
    args: &Args,
    person: &User,
    stacks: &Stacks,
    relay: &ServedAgent,
    identity: &Identity,
    plain_keys: &[Listed],
) -> Result<Vec<Verdict>> {
    let mut shown = vec![(identity.blob.clone(), identity.comment.clone())];
    shown.extend(plain_keys.iter().filter(|(blob, _)| Some(blob) == identity.public_key.as_ref()).cloned());
    let mut verdicts = Vec::new();
    for line in stacks.questions() {
        let folder = stacks.folder_with(line, &args.service)?;
        // Nobody touches a key twice: that a security key would have to sign is known when the signature is asked for.
        relay.show(shown.clone(), !identity.is_sk);
        let agent = Some(relay.socket().to_owned());
        let question =
            Question { folder: Some(folder.path().into()), calls: vec![line.stack], agent, ..question(args, person) };
        let answer = question.ask(|_| ())?;
        verdicts.push(verdict(&answer, identity.is_sk && relay.was_asked_to_sign()));
    }
    Ok(verdicts)
}

/// The one thing that cannot wait for the end; the rest is the verdict's.
fn say_touch(said: &str) {
    if is_touch(said) {
        talk::say(said);
    }
}

fn is_touch(said: &str) -> bool {
    said.starts_with("Touch your security key")
}

fn verdict(answer: &Answer, waits_for_touch: bool) -> Verdict {
    match answer.last() {
        Some("PAM_SUCCESS") => Verdict::Accepted,
        Some("PAM_IGNORE") => Verdict::Ignored,
        _ if waits_for_touch => Verdict::NeedsTouch,
        code => Verdict::Refused { code: code.unwrap_or("no answer").to_owned(), said: answer.said.join(" ") },
    }
}

/// As the program would ask: started by the person, and root's, where this is root.
fn question(args: &Args, person: &User) -> Question {
    let is_about_root = ABOUT_ROOT.contains(&args.service.as_str());
    let is_setuid = Uid::effective().is_root() && !person.uid.is_root();
    Question {
        service: args.service.clone(),
        user: if is_about_root { "root".to_owned() } else { person.name.clone() },
        invoker: is_setuid.then(|| person.name.clone()),
        ruser: Some(person.name.clone()),
        ..Question::default()
    }
}
