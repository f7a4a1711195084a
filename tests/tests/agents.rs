//! Ways in which the real ssh-agent holds a key back.

use std::thread::sleep;
use std::time::Duration;

use tests::setting::{Person, account, assert_logged, assert_refused, assert_root, sudo};
use tests::world::{Request, World};

fn world_and_rule() -> World {
    let world = World::new();
    world.pam("sudo", &account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    world
}

#[test]
fn a_destination_constrained_key_is_refused_with_the_way_out() {
    let world = world_and_rule();
    let person = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &Request::new("alice@corp"));
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    world.log();
    person.agent.ssh_add(&["-q", "-D"]).ok();
    person.agent.ssh_add(&["-q", "-h", "localhost", "-H", "/etc/ssh/ssh_known_hosts", person.key.path()]).ok();
    let answer = sudo(&world, "alice", person.agent.socket());
    assert_refused(&answer, "Your certificate \"alice@corp\" is for a key that your ssh-agent refused to sign with.");
    assert!(answer.stderr.contains("add the key without \"ssh-add -h\", then run sudo again."), "{answer}");
    assert_logged(&world, &["refused ", "reason=agent-refused", "key_id=\"alice@corp\""]);
}

#[test]
fn a_constrained_key_that_may_be_forwarded_is_refused_too() {
    let world = world_and_rule();
    let host = world.read("/etc/ssh/ssh_known_hosts");
    world.write("/etc/ssh/ssh_known_hosts", &format!("{host}{}", host.replace("localhost", "next-host")));
    let person = Person::new(&world, &Request::new("alice@corp"));
    assert_root(&world.ssh("alice").agent(&person.agent).run("sudo id -u"));
    person.agent.ssh_add(&["-q", "-D"]).ok();
    let hops = ["-q", "-H", "/etc/ssh/ssh_known_hosts", "-h", "localhost", "-h", "localhost>next-host", person.key.path()];
    person.agent.ssh_add(&hops).ok();
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert!(alice.run("ssh-add -l").stdout.contains("ED25519-CERT"), "the constraint hides it");
    assert_refused(&alice.run("sudo id -u"), "your ssh-agent refused to sign with");
}

#[test]
fn one_key_that_refuses_does_not_end_the_search() {
    let world = world_and_rule();
    let person = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &Request::new("first@corp"));
    person.agent.ssh_add(&["-q", "-D"]).ok();
    person.agent.ssh_add(&["-q", "-h", "localhost", "-H", "/etc/ssh/ssh_known_hosts", person.key.path()]).ok();
    assert_refused(&sudo(&world, "alice", person.agent.socket()), "refused to sign");
    let second = world.key("ed25519");
    person.ca.sign(&second, &Request::new("second@corp"));
    person.agent.add(&second);
    world.log();
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    assert_logged(&world, &["accepted", "key_id=\"second@corp\""]);
}

#[test]
fn a_key_with_a_lifetime_counts_while_it_lives() {
    let world = world_and_rule();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    person.agent.ssh_add(&["-q", "-D"]).ok();
    person.agent.ssh_add(&["-q", "-t", "4", person.key.path()]).ok();
    assert_root(&alice.run("sudo id -u"));
    sleep(Duration::from_secs(5));
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent holds no certificate.");
}

#[test]
fn a_locked_agent_is_refused() {
    let world = world_and_rule();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    world.log();
    person.agent.lock();
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent holds no certificate.");
    assert_logged(&world, &["refused ", "reason=no-certificate"]);
}

#[test]
fn the_certificate_alone_in_the_agent_is_signed_with() {
    let world = world_and_rule();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    // Removing by the plain key's file leaves the certificate's identity, which has the private key too.
    world.run(&["cp", &person.key.public(), "/opt/rig/plain.pub"]).ok();
    person.agent.ssh_add(&["-q", "-d", "/opt/rig/plain.pub"]).ok();
    let listed = alice.run("ssh-add -l");
    assert!(listed.stdout.lines().count() == 1 && listed.stdout.contains("ED25519-CERT"), "{listed}");
    assert_root(&alice.run("sudo id -u"));
    assert_logged(&world, &["accepted", "key_id=\"alice@corp\""]);
}
