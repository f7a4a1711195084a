//! `ca-tool sign --to-agent` in a login with a forwarded agent: the certificate ends up at home, and sudo accepts it.

use tests::setting::{assert_refused, assert_root, auth, world_without_timestamps};
use tests::world::{CA_FILE, Key, World};

/// A world whose sudo wants a certificate, and a CA of alice's that it trusts.
fn world() -> World {
    let world = world_without_timestamps();
    world.install_ca_tool();
    world.pam("sudo", &auth(""));
    world.shell("alice", "ssh-keygen -q -t ecdsa -b 384 -N '' -f ca").ok();
    let public = world.read("/home/alice/ca.pub");
    world.write(CA_FILE, &public);
    world
}

const SIGN: &str = "/opt/rig/ca-tool sign -s ca -I alice@corp -n alice --to-agent --journal journal.db";

#[test]
fn a_certificate_made_on_the_host_is_in_the_agent_at_home_and_sudo_accepts_it() {
    let world = world();
    let agent = world.agent();
    let mut alice = world.ssh("alice").agent(&agent).open();
    assert_refused(&alice.run("sudo id -u"), "");
    let before = world.shell("alice", "find . -type f | sort").stdout;

    alice.run(SIGN).ok();
    assert_root(&alice.run("sudo id -u"));
    let held = agent.ssh_add(&["-L"]).ok().stdout.clone();
    assert!(held.contains("ssh-ed25519 ") && held.contains("ssh-ed25519-cert-v01@openssh.com "), "{held}");
    assert_eq!(held.lines().filter(|line| line.ends_with(" alice@corp")).count(), 2, "{held}");

    let after = world.shell("alice", "find . -type f ! -name 'journal.db*' | sort").stdout;
    assert_eq!(before, after, "a file was left");
}

#[test]
fn when_the_certificate_is_taken_away_sudo_refuses_again() {
    let world = world();
    let agent = world.agent();
    let mut alice = world.ssh("alice").agent(&agent).open();
    alice.run(SIGN).ok();
    assert_root(&alice.run("sudo id -u"));
    agent.ssh_add(&["-q", "-D"]).ok();
    assert_refused(&alice.run("sudo id -u"), "");
}

#[test]
fn a_ca_in_the_forwarded_agent_signs_and_a_security_key_blinks_at_home() {
    let world = world();
    let device = world.security_key();
    let ca: Key<'_> = device.key("ecdsa-sk", &[]);
    world.write(CA_FILE, &world.read(&ca.public()));
    let agent = world.agent();
    agent.add(&ca);
    device.log();
    let mut alice = world.ssh("alice").agent(&agent).open();
    let sign =
        format!("/opt/rig/ca-tool sign -s agent:{} -I alice@corp -n alice --to-agent --journal journal.db", ca.fingerprint());
    let answer = alice.run(&sign);
    assert!(answer.ok().stderr.contains("Touch the security key to sign \"alice@corp\""), "{answer}");
    assert_eq!(device.touches(), 1);
    assert_root(&alice.run("sudo id -u"));
}
