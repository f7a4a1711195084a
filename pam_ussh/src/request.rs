//! Who asks, in which stack of which service: everything the answer depends on that the host program tells.

use std::ffi::OsString;
use std::io;

use nix::unistd::{Uid, User, geteuid, gethostname, getuid};
use pamsm::{Pam, PamLibExt};

use crate::login::Login;
use crate::outcome::{NoAgent, Outcome};

/// A PAM stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Auth,
    Account,
    Session,
}

/// One call of the module.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) service: String,
    pub(crate) host: String,
    /// PAM_USER: whom the certificate must name. The target in `su`, the caller in `sudo`.
    pub(crate) user: User,
    /// Whose agent is asked: the one who started the program.
    pub(crate) invoker: User,
    /// Inside sshd: what it has verified. No agent is asked then.
    pub(crate) login: Option<Login>,
}

impl Request {
    pub(crate) fn new(pam: &Pam, stack: Stack, sshd_services: &[String]) -> Result<Self, Outcome> {
        let service = service_name(pam);
        let user = pam_user(pam)?;
        let invoker = invoker(&user)?;
        let login = if sshd_services.contains(&service) {
            Some(Login::new(pam, stack).ok_or(NoAgent::Remote)?)
        } else if asks_for_a_stranger(pam) {
            return Err(NoAgent::Remote.into());
        } else {
            None
        };
        let host = gethostname().map(|name: OsString| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { service, host, user, invoker, login })
    }

    /// `session_guard=`: the log names the process of sshd that the guard asks for, not the one that asks.
    pub(crate) fn on_behalf_of(mut self, sshd: Option<u32>) -> Self {
        if let (Some(login), Some(sshd)) = (&mut self.login, sshd) {
            login.pid = sshd;
        }
        self
    }

    /// Whether the process was started by the one whose agent is asked, so that its initial environment is theirs.
    pub(crate) fn is_started_by_invoker(&self) -> bool {
        getuid() == self.invoker.uid
    }
}

/// A daemon of root's that somebody talks to from afar: what SSH_AUTH_SOCK it may have is its own starter's, not theirs.
/// Root's own least of all: anybody can say that they are root.
fn asks_for_a_stranger(pam: &Pam) -> bool {
    let is_daemon = getuid().is_root() && geteuid().is_root();
    is_daemon && pam.get_rhost().ok().flatten().is_some_and(|host| !host.is_empty())
}

/// PAM_SERVICE, empty when it is missing.
pub(crate) fn service_name(pam: &Pam) -> String {
    pam.get_service().ok().flatten().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn pam_user(pam: &Pam) -> Result<User, Outcome> {
    let name = pam.get_user(None).ok().flatten().ok_or_else(|| Outcome::UnknownUser("(none)".to_owned()))?;
    let unknown = || Outcome::UnknownUser(name.to_string_lossy().into_owned());
    let name = name.to_str().map_err(|_| unknown())?;
    User::from_name(name).map_err(no_user_database)?.ok_or_else(unknown)
}

/// That nobody could be looked up does not mean that there is nobody.
fn no_user_database(error: nix::Error) -> Outcome {
    Outcome::Misconfigured(format!("cannot look up users: {}", io::Error::from(error)))
}

/// In a setuid program the real user, in any other PAM_USER.
fn invoker(user: &User) -> Result<User, Outcome> {
    let real = getuid();
    if real == geteuid() || real == user.uid {
        return Ok(user.clone());
    }
    by_uid(real)
}

fn by_uid(uid: Uid) -> Result<User, Outcome> {
    User::from_uid(uid).map_err(no_user_database)?.ok_or_else(|| Outcome::UnknownUser(format!("uid {uid}")))
}
