//! Who shows what, and what libpam answers.

use std::path::PathBuf;

use nix::unistd::User;

use super::Trial;
use super::log::Log;
use super::throwaway::{EXPIRED, Throwaway, VALID, line};
use super::wanted::Wanted;
use crate::error::Result;
use crate::pam_d::{Service, Stack};
use crate::pam_try::{Answer, Question};
use crate::served_agent::ServedAgent;

/// Services where PAM_USER is not who types them, but root; there root's own call runs the auth stack as well.
const ABOUT_ROOT: [&str; 4] = ["su", "su-l", "runuser", "runuser-l"];

/// A stack that answers no sooner is one that waits for somebody.
const SECONDS: u32 = 60;

/// Somewhere else (RFC 5737).
const PEER: &str = "192.0.2.1";

/// What somebody has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    Valid,
    Expired,
    /// An agent without a certificate; to sshd, a plain key.
    NoCertificate,
    /// No agent; to sshd, no key.
    Nothing,
}

/// One answer of libpam, and what was logged.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The error's words where PAM could not be asked.
    pub(super) answer: std::result::Result<Answer, String>,
    pub(super) log: Vec<String>,
}

/// Somebody's two attempts: auth and account, as with a password asked for, then account alone, as with NOPASSWD or a
/// remembered one. In sshd: account, then session. And the session that sudo, su and doas open where all went well.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) user: String,
    pub(super) is_root: bool,
    pub(super) shows: Shows,
    pub(super) first: Attempt,
    pub(super) second: Attempt,
    pub(super) session: Option<Attempt>,
}

/// What all attempts have in common.
pub(super) struct Cases<'c> {
    pub(super) trial: &'c Trial<'c>,
    pub(super) service: &'c Service,
    pub(super) wanted: &'c Wanted,
    /// Where no CA of the host's can let anybody in.
    pub(super) barren: &'c [String],
    pub(super) throwaway: &'c Throwaway,
    pub(super) log: &'c Log,
}

impl Cases<'_> {
    pub(super) fn try_all(&self, people: &[User]) -> Result<Vec<Tried>> {
        let mut tried = Vec::new();
        for person in people {
            for shows in [Shows::Valid, Shows::Expired, Shows::NoCertificate, Shows::Nothing] {
                tried.push(if self.is_sshd() { self.login(person, shows)? } else { self.command(person, shows)? });
            }
        }
        if !self.is_sshd() {
            tried.push(self.roots_own());
        }
        Ok(tried)
    }

    pub(super) fn is_sshd(&self) -> bool {
        self.wanted.sshd_services.iter().any(|name| name == self.trial.service)
    }

    /// sudo, su, doas: the agent is asked.
    fn command(&self, person: &User, shows: Shows) -> Result<Tried> {
        let about = self.pam_user(person);
        let agent = match shows {
            Shows::Nothing => None,
            Shows::NoCertificate => Some(self.agent(person, Vec::new())?),
            Shows::Valid => Some(self.agent(person, self.certificate(&about, VALID)?)?),
            Shows::Expired => Some(self.agent(person, self.certificate(&about, EXPIRED)?)?),
        };
        let socket: Option<PathBuf> = agent.as_ref().map(|agent| agent.socket().to_owned());
        let question = |calls: &[Stack]| Question {
            invoker: Some(person.name.clone()),
            ruser: Some(person.name.clone()),
            agent: socket.clone(),
            calls: calls.to_vec(),
            ..self.question(&about.name)
        };
        let first = self.attempt(&question(&[Stack::Auth, Stack::Account]));
        let second = self.attempt(&question(&[Stack::Account]));
        // The person is root by then.
        let opens = || self.attempt(&Question { user: "root".to_owned(), ..question(&[Stack::Session]) });
        let session = (shows == Shows::Valid).then(opens);
        Ok(Tried { user: person.name.clone(), is_root: false, shows, first, second, session })
    }

    /// As in a cron job: no agent, and sudo runs no auth stack for root.
    fn roots_own(&self) -> Tried {
        let question =
            |calls: &[Stack]| Question { calls: calls.to_vec(), ruser: Some("root".to_owned()), ..self.question("root") };
        let first = self.attempt(&question(&[Stack::Auth, Stack::Account]));
        let second = self.attempt(&question(&[Stack::Account]));
        let session = Some(self.attempt(&question(&[Stack::Session])));
        Tried { user: "root".to_owned(), is_root: true, shows: Shows::Nothing, first, second, session }
    }

    /// As after a login by public key, where sshd names it to the session stack alone.
    fn login(&self, person: &User, shows: Shows) -> Result<Tried> {
        let shown = match shows {
            Shows::Valid => line(&self.certificate(person, VALID)?),
            Shows::Expired => line(&self.certificate(person, EXPIRED)?),
            Shows::NoCertificate => self.throwaway.plain_line(),
            Shows::Nothing => String::new(),
        };
        let question = |stack: Stack, info: &str| Question {
            rhost: Some(PEER.to_owned()),
            variables: vec![
                ("SSH_AUTH_INFO_0".to_owned(), info.to_owned()),
                ("SSH_CONNECTION".to_owned(), format!("{PEER} 50000 {PEER} 22")),
            ],
            calls: vec![stack],
            ..self.question(&person.name)
        };
        let first = self.attempt(&question(Stack::Account, ""));
        let second = self.attempt(&question(Stack::Session, &shown));
        Ok(Tried { user: person.name.clone(), is_root: false, shows, first, second, session: None })
    }

    fn question(&self, user: &str) -> Question {
        Question {
            service: self.trial.service.to_owned(),
            user: user.to_owned(),
            seconds: Some(SECONDS),
            ..Question::default()
        }
    }

    fn attempt(&self, question: &Question) -> Attempt {
        let answer = question.ask(|_| ()).map_err(|error| error.to_string());
        Attempt { answer, log: self.log.take() }
    }

    /// Whom the certificate must name.
    fn pam_user(&self, person: &User) -> User {
        let root = || User::from_name("root").ok().flatten();
        let about_root = ABOUT_ROOT.contains(&self.trial.service).then(root).flatten();
        about_root.unwrap_or_else(|| person.clone())
    }

    fn certificate(&self, user: &User, valid: (i64, i64)) -> Result<Vec<u8>> {
        self.throwaway.certificate(&self.wanted.principals(user), valid)
    }

    fn agent(&self, person: &User, certificate: Vec<u8>) -> Result<ServedAgent> {
        let agent = ServedAgent::start(person.uid.as_raw(), self.throwaway.signer())?;
        let listed = if certificate.is_empty() { Vec::new() } else { vec![(certificate, b"trial".to_vec())] };
        agent.show(listed, true);
        Ok(agent)
    }

    /// Whether root's own call runs the account stack alone.
    pub(super) fn is_about_caller(&self) -> bool {
        !ABOUT_ROOT.contains(&self.trial.service)
    }
}
