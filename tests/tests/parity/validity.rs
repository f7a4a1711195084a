//! valid_after and valid_before.

use std::time::{Duration, Instant};

use tests::world::World;

use super::draft::now;
use super::rig::Rig;

#[test]
fn both_judge_validity_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let now = now();
    let valid = |name, after, before| rig.case(name, rig.draft().valid(after, before));

    valid("from a minute ago for an hour", now - 60, now + 3600).accepted();
    valid("from now on", now, now + 3600).accepted();
    valid("for ever, as ssh-keygen does by default", 0, u64::MAX).accepted();
    valid("until the last second there is", 0, u64::MAX - 1).accepted();
    valid("until a time that is negative when read as signed", 0, 1 << 63).accepted();
    valid("for a hundred years", now - 60, now + 100 * 365 * 86400).accepted();

    let expired = |name, after, before| valid(name, after, before).refused("Certificate invalid: expired", "expired");
    expired("until a minute ago", now - 3600, now - 60);
    expired("until now", now - 3600, now);
    expired("until the epoch", 0, 0);
    expired("until before it begins, both past", now - 60, now - 120);

    let early =
        |name, after, before| valid(name, after, before).refused("Certificate invalid: not yet valid", "not valid for another");
    early("from a minute later on", now + 60, now + 3600);
    early("from the end of time on", u64::MAX, u64::MAX);
    early("from a time that is negative when read as signed", 1 << 63, u64::MAX);
    early("until before it begins, both to come", now + 120, now + 60);

    rig.finish();
}

#[test]
fn both_change_their_mind_at_the_same_second() {
    let world = World::new();
    let rig = Rig::new(&world);
    // Long enough to ask both about two certificates, however busy the machine is.
    let start = Instant::now();
    rig.case("now", rig.draft()).accepted();
    let edge = now() + 4 + 6 * start.elapsed().as_secs();
    let until = || rig.case("until an edge", rig.draft().valid(edge - 60, edge));
    let from = || rig.case("from an edge on", rig.draft().valid(edge, edge + 60));
    until().accepted();
    from().refused("Certificate invalid: not yet valid", "not valid for another");
    assert!(now() < edge, "the machine was too slow to ask before the edge");

    while now() < edge {
        std::thread::sleep(Duration::from_millis(20));
    }
    until().refused("Certificate invalid: expired", "expired");
    from().accepted();
    rig.finish();
}
