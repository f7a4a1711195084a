//! Acting as the invoking user for a moment, with their groups, and being root again on every way out.

use std::ffi::CString;
use std::io;

use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgrouplist, getgroups, getresuid, setegid, seteuid, setgroups};

/// Runs `act` with the user's effective uid, gid and groups.
///
/// A program that is not root cannot change who it is: it acts as the user only if it is that user already.
///
/// # Errors
/// What could not be changed; `act` has not run then, or its result is not to be used.
pub(crate) fn as_user<T>(user: &User, act: impl FnOnce() -> T) -> Result<T, String> {
    if geteuid() == user.uid && !geteuid().is_root() {
        return Ok(act());
    }
    if !geteuid().is_root() {
        return Err(format!("cannot act as {} without being root", user.name));
    }
    if !can_be_root_again() {
        return Err(format!("cannot act as {}: there would be no way back to root", user.name));
    }
    let before = Saved::now().map_err(|error| format!("cannot read own credentials: {}", io::Error::from(error)))?;
    let dropped = Dropped { before: Some(before) };
    become_user(user).map_err(|error| format!("cannot act as {}: {}", user.name, io::Error::from(error)))?;
    #[cfg(feature = "test-panic")]
    assert!(!PANIC.load(std::sync::atomic::Ordering::Relaxed), "test_panic=as_user");
    let result = act();
    dropped.restore().map_err(|error| format!("cannot be root again: {}", io::Error::from(error)))?;
    Ok(result)
}

/// Test builds only: whether to panic where it would hurt most, while acting as the user.
#[cfg(feature = "test-panic")]
pub(crate) static PANIC: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

fn become_user(user: &User) -> nix::Result<()> {
    let name = CString::new(user.name.as_str()).map_err(|_| nix::Error::EINVAL)?;
    setgroups(&getgrouplist(&name, user.gid)?)?;
    setegid(user.gid)?;
    seteuid(user.uid)?;
    // A policy that lets the calls "succeed" without effect must not leave root walking the person's paths.
    if (geteuid(), getegid()) == (user.uid, user.gid) { Ok(()) } else { Err(nix::Error::EPERM) }
}

/// The effective uid is given up; one of the others must be kept.
fn can_be_root_again() -> bool {
    getresuid().is_ok_and(|uids| uids.real.is_root() || uids.saved.is_root())
}

struct Saved {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl Saved {
    fn now() -> nix::Result<Self> {
        Ok(Self { uid: geteuid(), gid: getegid(), groups: getgroups()? })
    }

    /// The uid first: only root may set the others.
    fn restore(&self) -> nix::Result<()> {
        seteuid(self.uid)?;
        setegid(self.gid)?;
        setgroups(&self.groups)
    }
}

/// Restores when it goes, so that an early return or a panic cannot leave the host as the user.
struct Dropped {
    before: Option<Saved>,
}

impl Dropped {
    fn restore(mut self) -> nix::Result<()> {
        self.before.take().map_or(Ok(()), |before| before.restore())
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // Nobody is left to tell: the call is refused already.
            let _ = before.restore();
        }
    }
}
