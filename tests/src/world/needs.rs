//! What the rig needs of the real host. Anything missing fails the run with the line that mends it.

use std::path::Path;

/// Program and the Debian package that has it.
const PROGRAMS: [(&str, &str); 14] = [
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("timeout", "coreutils"),
    ("ip", "iproute2"),
    ("pkill", "procps"),
    ("ssh", "openssh-client"),
    ("ssh-add", "openssh-client"),
    ("ssh-agent", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("sshd", "openssh-server"),
    ("sudo", "sudo"),
    ("su", "util-linux"),
    ("doas", "opendoas"),
];

pub(super) fn check(module: &Path) {
    assert!(nix::unistd::geteuid().is_root(), "the rig makes namespaces and runs sudo: run it as root (sudo tests/run.sh)");
    assert!(
        module.is_file(),
        "there is no {}: build it (cargo build --release -p pam_ussh) or name it in PAM_USSH_SO",
        module.display()
    );
    check_programs(&PROGRAMS);
}

/// The same for what only some tests run.
#[track_caller]
pub(super) fn check_programs(programs: &[(&str, &str)]) {
    let mut packages: Vec<&str> =
        programs.iter().filter(|(program, _)| !exists(program)).map(|(_, package)| *package).collect();
    packages.dedup();
    assert!(packages.is_empty(), "programs are missing: apt-get install --no-install-recommends {}", packages.join(" "));
}

fn exists(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin", "/usr/lib/polkit-1"].iter().any(|folder| Path::new(folder).join(program).is_file())
}
