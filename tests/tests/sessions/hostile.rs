//! A person whose processes would hold the guard up.

use std::io::{BufRead, BufReader};
use std::process::Command;

use tests::world::World;

use crate::rig::*;

const HOLD_MEMORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sessions/hold_memory.c");

/// Every user may open /dev/fuse, as in Debian.
fn install_hold_memory(world: &World) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let built = folder.path().join("hold_memory");
    let compiled = Command::new("gcc").arg("-o").arg(&built).arg(HOLD_MEMORY).status();
    assert!(compiled.expect("gcc is there").success(), "{HOLD_MEMORY} does not compile");
    world.install(&built, "/opt/rig/hold_memory", 0o755);
    world.run(&["mknod", "-m", "666", "/dev/fuse", "c", "10", "229"]).ok();
}

/// Nothing in this test may look at that process: it would wait for ever, as pgrep(1) does.
#[test]
fn a_process_whose_environment_cannot_be_read_holds_no_guard_up() {
    let world = world("end_session=renew session_warnings=15s session_check=5s");
    install_hold_memory(&world);
    let alice = Person::new(&world);
    alice.certified_for(25);
    let mut client = alice.client("ssh").args(["alice@localhost", "/opt/rig/hold_memory"]).spawn().expect("ssh starts");
    let mut said = BufReader::new(client.stdout.take().expect("it is piped")).lines();
    assert_eq!(said.next().expect("a line").expect("text"), "holds");
    until_over("ssh", &mut client);
    assert_one(&log(&world), &["ussh-session-guard", "ended user=\"alice\"", "reason=expired"]);
}
