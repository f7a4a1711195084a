//! Who asks: as far as this process can know it.

use nix::unistd::{Uid, User, getuid};

use super::row::Row;

/// `/proc/self/loginuid` when nobody logged in (a boot service).
const UNSET: u32 = u32::MAX;

/// The person behind this process.
#[derive(Clone, Debug)]
pub(super) struct Who {
    uid: u32,
    login: Option<String>,
    loginuid: Option<u32>,
    sudo_user: Option<String>,
}

impl Who {
    pub(super) fn asks() -> Self {
        let uid = getuid();
        Self {
            uid: uid.as_raw(),
            login: name(uid),
            loginuid: loginuid(),
            // Anybody can set the variable; only behind root's uid it is likely to be sudo's.
            sudo_user: std::env::var("SUDO_USER").ok().filter(|name| uid.is_root() && !name.is_empty()),
        }
    }

    /// `alice`, or `root (alice)` behind sudo.
    pub(super) fn in_words(&self) -> String {
        let login = self.login.clone().unwrap_or_else(|| self.uid.to_string());
        match &self.sudo_user {
            Some(other) => format!("{login} ({other})"),
            None => login,
        }
    }

    pub(super) fn sign(&self, row: &mut Row) {
        row.uid = i64::from(self.uid);
        row.login.clone_from(&self.login);
        row.loginuid = self.loginuid.map(i64::from);
        row.sudo_user.clone_from(&self.sudo_user);
    }
}

fn name(uid: Uid) -> Option<String> {
    User::from_uid(uid).ok().flatten().map(|user| user.name)
}

/// Who logged in, by the kernel's audit: stays the same through su and sudo.
fn loginuid() -> Option<u32> {
    let text = std::fs::read_to_string("/proc/self/loginuid").ok()?;
    text.trim().parse().ok().filter(|uid| *uid != UNSET)
}
