//! The auth stack under the real sudo.

use tests::setting::{Person, assert_logged, assert_refused, assert_root, auth, password_prompt, world_without_timestamps};
use tests::world::{Request, World};

#[test]
fn a_login_with_a_certificate_may_sudo_with_default_sudoers_and_the_log_says_why() {
    let world = World::new();
    world.pam(
        "sudo",
        "auth sufficient pam_ussh.so\nauth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n",
    );
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca\nAuthorizedKeysFile none");
    let request = Request::new("alice@corp").serial(7).principals("alice,deploy").validity("20200101000000Z:20990101000000Z");
    let person = Person::new(&world, &request);
    let mut alice = world.ssh("alice").agent(&person.agent).by_agent().tty().open();
    let sshd = world.log();
    assert!(sshd.iter().any(|line| line.contains("ID alice@corp (serial 7) CA ED25519")), "not in by certificate: {sshd:#?}");

    assert_root(&alice.run("sudo id -u"));

    assert_logged(
        &world,
        &[
            "sudo: pam_ussh(sudo:auth): accepted ",
            "key_id=\"alice@corp\"",
            "serial=7",
            &format!("ca={}", person.ca.fingerprint()),
            &format!("key={}", person.key.fingerprint()),
            "principal=\"alice\"",
            "valid_until=\"2099-01-01T00:00:00Z\"",
            "user=\"alice\"",
        ],
    );
}

#[test]
fn without_a_certificate_a_sufficient_line_leaves_the_password() {
    let world = world_without_timestamps();
    world.pam(
        "sudo",
        "auth sufficient pam_ussh.so\nauth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n",
    );
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    assert_root(&alice.run("sudo id -u"));
    person.agent.ssh_add(&["-q", "-D"]).ok();

    let running = alice.start("sudo id -u");
    alice.wait_for(password_prompt());
    alice.type_line("alice-password");
    assert_root(&alice.finish(running));
    assert_logged(&world, &["pam_ussh(sudo:auth): refused ", "reason=no-certificate", "user=\"alice\""]);
}

#[test]
fn a_certificate_that_never_expires_is_accepted() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &Request::new("alice@corp").validity("always:forever"));
    assert_root(&world.ssh("alice").agent(&person.agent).run("sudo id -u"));
    assert_logged(&world, &["accepted", "key_id=\"alice@corp\"", "valid_until="]);
}

#[test]
fn each_reason_to_refuse_has_its_sentence_and_its_log_line() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let good = Request::new("alice@corp").serial(7);
    let person = Person::new(&world, &good);
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    let cases = [
        (good.clone().validity("-2h:-1h"), "expired 1 hour ago. Get a new one, then run sudo again.", "expired"),
        (good.clone().validity("+2h:+3h"), "is not valid for another", "not-yet-valid"),
        (good.clone().principals("bob,root"), "does not name alice as a principal", "not-for-user"),
        (good.clone().principals("Alice,alic,alice2,*"), "does not name alice as a principal", "not-for-user"),
        (good.clone().principals(""), "names no principals", "no-principals"),
        (good.clone().word("-h"), "is a host certificate", "not-a-user-certificate"),
        (good.clone().option("critical:colour=red"), "has the unknown critical option \"colour\"", "unknown-critical-option"),
        (good.clone().option("force-command=/bin/true"), "is bound to one command", "force-command"),
        (good.clone().option("source-address=127.0.0.1"), "is bound to source addresses", "source-address"),
    ];
    for (bad, sentence, reason) in cases {
        person.renew(&good);
        assert_root(&alice.run("sudo id -u"));
        world.log();
        person.renew(&bad);
        assert_refused(&alice.run("sudo id -u"), &format!("Your certificate \"alice@corp\" {sentence}"));
        let log = world.module_log();
        let parts = ["pam_ussh(sudo:auth): refused ", &format!(" reason={reason} "), "key_id=\"alice@corp\"", "serial=7"];
        assert!(!log.is_empty() && log.iter().all(|line| parts.iter().all(|part| line.contains(part))), "{reason}: {log:#?}");
    }
}

#[test]
fn a_ca_that_is_no_longer_trusted_is_refused() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    world.trust(&[&world.ca("ed25519")]);
    assert_refused(&alice.run("sudo id -u"), "is signed by a CA that this host does not trust");
    assert!(
        world.module_log().iter().any(|line| line.contains("reason=ca-untrusted") && line.contains(&person.ca.fingerprint()))
    );
}

#[test]
fn a_certificate_without_its_private_key_is_not_enough() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let request = Request::new("alice@corp");
    let person = Person::new(&world, &request);
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    // The agent now holds another key only; the certificate stays in a file, public as it is.
    person.agent.ssh_add(&["-q", "-D"]).ok();
    person.agent.add(&world.key("ed25519"));
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent holds no certificate. Add one with ssh-add, then run sudo again.");
}

#[test]
fn the_sentence_appears_once_though_sudo_asks_three_times() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    assert_root(&alice.run("sudo id -u"));
    world.log();
    person.renew(&Request::new("alice@corp").principals("bob"));
    let answer = alice.run("sudo id -u");
    assert_refused(&answer, "does not name alice as a principal. Get one that names you, then run sudo again.");
    assert_eq!(answer.stderr.matches("does not name alice").count(), 1, "{answer}");
    assert_eq!(world.module_log().iter().filter(|line| line.contains("refused")).count(), 3, "sudo did not ask three times");
}

#[test]
fn quiet_keeps_the_sentence_from_the_terminal_but_not_from_the_log() {
    let world = world_without_timestamps();
    let person = Person::new(&world, &Request::new("alice@corp").validity("-2h:-1h"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    world.pam("sudo", &auth(""));
    assert_refused(&alice.run("sudo id -u"), "Your certificate");
    world.log();
    world.pam("sudo", &auth("quiet"));
    let answer = alice.run("sudo id -u");
    assert_refused(&answer, "");
    assert!(!answer.stderr.contains("certificate \"alice@corp\""), "{answer}");
    assert_logged(&world, &["refused ", "reason=expired", "key_id=\"alice@corp\""]);
    person.renew(&Request::new("alice@corp"));
    let answer = alice.run("sudo id -u");
    assert_root(&answer);
    assert_eq!(answer.stderr, "");
}

#[test]
fn debug_adds_lines_to_the_log() {
    let world = world_without_timestamps();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    let mut lines = |options| {
        world.pam("sudo", &auth(options));
        assert_root(&alice.run("sudo id -u"));
        world.module_log().len()
    };
    assert_eq!(lines(""), 1);
    assert!(lines("debug") > 1);
}

#[test]
fn the_command_runs_as_it_would_without_the_module() {
    let world = world_without_timestamps();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    let looks =
        ["sudo id", "sudo -u bob id", "sudo sh -c 'env | grep -v ^SUDO_COMMAND= | sort'", "sudo sh -c 'ulimit -a; umask'"];
    world.pam("sudo", &auth("").replace("pam_ussh.so", "pam_permit.so"));
    let expected = looks.map(|command| alice.run(command).ok().stdout.clone());
    world.pam("sudo", &auth(""));
    // A refusal in between must leave nothing behind either: the next line asks a bare agent first.
    person.agent.ssh_add(&["-q", "-D"]).ok();
    assert_refused(&alice.run("sudo id"), "holds no certificate");
    assert_eq!(alice.run("id -u").stdout, "1001\n");
    person.agent.add(&person.key);
    for (command, expected) in looks.iter().zip(expected) {
        let answer = alice.run(command);
        assert_eq!(answer.ok().stdout, expected, "{answer}");
        assert!(!answer.stdout.contains("SSH_AUTH_SOCK"), "the agent leaks to the command: {answer}");
    }
}

#[test]
fn a_refusal_leaves_the_privileges_for_the_line_after_it() {
    let world = World::new();
    // pam_unix reads /etc/shadow, and only root may: were the module still alice, nobody's password would be right.
    world.pam(
        "sudo",
        "auth sufficient pam_ussh.so\nauth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n",
    );
    let person = Person::new(&world, &Request::new("alice@corp").validity("-2h:-1h"));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    let running = alice.start("sudo id");
    alice.wait_for(password_prompt());
    alice.type_line("alice-password");
    assert!(alice.finish(running).ok().stdout.starts_with("uid=0(root) gid=0(root) groups=0(root)\n"));
    assert_logged(&world, &["refused ", "reason=expired"]);
}

#[test]
fn every_way_to_call_sudo_asks() {
    let world = world_without_timestamps();
    world.sudoers("Defaults noninteractive_auth");
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    let ways =
        ["sudo -n id", "sudo -i id", "sudo -s id", "sudo -u bob id", "sudo -v", "sudo -l", "EDITOR=cat sudo -e /etc/hosts"];
    for way in ways {
        person.renew(&Request::new("alice@corp"));
        alice.run(way).ok();
        assert!(world.module_log().iter().any(|line| line.contains("accepted")), "{way} did not ask");
        person.renew(&Request::new("alice@corp").validity("-2h:-1h"));
        assert_refused(&alice.run(way), "expired 1 hour ago. Get a new one, then run sudo again.");
    }
}
