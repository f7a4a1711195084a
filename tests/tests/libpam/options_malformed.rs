//! Words on the pam.d line that are not understood: refused, never ignored.

use tests::pam::Host;

use crate::usual::{ACCEPTED, MISCONFIGURED, Usual};

#[track_caller]
fn all_refused(lines: &[&str]) {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for line in lines {
        assert_eq!(usual.verdict(line), MISCONFIGURED, "{line}");
        let answer = usual.sudo(line).auth();
        let name = line.split([' ', '=']).next().unwrap_or_default();
        assert!(answer.log_text().contains(name), "{line}: the log does not name it: {:?}", answer.log);
    }
}

#[test]
fn unknown_options_are_refused() {
    all_refused(&[
        "nonsense",
        "nonsense=1",
        "cafile=/etc/ssh/trusted_user_ca",
        "CA_FILE=/etc/ssh/trusted_user_ca",
        "use_first_pass",
    ]);
}

#[test]
fn malformed_values_are_refused() {
    all_refused(&[
        "ca_file=relative/path",
        "authorized_principals=a,,b",
        "authorized_principals=,",
        "authorized_principals_file=relative/path",
        "user_principal=maybe",
        "max_validity=soon",
        "max_validity=0",
        "max_validity=-1h",
        "max_validity=99999999999999999999s",
        "ca_signature_algorithms=ssh-rsa",
        "ca_signature_algorithms=ssh-ed25519,",
        "accepted_algorithms=ssh-dss",
        "accepted_algorithms=+ssh-ed25519",
        "required_rsa_size=big",
        "required_rsa_size=512",
        "require_sk=perhaps",
        "require_verify=1",
        "source_address=allow",
        "force_command=allow",
        "timeout=0",
        "timeout=-1",
        "timeout=5s",
        "timeout=1e3",
        "timeout=99999999999999999999",
        "sign_timeout=0",
        "sign_timeout=never",
        "revoked_keys=relative/path",
        "krl_max_age=soon revoked_keys=/etc/ssh/revoked_keys",
        "krl_max_age=0 revoked_keys=/etc/ssh/revoked_keys",
        "auth_info=yes",
        "auth_info=Require",
        "sshd_services=sshd,,other",
        "end_session=maybe",
        "session_warnings=soon",
        "session_check=1s",
        "quiet=maybe",
        "debug=2",
    ]);
}

#[test]
fn empty_values_are_refused() {
    all_refused(&[
        "ca_file=",
        "ca_file",
        "authorized_principals=",
        "authorized_principals",
        "authorized_principals_file=",
        "user_principal=",
        "user_principal",
        "group=",
        "group",
        "max_validity=",
        "ca_signature_algorithms=",
        "accepted_algorithms=",
        "required_rsa_size=",
        "require_sk=",
        "require_verify=",
        "source_address=",
        "force_command=",
        "timeout=",
        "sign_timeout=",
        "revoked_keys=",
        "revoked_keys",
        "krl_max_age=",
        "auth_info=",
        "auth_info",
        "sshd_services=",
        "end_session=",
        "session_warnings=",
        "session_check=",
        "quiet=",
        "debug=",
    ]);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    all_refused(&[
        "ca_file=/etc/ssh/trusted_user_ca ca_file=/etc/ssh/other",
        "user_principal=yes user_principal=no",
        "group=ops group=bob",
        "max_validity=1h max_validity=2h",
        "required_rsa_size=2048 required_rsa_size=3072",
        "source_address=ignore source_address=refuse",
        "force_command=ignore force_command=refuse",
        "timeout=1 timeout=2",
        "sign_timeout=1 sign_timeout=2",
        "auth_info=require auth_info=optional",
        "sshd_services=sshd sshd_services=other",
        "end_session=yes end_session=no",
        "krl_max_age=1d", // without a list that could be old
        "quiet=yes quiet=no",
    ]);
}

#[test]
fn a_word_that_is_not_utf8_is_refused_with_a_line_in_the_log() {
    let usual = Usual::new();
    for (hook, accepted, code) in [
        ("authenticate", "SUCCESS", "SERVICE_ERR"),
        ("acct_mgmt", "SUCCESS", "SERVICE_ERR"),
        ("open_session", "IGNORE", "PERM_DENIED"),
    ] {
        assert_eq!(Host::sudo(&usual.room, "authorized_principals=alice").call(hook).code(), accepted);
        let answer = Host::sudo(&usual.room, b"authorized_principals=alice,\xff").call(hook);
        assert_eq!(answer.code(), code);
        assert!(answer.log.iter().any(|line| line.contains("is not UTF-8")), "{:?}", answer.log);
    }
    assert_eq!(Host::sudo(&usual.room, b"authorized_principals=alice,\xff").call("setcred").code(), "SUCCESS");
}
