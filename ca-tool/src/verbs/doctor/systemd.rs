//! systemd and logind, where sessions are to end with their certificate.

use std::path::Path;

use super::examination::answer_of;
use super::finding::Findings;
use super::stacks::Stacks;
use crate::pam_d::Stack;

const CHECK: &str = "systemd";

/// The first that takes a session's end from a PAM module.
const LEAST: u32 = 244;

pub(super) fn look(stacks: &Stacks, found: &mut Findings) {
    if !stacks.end_sessions() {
        return;
    }
    if !Path::new("/run/systemd/system").exists() {
        return found.ok(CHECK, "systemd does not run here: the session guard alone ends sessions.");
    }
    let version = answer_of("systemctl", &["--version"]).and_then(|answer| version(&answer.out));
    if let Some(version) = version.filter(|version| *version < LEAST) {
        let what =
            format!("systemd {version} does not end sessions at a time ({LEAST} and newer do): the session guard alone does.");
        found.warning(CHECK, what, None);
    }
    for stacked in stacks.services.iter().filter(|stacked| stacked.is_sshd()) {
        if !stacked.service.of(Stack::Session).any(|line| line.is("pam_systemd.so")) {
            let what =
                format!("{} has no pam_systemd in its session stack: the session guard alone ends sessions.", stacked.name);
            found.warning(CHECK, what, None);
        }
    }
    let property = [
        "get-property",
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "KillUserProcesses",
    ];
    match answer_of("busctl", &property).filter(|answer| answer.is_success).map(|answer| answer.out.trim() == "b true") {
        Some(true) => found.ok(CHECK, "logind ends a session with all its processes (KillUserProcesses)."),
        Some(false) => found.ok(
            CHECK,
            "What people leave in the background outlives their session: KillUserProcesses= in logind.conf(5) ends it too.",
        ),
        None => found.warning(
            CHECK,
            "logind cannot be asked: does systemd-logind run?",
            Some("systemctl start systemd-logind".to_owned()),
        ),
    }
}

fn version(text: &str) -> Option<u32> {
    text.split_whitespace().nth(1)?.split(['.', '-', '~']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_is_the_number_that_systemctl_begins_with() {
        assert_eq!(version("systemd 252 (252.38-1~deb12u1)\n+PAM"), Some(252));
        assert_eq!(version("systemd 257~rc1"), Some(257));
        assert_eq!(version("nothing"), None);
    }
}
