//! Which test runs what stands in a sentence.

/// What no block has, and the test that runs it. A word in capitals, such as NAME, stands for any.
pub const RUN_BY: &[(&str, &str)] = &[
    ("/usr/libexec/ussh-pam-try --service sudo --user root --call account", "tests/tests/guides/man_page.rs"),
    ("--check --diff", "tests/ansible/inside.sh"),
    ("--out FOLDER", "tests/packages/made.sh"),
    ("-V -15m:+45m", "tests/tests/guides/break_glass.rs"),
    ("-V -5m:+55m", "ca-tool/tests/emergency.rs"),
    ("-s ca", "tests/tests/guides/readme.rs"),
    ("ca-tool --version", "tests/packages/inside/leaves-nothing.sh"),
    ("ca-tool check", "tests/tests/guides/readme.rs"),
    ("ca-tool doctor --json", "tests/tests/doctor/rig.rs"),
    ("chmod go-w FILE", "tests/tests/guides/updating.rs"),
    ("chown root FILE", "tests/tests/guides/updating.rs"),
    ("man ca-tool", "tests/tests/guides/by_hand.rs"),
    ("man ca.toml", "tests/tests/guides/by_hand.rs"),
    ("man pam_ussh", "tests/tests/guides/by_hand.rs"),
    ("pkttyagent --process $$", "tests/tests/other_hosts/pkexec.rs"),
    ("puppet apply", "tests/ansible/puppet.sh"),
    ("ssh-keygen -L", "ca-tool/tests/journal.rs"),
    ("ssh-keygen -Y sign -n pam_ussh", "ussh-cert/tests/protocol.rs"),
    ("ssh-keygen -Y verify", "ca-tool/tests/signed_lists.rs"),
    ("ssh-keygen -t ed25519 -f ca", "tests/tests/guides/readme.rs"),
    ("sudo -i", "tests/tests/config.rs"),
    ("sudo -n", "tests/tests/world.rs"),
];

/// The same, where the test has other words for it.
pub const RUN_IN_OTHER_WORDS: &[(&str, &str, &str)] = &[
    ("ca-tool config --pam sudo --whole", "ca-tool/tests/config.rs", "config room root --pam sudo --whole"),
    ("ssh-add -c", "tests/packages/inside/upgrade.sh", "confirm=(-c)"),
    ("ssh-add -h", "tests/tests/sshd/constrained_keys.rs", "-h localhost"),
    ("ssh-keygen -Q", "ca-tool/tests/krl.rs", "-Q -f krl"),
    ("ssh-keygen -k", "ca-tool/tests/inspect.rs", "ssh-keygen -q -k -f revoked"),
    ("ssh -N", "tests/boot/inside/limit.sh", "-N alice@localhost"),
    ("su bob", "tests/tests/other_hosts/su.rs", "su login bob"),
    ("ussh-session-guard --version", "tests/tests/guides/man_page.rs", "/usr/libexec/ussh-session-guard --version"),
];

/// What nothing runs, and why.
pub const NOT_RUN: &[(&str, &str)] = &[
    ("cargo test -p pam_ussh", "tests/run-tests.sh compiles and runs the tests of all packages at once"),
    ("cat part1 > list; cat part2 >> list", "what nobody should do"),
    ("tctl lock", "Teleport's, in a comparison"),
];

/// Settings, messages, lines of files and of logs.
pub const NO_COMMANDS: &[&str] = &[
    "# ussh-ca-file version=…",
    "00 01 02 … 1f",
    "A terminal is required to authenticate",
    "Accepted publickey … ID … (serial …) CA …",
    "Certificate invalid: expired",
    "Defaults env_keep += SSH_AUTH_SOCK",
    "Defaults noninteractive_auth",
    "Defaults runaspw",
    "EMERGENCY certificate",
    "No session for cookie",
    "Permission denied (publickey)",
    "SHA256(application) || flags || counter || SHA256(bytes of section 2)",
    "The ssh-agent does not hold the key",
    "Received message too long",
    "[success=1 default=ignore]",
    "[sudo, sudo-i, sshd]",
    "ansible_ssh_extra_args: -A",
    "byte 13, string blob, string data, uint32 flags",
    "byte flags, uint32 counter",
    "check(certificate, rules, now)",
    "gave up",
    "name is not a listed principal",
    "no verdict",
    "nobody touched it",
    "not yet valid",
    "not-updated reason=…",
    "pam_env user_readenv=1",
    "pam_selinux.so open",
    "penalty: failed authentication",
    "stale age=…",
    "string algorithm, string signature",
    "systemd --user",
    "the ssh-agent refused the request",
    "then log in again",
    "valid_after <= now < valid_before",
];
