//! What must not be older.

use std::fs;
use std::path::{Path, PathBuf};

use super::examination::answer_of;
use super::finding::Findings;
use super::stacks::{Stacked, Stacks};

const CHECK: &str = "versions";

/// The first that shows PAM which certificate it has verified (SSH_AUTH_INFO_0).
const OPENSSH: (u32, u32) = (7, 8);

/// What the session guard needs: close_range and pidfds that can be waited for.
const KERNEL: (u32, u32) = (5, 11);

/// libpam's own mark of 1.4, which brought pam_start_confdir.
const LIBPAM: &[u8] = b"LIBPAM_1.4\0";

pub(super) fn look(stacks: &Stacks, found: &mut Findings) {
    let before = found.0.len();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if pair(&kernel).is_some_and(|version| version < KERNEL) {
        guard_is_lost(&format!("Linux {}", kernel.trim()), "5.11", stacks, found);
    }
    if libpam().is_some_and(|libpam| !fs::read(libpam).is_ok_and(|bytes| holds(&bytes, LIBPAM))) {
        guard_is_lost("libpam", "1.4", stacks, found);
    }
    let openssh = answer_of("ssh", &["-V"]).map(|answer| answer.err.trim().to_owned());
    let number = openssh.as_deref().and_then(|text| pair(text.strip_prefix("OpenSSH_")?));
    if number.is_some_and(|version| version < OPENSSH) && stacks.services.iter().any(Stacked::is_sshd) {
        let what = format!(
            "{} does not tell PAM which certificate was used (7.8 and newer do): nobody gets in.",
            openssh.as_deref().unwrap_or_default()
        );
        found.problem(CHECK, what, None);
    }
    if found.0.len() == before {
        let sudo = answer_of("sudo", &["-V"]).and_then(|answer| answer.out.lines().next().map(str::to_owned));
        let names = [Some(format!("Linux {}", kernel.trim())), openssh, sudo];
        found.ok(CHECK, format!("{}.", names.into_iter().flatten().collect::<Vec<_>>().join("; ")));
    }
}

fn guard_is_lost(what: &str, least: &str, stacks: &Stacks, found: &mut Findings) {
    let what = format!("{what} is older than {least}, which the session guard needs");
    match stacks.end_sessions() {
        true => found.problem(CHECK, format!("{what}: with end_session nobody gets in."), None),
        false => found.warning(CHECK, format!("{what}: do not set end_session."), None),
    }
}

fn libpam() -> Option<PathBuf> {
    let folders =
        ["/usr/lib", "/lib"].iter().flat_map(|lib| fs::read_dir(lib).into_iter().flatten().flatten()).map(|entry| entry.path());
    let folders = ["/usr/lib64", "/lib64"].iter().map(|folder| Path::new(folder).to_owned()).chain(folders);
    folders.map(|folder| folder.join("libpam.so.0")).find(|path| path.exists())
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// The first two numbers of a version.
fn pair(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(pair("9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19"), Some((9, 2)));
        assert_eq!(pair("6.1.0-18-amd64\n"), Some((6, 1)));
        assert!(pair("10.0p2") > Some(OPENSSH) && pair("7.4p1") < Some(OPENSSH));
        assert!(pair("5.4.0-42-generic") < Some(KERNEL) && pair("5.11.0") >= Some(KERNEL));
        assert_eq!(pair("unknown"), None);
    }

    #[test]
    fn this_hosts_libpam_is_found_and_has_the_mark_that_an_older_one_has_not() {
        let bytes = fs::read(libpam().unwrap()).unwrap();
        assert!(holds(&bytes, LIBPAM) && !holds(&bytes, b"LIBPAM_99.9\0"));
    }
}
