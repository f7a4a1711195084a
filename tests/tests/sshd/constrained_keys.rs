//! `ssh-add -h`: a key that signs logins to the hosts it was added for, and nothing else.

use tests::setting::{account, assert_refused};
use tests::world::World;

use crate::rig::{KEY, Person, stacks};

const KNOWN: &str = "/etc/ssh/ssh_known_hosts";

#[test]
fn a_destination_constrained_key_logs_in_and_does_not_sudo() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(&["session"], ""));
    world.pam("sudo", &account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    // Another host behind this one: otherwise the agent hides the key from here.
    let hosts = world.read(KNOWN);
    world.write(KNOWN, &format!("{hosts}{}", hosts.replace("localhost", "next-host")));
    let agent = world.agent();
    let hops = ["-q", "-H", KNOWN, "-h", "localhost", "-h", "localhost>next-host"];
    agent.ssh_add(&[&hops[..], &[person.key.path()]].concat()).ok();
    // ssh signs with the plain key where the agent lists it, and then the agent says no to a certificate's login.
    world.run(&["cp", &person.key.public(), "/opt/rig/plain.pub"]).ok();
    agent.ssh_add(&["-q", "-d", "/opt/rig/plain.pub"]).ok();
    world.log();
    let mut alice = world.ssh("alice").agent(&agent).by_agent().open();
    let log = world.module_log();
    assert!(log.len() == 1 && log[0].contains("pam_ussh(sshd:session): accepted user=\"alice\""), "{log:#?}");
    let answer = alice.run("sudo -n id -u");
    assert_refused(&answer, "Your certificate \"alice@corp\" is for a key that your ssh-agent refused to sign with.");
    assert!(answer.stderr.contains("add the key without \"ssh-add -h\", then run sudo again."), "{answer}");
}
