//! What a question ended with: the PAM code for the host, the sentence for the person, the line for the log.

mod certificate_facts;
mod refused;

use pamsm::PamError;
use ussh_cert::Proven;
use ussh_cert::auth_info::line;
use ussh_cert::certificate::Certificate;
use ussh_cert::refusal::{text, text_within};

pub(crate) use certificate_facts::CertificateFacts;
pub(crate) use refused::{Refused, Why};

use crate::options::OptionError;
use crate::request::Stack;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Accepted(Granted),
    NotInGroup(String),
    Refused(Box<Refused>),
    /// Inside sshd, somebody without a certificate: refused, or left to the rest of the stack.
    NoCertificate(Shown),
    NotJudged(Shown),
    NoAgent(NoAgent),
    Misconfigured(String),
    /// The process could not become the user, or root again.
    Privileges(String),
    UnknownUser(String),
}

/// An accepted certificate, for the log. Only proof of possession makes one.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    facts: Box<CertificateFacts>,
    /// The first second in which it is no longer valid.
    pub(crate) valid_before: u64,
    /// Its line of SSH_AUTH_INFO_0.
    pub(crate) line: String,
}

/// What somebody without a certificate has shown to sshd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    OtherMethods,
    PlainKey,
}

impl Shown {
    fn what(self) -> &'static str {
        match self {
            Self::Nothing => "sshd names no key yet",
            Self::OtherMethods => "logged in without a key",
            Self::PlainKey => "logged in with a plain key",
        }
    }
}

impl Granted {
    pub(crate) fn new(proven: &Proven<'_>) -> Self {
        let accepted = proven.accepted();
        let certificate = accepted.certificate();
        let facts = CertificateFacts::new(certificate).with_principal(accepted.principal());
        Self { facts: Box::new(facts), valid_before: certificate.valid_before, line: line(certificate) }
    }

    pub(crate) fn facts(&self) -> &CertificateFacts {
        &self.facts
    }
}

/// Why there is no agent to ask, or why it is asked no longer.
#[derive(Clone, Debug)]
pub(crate) enum NoAgent {
    NotSet,
    /// The person is at another host, and this program is not in their login.
    Remote,
    NotASocket,
    NotOwned,
    Unreachable(String),
    TimedOut(String),
    /// The security key was not touched before the time was over.
    NotTouched,
    Failed(String),
}

impl NoAgent {
    /// With the path in the words that need it.
    pub(crate) fn at(self, path: &std::path::Path) -> Self {
        match self {
            Self::Unreachable(error) => {
                use std::os::unix::ffi::OsStrExt;
                Self::Unreachable(format!("{}: {error}", text(path.as_os_str().as_bytes())))
            }
            other => other,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::NotSet => "SSH_AUTH_SOCK is not set".to_owned(),
            Self::Remote => "not started by the person who is to be allowed".to_owned(),
            Self::NotASocket => "SSH_AUTH_SOCK does not name a socket".to_owned(),
            Self::NotOwned => "the socket that SSH_AUTH_SOCK names is not yours".to_owned(),
            Self::Unreachable(error) => format!("SSH_AUTH_SOCK names {error}"),
            Self::NotTouched => "the security key was not touched in time".to_owned(),
            Self::TimedOut(error) | Self::Failed(error) => error.clone(),
        }
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::NotTouched => "Touch it when it blinks",
            Self::TimedOut(_) | Self::Failed(_) => "Check it with \"ssh-add -l\"",
            _ => "Log in with \"ssh -A\" from where your ssh-agent is",
        }
    }
}

impl From<NoAgent> for Outcome {
    fn from(why: NoAgent) -> Self {
        Self::NoAgent(why)
    }
}

impl From<OptionError> for Outcome {
    fn from(error: OptionError) -> Self {
        Self::Misconfigured(error.to_string())
    }
}

impl Outcome {
    /// The code of the contract's table: sudo shows some of them to the person and retries on others.
    pub(crate) fn code(&self, stack: Stack) -> PamError {
        match (self, stack) {
            (Self::Accepted(_), _) => PamError::SUCCESS,
            (Self::NotInGroup(_) | Self::NotJudged(_), _) => PamError::IGNORE,
            (_, Stack::Session) => PamError::PERM_DENIED,
            (Self::Refused(refused), _) if refused.newest_expired() => PamError::CRED_EXPIRED,
            (Self::Refused(_) | Self::NoCertificate(_), Stack::Auth) => PamError::AUTH_ERR,
            (Self::Refused(_) | Self::NoCertificate(_), Stack::Account) => PamError::PERM_DENIED,
            (Self::NoAgent(_), _) => PamError::AUTHINFO_UNAVAIL,
            (Self::Misconfigured(_), _) => PamError::SERVICE_ERR,
            (Self::Privileges(_), _) => PamError::ABORT,
            (Self::UnknownUser(_), _) => PamError::USER_UNKNOWN,
        }
    }

    /// What the person is told: what happened, then what to do. `None` when there is nothing to tell.
    pub(crate) fn sentence(&self, service: &str, in_sshd: bool) -> Option<String> {
        let again = if in_sshd {
            "then log in again".to_owned()
        } else {
            format!("then run {} again", text(command(service).as_bytes()))
        };
        let administrator = "Tell this host's administrator; the reason is in the system log";
        match self {
            Self::Accepted(_) | Self::NotInGroup(_) | Self::NotJudged(_) => None,
            Self::Refused(refused) => Some(format!("{} {}, {again}.", refused.what(), refused.next_step())),
            Self::NoCertificate(_) => Some(format!("You need an SSH certificate to log in here. Get one, {again}.")),
            Self::NoAgent(why) => {
                Some(format!("Your ssh-agent cannot be asked: {}. {}, {again}.", why.what(), why.next_step()))
            }
            Self::Misconfigured(_) => Some(format!("pam_ussh is not set up correctly here. {administrator}.")),
            Self::Privileges(_) => Some(format!("pam_ussh cannot act as you. {administrator}.")),
            Self::UnknownUser(_) => Some(format!("pam_ussh does not know this user. {administrator}.")),
        }
    }

    /// The line for auditors: the verdict, who it is about, and why, as `name=value`. Whatever comes from elsewhere is
    /// cut and escaped, so that nobody can push a line out of the log or make it two.
    pub(crate) fn log_line(&self, who: &str) -> String {
        let (verdict, why) = self.verdict();
        format!("{verdict}{who} {why}")
    }

    fn verdict(&self) -> (&'static str, String) {
        match self {
            Self::Accepted(granted) => ("accepted", granted.facts.to_string()),
            Self::NotInGroup(group) => ("ignored", format!("reason=not-in-group group=\"{}\"", text(group.as_bytes()))),
            Self::Refused(refused) => ("refused", refused.to_string()),
            Self::NoCertificate(shown) => ("refused", format!("reason=no-certificate detail=\"{}\"", shown.what())),
            Self::NotJudged(shown) => ("ignored", format!("reason=no-certificate detail=\"{}\"", shown.what())),
            Self::NoAgent(why) => ("refused", format!("reason=no-agent detail=\"{}\"", why.what().replace('"', "'"))),
            Self::Misconfigured(what) => ("refused", format!("reason=configuration detail=\"{}\"", long(what))),
            Self::Privileges(what) => ("refused", format!("reason=privileges detail=\"{}\"", long(what))),
            Self::UnknownUser(who) => ("refused", format!("reason=unknown-user detail=\"{}\"", text(who.as_bytes()))),
        }
    }

    /// Whether the log line is more than routine.
    pub(crate) fn is_trouble(&self) -> bool {
        matches!(self, Self::Misconfigured(_) | Self::Privileges(_))
    }

    /// What the transaction should remember of an agent that let us wait.
    pub(crate) fn agent_timed_out(&self) -> Option<&NoAgent> {
        match self {
            Self::NoAgent(why @ (NoAgent::TimedOut(_) | NoAgent::NotTouched)) => Some(why),
            _ => None,
        }
    }

    /// Of the certificates that the agent listed, none would do.
    pub(crate) fn refused(certificates: Vec<(Option<&Certificate<'_>>, Why)>) -> Self {
        Self::Refused(Box::new(Refused::new(certificates)))
    }
}

/// What the administrator wrote, paths above all, may be longer than what others send.
fn long(what: &str) -> String {
    text_within(2_000, what.as_bytes())
}

/// What the person typed: `sudo -i` has a PAM service of its own.
fn command(service: &str) -> &str {
    match service {
        "sudo-i" => "sudo",
        "su-l" => "su",
        "" => "the command",
        other => other,
    }
}

#[cfg(test)]
mod tests;
