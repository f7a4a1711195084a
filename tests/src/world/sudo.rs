//! Which sudo a world has: Debian's, or the one that RIG_SUDO names.

use std::process::Command;
use std::sync::OnceLock;

/// Whether it is sudo-rs. It says otherwise what it says: only at a terminal, or with `-S` on its standard error.
pub fn is_sudo_rs() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let Some(sudo) = std::env::var_os("RIG_SUDO") else { return false };
        let version = Command::new(&sudo).arg("--version").output().expect("RIG_SUDO names a program");
        String::from_utf8_lossy(&version.stdout).contains("sudo-rs")
    })
}
