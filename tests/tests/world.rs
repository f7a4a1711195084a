//! The rig itself: what the other tests take for granted.

use tests::setting::password_prompt;
use tests::world::{Request, World};

const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n";

#[test]
fn a_login_reaches_the_laptops_agent_and_sudo_answers() {
    let world = World::new();
    world.pam("sudo", PERMIT);
    let ca = world.ca("ed25519");
    let key = world.key("ecdsa-256");
    ca.sign(&key, &Request::new("alice@corp").serial(7));
    let agent = world.agent();
    agent.add(&key);
    for login in [world.ssh("alice").agent(&agent), world.ssh("alice").agent(&agent).tty()] {
        let mut alice = login.open();
        let listed = alice.run("ssh-add -l");
        assert_eq!(listed.ok().stdout.lines().count(), 2, "{listed}");
        let answer = alice.run("sudo id -u");
        assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"), "{answer}");
        assert_eq!(alice.run("(echo out; echo err >&2; exit 3)").code, 3);
        let log = world.log();
        assert!(log.iter().any(|line| line.starts_with("sudo: ") && line.contains("COMMAND=/usr/bin/id")), "{log:?}");
    }
}

#[test]
fn a_password_can_be_typed_and_its_timestamp_is_cached() {
    let world = World::new();
    let mut alice = world.ssh("alice").tty().open();
    let running = alice.start("sudo id -u");
    alice.wait_for(password_prompt());
    alice.type_line("alice-password");
    let answer = alice.finish(running);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"), "{answer}");
    assert_eq!(alice.run("sudo id -u").stdout, "0\n");
    world.ssh("bob").run("sudo -n id").refused();
}

#[test]
fn sshd_accepts_a_certificate_of_a_trusted_ca_only() {
    let world = World::new();
    let (ca, other) = (world.ca("ed25519"), world.ca("rsa-3072"));
    world.trust(&[&ca]);
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca");
    let key = world.key("ed25519");
    ca.sign(&key, &Request::new("alice@corp"));
    world.ssh("alice").by_certificate(&key).run("true").ok();
    world.ssh("bob").by_certificate(&key).run("true").refused();
    other.sign(&key, &Request::new("alice@corp"));
    world.ssh("alice").by_certificate(&key).run("true").refused();
}

#[test]
fn an_agent_can_be_stopped_locked_and_emptied() {
    let world = World::new();
    let key = world.key("ed25519");
    let agent = world.agent();
    agent.add(&key);
    agent.ssh_add(&["-T", &key.public()]).ok();
    agent.lock();
    agent.ssh_add(&["-T", &key.public()]).refused();
    let agent = world.agent();
    agent.add(&key);
    agent.remove(&key);
    assert_eq!(agent.ssh_add(&["-l"]).code, 1);
    agent.stop();
}
