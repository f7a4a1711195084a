//! Debian's opendoas: PAM_USER is the caller, and the account stack runs every time.

use tests::setting::{Person, assert_logged, assert_refused, assert_root};
use tests::world::{Request, World};

use crate::page::follow;

fn world_with_doas(rules: &str) -> World {
    let world = World::new();
    follow(&world, "doas");
    world.write("/etc/doas.conf", &format!("{rules}\n"));
    world
}

fn expired() -> Request {
    Request::new("alice@corp").validity("-2h:-1h")
}

const EXPIRED: &str = "Your certificate \"alice@corp\" expired 1 hour ago. Get a new one, then run doas again.";

#[test]
fn doas_needs_a_certificate_that_names_the_caller_whoever_the_target_is() {
    let world = world_with_doas("permit alice");
    let person = Person::new(&world, &Request::new("alice@corp").principals("alice"));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    assert_root(&alice.run("doas id -u"));
    let log = world.module_log();
    for stack in ["auth", "account"] {
        let accepted = format!("pam_ussh(doas:{stack}): accepted user=\"alice\" by=\"alice\"");
        assert_eq!(log.iter().filter(|line| line.contains(&accepted)).count(), 1, "{log:#?}");
    }
    assert_eq!(alice.run("doas -u bob id -u").ok().stdout, "1002\n");
    person.renew(&Request::new("alice@corp").principals("bob,root"));
    assert_refused(
        &alice.run("doas id -u"),
        "does not name alice as a principal. Get one that names you, then run doas again.",
    );
    person.renew(&expired());
    assert_refused(&alice.run("doas id -u"), EXPIRED);
    assert!(world.module_log().iter().any(|line| line.contains(" reason=expired ")));
}

#[test]
fn a_persisted_doas_still_needs_the_certificate() {
    let world = world_with_doas("permit persist alice");
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    assert_root(&alice.run("doas id -u"));
    world.log();
    // -n: only what was persisted lets this one in.
    assert_root(&alice.run("doas -n id -u"));
    assert_logged(&world, &["pam_ussh(doas:account): accepted"]);
    person.renew(&expired());
    assert_refused(&alice.run("doas -n id -u"), EXPIRED);
    assert_logged(&world, &["pam_ussh(doas:account): refused", "reason=expired"]);
    person.renew(&Request::new("alice@corp"));
    assert_root(&alice.run("doas -n id -u"));
}

#[test]
fn a_nopass_rule_still_needs_the_certificate() {
    let world = world_with_doas("permit nopass alice");
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("doas -n id -u"));
    assert_logged(&world, &["pam_ussh(doas:account): accepted", "user=\"alice\""]);
    person.renew(&expired());
    assert_refused(&alice.run("doas -n id -u"), EXPIRED);
}

#[test]
fn doas_n_without_nopass_asks_no_module() {
    let world = world_with_doas("permit alice");
    let person = Person::new(&world, &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_refused(&alice.run("doas -n id -u"), "doas: Authentication required");
    assert_eq!(world.module_log(), [""; 0]);
}
