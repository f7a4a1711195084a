//! What the stacks are shown and told: certificates, and what sudo, su and sshd say.

use super::sealed::{assert_unchanged, snapshot};
use super::{GOOD, doctor, has, world};
use tests::setting::{Person, assert_root, sudo};
use tests::world::Request;

#[test]
fn the_throwaway_certificate_has_what_the_options_want() {
    let world = world();
    world.trust(&[&world.ca("ed25519"), &world.ca("ecdsa-256")]);
    world.write("/etc/ssh/principals", "# who\ncommand=\"x\" bound\ndeploy\n");
    for options in [
        "authorized_principals=ops,dev",
        "authorized_principals_file=/etc/ssh/principals user_principal=no",
        "group=ops max_validity=1h",
        "require_sk",
        "require_verify",
        "require_sk=no accepted_algorithms=ssh-ed25519",
        "accepted_algorithms=ecdsa-sha2-nistp384 ca_signature_algorithms=ecdsa-sha2-nistp256",
        "ca_file=/etc/ssh/other_ca",
    ] {
        if options.starts_with("ca_file") {
            let text = world.read("/etc/ssh/trusted_user_ca");
            world.write("/etc/ssh/other_ca", &text);
        }
        let answer = doctor(&world, &[], &GOOD.replace("pam_ussh.so", &format!("pam_ussh.so {options}")));
        assert_eq!(answer.code, 0, "{options}: {answer}");
        has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
        has(&answer, "ok", &["alice with an expired certificate: refused."]);
    }
    let answer = doctor(&world, &[], &GOOD.replace("pam_ussh.so", "pam_ussh.so accepted_algorithms=rsa-sha2-512"));
    has(&answer, "warning", &["A valid certificate cannot be tried: accepted_algorithms"]);
    assert_eq!(answer.code, 0, "{answer}");
    world.trust(&[&world.ca("rsa-2048")]);
    let answer = doctor(&world, &[], &GOOD.replace("pam_ussh.so", "pam_ussh.so ca_signature_algorithms=rsa-sha2-512"));
    has(&answer, "warning", &["A valid certificate cannot be tried: ca_signature_algorithms"]);
    assert_eq!(answer.code, 0, "{answer}");
}

#[test]
fn su_is_tried_with_certificates_for_root() {
    let world = world();
    let su = "auth sufficient pam_rootok.so\nauth required pam_ussh.so\naccount [success=1 default=ignore] pam_rootok.so\naccount required pam_ussh.so\naccount required pam_unix.so\n";
    let answer = doctor(&world, &["--service", "su"], su);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by su."]);
    has(&answer, "ok", &["alice without an agent: refused."]);
    has(&answer, "ok", &["root's own su"]);
}

#[test]
fn sshd_is_tried_as_after_a_login_by_certificate_and_without_one() {
    let world = world();
    world.install_session_guard();
    let sshd = "account required pam_ussh.so\nsession required pam_ussh.so end_session\naccount required pam_unix.so\nsession required pam_unix.so\n";
    let before = snapshot(&world);
    let answer = doctor(&world, &["--service", "sshd"], sshd);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by sshd."]);
    has(&answer, "ok", &["alice with an expired certificate: refused."]);
    has(&answer, "ok", &["alice with a plain key: refused.", "You need an SSH certificate to log in here"]);
    has(&answer, "ok", &["alice without a key: refused."]);
    assert_unchanged(&world, &before);
    let other = sshd.replace("pam_ussh.so", "pam_ussh.so sshd_services=sshd,other");
    has(&doctor(&world, &["--service", "other"], &other), "ok", &["alice with a plain key: refused."]);
    let answer = doctor(&world, &["--service", "sshd"], &sshd.replace("pam_ussh.so", "pam_ussh.so auth_info=optional"));
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "warning", &["alice with a plain key: let in, and nothing is asked."]);
    has(&answer, "warning", &["alice without a key: let in, and nothing is asked."]);
}

/// sudo and su are the oracles: the same script lets their users through.
#[test]
fn modules_are_told_what_sudo_su_and_sshd_tell_them() {
    let world = world();
    let script = "#!/bin/sh\ncase \"$PAM_TYPE $PAM_USER $PAM_RUSER\" in
        'auth alice alice' | 'account alice alice' | 'open_session root alice' | 'close_session root alice') ;;
        'auth root root' | 'account root root' | 'open_session root root' | 'close_session root root') ;;
        *) exit 1 ;;\nesac\n";
    world.write_as("/opt/told", script.as_bytes(), "root", 0o755);
    let ask = ["auth", "account", "session"].map(|stack| format!("{stack} required pam_exec.so /opt/told\n")).concat();
    let file = format!("{ask}{GOOD}");
    let answer = doctor(&world, &[], &file);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(!answer.stdout.contains("warning"), "{answer}");
    let person = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &Request::new("alice@corp"));
    world.pam("sudo", &file);
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    // Who tries it may have an agent.
    let words = ["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"];
    let answer = world.run_with("root", &[("SSH_AUTH_SOCK", person.agent.socket())], &words);
    has(&answer, "ok", &["alice without an agent: refused."]);
    world.run(&["sudo", "id"]).ok();

    // Of su it is about root.
    let script = script.replace("'auth alice alice' | 'account alice alice'", "'auth root alice' | 'account root alice'");
    world.write_as("/opt/told", script.as_bytes(), "root", 0o755);
    let su = format!("{ask}auth sufficient pam_rootok.so\n{GOOD}");
    assert_eq!(doctor(&world, &["--service", "su"], &su).code, 0);
    world.pam("su", &su);
    person.renew(&Request::new("admin").principals("root"));
    world.run_with("alice", &[("SSH_AUTH_SOCK", person.agent.socket())], &["su", "-c", "id -u"]).ok();

    // sshd names the key to the session stack alone.
    let script = "#!/bin/sh\n[ \"$PAM_RHOST $SSH_CONNECTION\" = '192.0.2.1 192.0.2.1 50000 192.0.2.1 22' ] || exit 1
        case $PAM_TYPE in account) [ -z \"$SSH_AUTH_INFO_0\" ] ;; esac\n";
    world.write_as("/opt/told", script.as_bytes(), "root", 0o755);
    let sshd = "account required pam_exec.so /opt/told\naccount required pam_ussh.so\nsession required pam_exec.so /opt/told\nsession required pam_ussh.so\n";
    assert_eq!(doctor(&world, &["--service", "sshd"], sshd).code, 0);
}

#[test]
fn files_that_the_file_includes_count_as_the_host_has_them() {
    let world = world();
    let rest = GOOD.split_once("auth required").unwrap().0;
    world.write("/etc/pam.d/common-auth", "auth required pam_unix.so\n");
    world.write("/etc/pam.d/common-account", "account required pam_deny.so\n");
    let file = format!("{rest}@include common-auth\n@include common-account\nsession required pam_permit.so\n");
    let answer = doctor(&world, &[], &file);
    has(&answer, "problem", &["alice with a valid certificate: refused", "PAM_AUTH_ERR"]);
    world.write("/etc/pam.d/common-account", "account required pam_unix.so\n");
    let answer = doctor(&world, &[], &file);
    assert_eq!(answer.code, 0, "{answer}");
}
