//! A connection that stays open past its certificate's end, without `end_session`: the gap that `end_session` closes.

use std::thread::sleep;
use std::time::Duration;

use tests::setting::{account, assert_refused, assert_root};
use tests::world::World;

use crate::rig::{KEY, Person, good, stacks, verdicts};

#[test]
fn a_session_outlives_its_certificate_and_sudo_does_not() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(&["session"], ""));
    world.pam("sudo", &account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let agent = world.agent();
    person.renew(&good().validity("-1m:+20s"));
    agent.add(&person.key);
    world.log();
    let mut alice = world.ssh("alice").agent(&agent).by_agent().open();
    assert_eq!(verdicts(&world), ["session accepted"]);
    assert_root(&alice.run("sudo -n id -u"));
    let end = alice.run("date +%s -d \"$USSH_VALID_UNTIL\"").ok().stdout.trim().parse::<u64>().expect("seconds");
    while alice.run("date +%s").ok().stdout.trim().parse::<u64>().expect("seconds") <= end {
        sleep(Duration::from_millis(500));
    }
    assert_refused(&alice.run("sudo -n id -u"), "Your certificate \"alice@corp\" expired ");
    assert_eq!(alice.run("id -un").ok().stdout, "alice\n", "the session goes on");
    // Nor does it come back: sshd itself knows what time it is.
    assert_eq!(person.login("echo in").code, 255);
}
