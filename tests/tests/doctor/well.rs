//! A host with which nothing is wrong, a host without pam_ussh, and somebody who is not root.

use std::collections::BTreeSet;

use super::rig::{doctor, host, shell};
use tests::world::World;

#[test]
fn nothing_is_wrong_with_a_host_that_was_set_up_as_documented() {
    let world = host();
    let (findings, code) = doctor(&world);
    assert_eq!(code, 0, "{findings:#?}");
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state != "ok").collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let checks: BTreeSet<_> = findings.iter().map(|finding| finding.check.as_str()).collect();
    let all = ["ca-file", "clock", "installed", "krl", "order", "pam.d", "sshd", "sudoers", "systemd", "versions"];
    assert_eq!(checks.into_iter().collect::<Vec<_>>(), all);

    // For people: a line each, and the same exit code.
    let answer = world.run(&["ca-tool", "doctor"]);
    let lines: Vec<_> = answer.ok().stdout.lines().collect();
    assert_eq!(lines.len(), findings.len(), "{answer}");
    assert!(lines.iter().all(|line| line.starts_with("ok       ")), "{answer}");
}

#[test]
fn what_only_root_can_see_is_said_to_be_unseen_by_others() {
    let world = host();
    let answer = world.run_as("alice", &["ca-tool", "doctor"]);
    let text = &answer.ok().stdout;
    assert!(text.contains("Not run as root") && text.contains("$ sudo ca-tool doctor"), "{answer}");
    assert!(text.contains("You have no ssh-agent here"), "{answer}");
    assert!(!text.contains("sudoers  ") && !text.contains("problem"), "{answer}");
    world.run(&["chmod", "600", "/etc/pam.d/doas"]).ok();
    let answer = world.run_as("alice", &["ca-tool", "doctor"]);
    assert!(answer.ok().stdout.contains("/etc/pam.d/doas cannot be read"), "{answer}");
    let agent = world.agent_of("alice", "/home/alice/agent");
    let answer = world.run_with("alice", &[("SSH_AUTH_SOCK", agent.socket())], &["ca-tool", "doctor"]);
    assert!(answer.ok().stdout.contains("holds 0 keys and no certificate"), "{answer}");
    agent.stop();
    let answer = world.run_with("alice", &[("SSH_AUTH_SOCK", "/home/alice/agent")], &["ca-tool", "doctor"]);
    assert!(answer.ok().stdout.contains("The ssh-agent at /home/alice/agent cannot be used"), "{answer}");
}

#[test]
fn a_host_whose_files_nobody_has_touched_is_told_that_nobody_is_asked() {
    let world = World::new();
    world.install_ca_tool();
    world.install_pam_try();
    world.install_session_guard();
    let (findings, _) = doctor(&world);
    assert!(findings.iter().any(|finding| finding.what.contains("nobody is asked for a certificate")), "{findings:#?}");
    shell(&world, "mkdir /root/empty; mount --bind /root/empty $(dirname /usr/lib/*/security/pam_ussh.so)");
    let (findings, _) = doctor(&world);
    assert!(findings.iter().any(|finding| finding.what.contains("and no line that names it")), "{findings:#?}");
}

/// What is as it should be, though it looks like something else. sudo is the oracle for root's own.
#[test]
fn nothing_is_said_of_what_is_as_it_should_be() {
    let world = host();
    for make in [
        "cp /etc/pam.d/sudo /etc/pam.d/sudo.dpkg-old; sed -i 's/pam_ussh.so/& nonsense/' /etc/pam.d/sudo.dpkg-old",
        "sed 's,pam_ussh.so,& sshd_services=sshd:other,; s/:/,/' /etc/pam.d/sshd >/etc/pam.d/other",
        "cp /etc/ssh/{trusted_user_ca,copy}; sed -i 's,trusted_user_ca,copy,' /etc/ssh/sshd_config.d/10-ussh.conf",
        "mkdir /etc/ssh/cas; cp /etc/ssh/trusted_user_ca /etc/ssh/cas/; ln -s cas /etc/ssh/link; sed -i 's,pam_ussh.so,& ca_file=/etc/ssh/link/trusted_user_ca,' /etc/pam.d/sudo",
        "sed -i '/pam_rootok/d; s/pam_ussh.so/& group=ops/' /etc/pam.d/sudo",
        "echo 'session required pam_ussh.so' >>/etc/pam.d/sudo",
        "sed -i 's/^account.*pam_rootok.so/account sufficient pam_rootok.so/' /etc/pam.d/sudo",
        "echo 'account sufficient pam_permit.so' >/etc/pam.d/deeper; sed -i '1i account substack deeper' /etc/pam.d/sudo",
        "sed -i 's/success=1/success=2/; s/^account  required/account [success=done default=die]/; /END/i account required pam_ussh.so revoked_keys=/etc/ssh/revoked_keys' /etc/pam.d/sudo",
        "sed -n '/account/p' /etc/pam.d/sudo >/etc/pam.d/system-auth-ours; echo 'account include system-auth-ours' >/etc/pam.d/sudo",
        "mount -t tmpfs -o mode=755 tmpfs /usr/lib/pam.d; echo 'auth required pam_ussh.so nonsense' >/usr/lib/pam.d/sudo",
    ] {
        shell(&world, make);
        let (findings, _) = doctor(&world);
        let said: Vec<_> = findings.iter().filter(|it| it.state != "ok" && it.check != "systemd").collect();
        assert!(said.is_empty(), "{make}: {said:#?}");
        assert_eq!(world.run(&["sudo", "id", "-u"]).ok().stdout, "0\n", "{make}");
        shell(&world, "rm -rf /etc/{pam.d,ssh}; cp -a /root/etc/{pam.d,ssh} /etc/");
    }
}
