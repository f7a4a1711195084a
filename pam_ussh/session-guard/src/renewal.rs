//! `end_session=renew`: may the session go on with a newer certificate of the session's agent?
//!
//! Three things must hold. The module accepts the certificate for this user and has seen the agent sign with its key,
//! by the rules of the very line that opened the session. Its key ID is that of the certificate which opened the session,
//! so that in an account that several share nobody's session lives on somebody else's certificate. And a look at it, from
//! where the person has logged in, accepts it as well.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use crate::arguments::{Session, Verb};
use crate::asking::{Facts, Verdict, ask};
use crate::judge::die_with_parent;
use crate::processes::path;
use crate::sshd::Sshd;
use crate::system::{Level, log};
use crate::terminals::say;
use crate::text::plain;

/// Longer than the module waits for a touch by default.
const LIMIT: Duration = Duration::from_secs(45);

/// To find the agents.
const SEARCH_LIMIT: Duration = Duration::from_secs(5);

/// Of one session's processes. Whoever has more agents than this has had enough chances.
const MOST_AGENTS: usize = 4;

/// Of one process's environment.
const MOST_ENVIRONMENT: u64 = 256 * 1024;

/// At the end of a key ID which is so long that the module says its beginning only. Others may begin so, too.
const CUT: &str = "...";

/// What came of it.
pub(crate) enum Renewal {
    /// Nothing: the session ends when it would have.
    None,
    /// The session may go on until then, as long as this stays accepted (SSH_AUTH_INFO_0).
    Until(u64, String),
    SshdGone,
}

/// Asks every agent of the session, for as long as `limit` together.
pub(crate) fn renew(session: &Session, sshd: &Sshd, limit: Duration) -> Renewal {
    let deadline = Instant::now() + limit.min(LIMIT);
    let left = || deadline.saturating_duration_since(Instant::now());
    let agents = match ask(Verb::Agents, session, None, sshd, left().min(SEARCH_LIMIT), |_| {}) {
        None => return Renewal::SshdGone,
        Some(Verdict::Accepted(facts)) => facts.agents,
        Some(_) => Vec::new(),
    };
    for agent in agents {
        let tell = |message: &str| say(sshd, session.uid, &plain(message));
        // What is wrong with an agent that holds nothing new is no news to the person: only what asks for a touch is.
        let on_message = |message: &str| {
            if message.starts_with("Touch ") {
                tell(message)
            }
        };
        let Some(verdict) = ask(Verb::Renew, session, Some(agent.as_ref()), sshd, left(), on_message) else {
            return Renewal::SshdGone;
        };
        let Verdict::Accepted(facts) = verdict else { continue };
        let Some(until) = extends(session, &facts) else { continue };
        let mut renewed = session.clone();
        renewed.login.auth_info = format!("publickey {}", facts.certificate);
        match ask(Verb::Look, &renewed, None, sshd, left(), |_| {}) {
            None => return Renewal::SshdGone,
            Some(Verdict::Accepted(_)) => {
                let (serial, ca, who) = (plain(&facts.serial), plain(&facts.ca), session.who());
                log(Level::Info, &format!("extended {who} new_serial={serial} new_ca={ca} until={until}"));
                return Renewal::Until(until, renewed.login.auth_info);
            }
            Some(_) => {}
        }
    }
    Renewal::None
}

/// Until when this certificate would extend the session, if it is the same person's and a newer one.
fn extends(session: &Session, facts: &Facts) -> Option<u64> {
    let is_known = !facts.key_id.is_empty() && !facts.key_id.ends_with(CUT);
    let is_same_person = is_known && facts.key_id == session.login.key_id;
    let until = facts.valid_before.filter(|&until| until > session.until)?;
    (is_same_person && !facts.certificate.is_empty()).then_some(until)
}

/// `agents`: says the SSH_AUTH_SOCK of the session's processes, in a process of its own: reading a process's environment
/// is reading its memory, and whoever the process belongs to can make that take for ever (a FUSE file system that never
/// answers what the process has asked of it while it changes its mappings).
pub(crate) fn print_agents(session: &Session) -> Result<(), String> {
    die_with_parent()?;
    let agents = agents(&Sshd::from_stdin()?, session.uid);
    let mut output = std::io::stdout();
    agents.iter().try_for_each(|agent| writeln!(output, "agent {agent}")).map_err(|error| error.to_string())
}

/// The newest first. Theirs to choose: the module asks it as the person, and only if the socket is theirs.
fn agents(sshd: &Sshd, uid: u32) -> Vec<String> {
    let mut agents = Vec::new();
    for pid in sshd.session_processes().into_iter().rev() {
        let Some(agent) = agent_of(&path(pid, "environ"), uid) else { continue };
        if !agents.contains(&agent) && agents.len() < MOST_AGENTS {
            agents.push(agent);
        }
    }
    agents
}

/// Text of one line, as any path of an agent's is.
fn agent_of(environment: &str, uid: u32) -> Option<String> {
    let file = File::open(environment).ok()?;
    if file.metadata().ok()?.uid() != uid {
        return None;
    }
    let mut variables = Vec::new();
    file.take(MOST_ENVIRONMENT).read_to_end(&mut variables).ok()?;
    let value = variables.split(|&byte| byte == 0).find_map(|variable| variable.strip_prefix(b"SSH_AUTH_SOCK="))?;
    let value = std::str::from_utf8(value).ok()?;
    (!value.is_empty() && !value.contains(char::is_control)).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Login;

    #[test]
    fn only_a_later_certificate_with_the_same_key_id_extends_a_session() {
        let login = Login { key_id: "alice@corp".to_owned(), ..Login::default() };
        let (user, warnings, words) = ("alice".to_owned(), vec![], vec![]);
        let mut session = Session { user, uid: 1, until: 1000, warnings, check: 60, renew: true, sshd: 4, words, login };
        let facts = |key_id: &str, valid_before| Facts {
            key_id: key_id.to_owned(),
            serial: "7".to_owned(),
            ca: "SHA256:x".to_owned(),
            valid_before,
            certificate: "type blob".to_owned(),
            agents: Vec::new(),
        };
        assert_eq!(extends(&session, &facts("alice@corp", Some(1001))), Some(1001));
        assert_eq!(extends(&session, &facts("alice@corp", Some(1000))), None);
        assert_eq!(extends(&session, &facts("alice@corp", None)), None);
        assert_eq!(extends(&session, &facts("bob@corp", Some(1001))), None);
        assert_eq!(extends(&session, &Facts { certificate: String::new(), ..facts("alice@corp", Some(1001)) }), None);
        session.login.key_id = "alice-and-much-more...".to_owned();
        assert_eq!(extends(&session, &facts("alice-and-much-more...", Some(1001))), None);
        session.login.key_id.clear();
        assert_eq!(extends(&session, &facts("", Some(1001))), None);
    }
}
