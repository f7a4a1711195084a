//! Who asks, in which stack of which service: everything the answer depends on that the host program tells.

use std::ffi::OsString;

use nix::unistd::{Uid, User, geteuid, gethostname, getuid};
use pamsm::{Pam, PamLibExt};

use crate::outcome::Outcome;

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
}

impl Request {
    pub(crate) fn new(pam: &Pam, stack: Stack) -> Result<Self, Outcome> {
        debug_assert!(stack != Stack::Session);
        let user = pam_user(pam)?;
        let invoker = invoker(&user)?;
        let host = gethostname().map(|name: OsString| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { service: service_name(pam), host, user, invoker })
    }
}

/// PAM_SERVICE, empty when it is missing.
pub(crate) fn service_name(pam: &Pam) -> String {
    pam.get_service().ok().flatten().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn pam_user(pam: &Pam) -> Result<User, Outcome> {
    let name = pam.get_user(None).ok().flatten().ok_or_else(|| Outcome::UnknownUser("(none)".to_owned()))?;
    let unknown = || Outcome::UnknownUser(name.to_string_lossy().into_owned());
    let name = name.to_str().map_err(|_| unknown())?;
    User::from_name(name).ok().flatten().ok_or_else(unknown)
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
    User::from_uid(uid).ok().flatten().ok_or_else(|| Outcome::UnknownUser(format!("uid {uid}")))
}
