//! Hosts where the guard is missing, or is not what it should be.

use crate::rig::*;

#[test]
fn without_a_guard_the_session_begins_and_the_log_says_what_that_means() {
    let world = world_without_guard("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    alice.login().run("true").ok();
    let words = "is not installed: if anything ends the session of user=\"alice\" with its certificate, it is pam_systemd";
    assert_one(&log(&world), &[words]);
}

#[test]
fn without_a_guard_there_is_no_renew() {
    let world = world_without_guard("end_session=renew");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    assert_no_session(&alice);
    assert_one(&log(&world), &["refused", "reason=configuration", "renew needs", "which is not installed"]);
}

#[test]
fn a_guard_that_does_not_start_lets_nobody_in() {
    for (program, what) in [
        ("#!/bin/sh\necho I am broken >&2; exit 1\n", "I am broken"),
        ("#!/bin/sh\nexit 0\n", "ussh-session-guard: "),
        ("#!/bin/sh\nexec sleep 100\n", "is not ready in time"),
        ("#!/bin/sh\nkill -KILL $$\n", "ussh-session-guard: "),
        ("not a program\n", "Exec format error"),
    ] {
        let world = world_with(program, 0o755);
        let alice = Person::new(&world);
        alice.certified_for(3600);
        assert_no_session(&alice);
        assert_one(
            &log(&world),
            &["pam_ussh(sshd:session): refused", "reason=configuration", "option \\\"end_session\\\"", what],
        );
        until("nothing is left of it", || processes(&world, "^sleep 100|^/bin/sh /usr/libexec").is_empty());
    }
}

#[test]
fn a_guard_that_others_can_write_is_not_run() {
    for (mode, what) in [(0o775, "is writable by others than root"), (0o644, "is not a program")] {
        let world = world_with("#!/bin/sh\ntouch /run/it-ran\n", mode);
        let alice = Person::new(&world);
        alice.certified_for(3600);
        assert_no_session(&alice);
        assert_one(&log(&world), &["reason=configuration", what]);
        assert_ne!(world.run(&["test", "-e", "/run/it-ran"]).code, 0);
    }
}

#[test]
fn a_guard_that_cannot_look_is_found_out_at_login() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    world.run(&["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/run/lock"]).ok();
    alice.login().run("true").ok();
    world.log();
    // Where its folder would be, nothing can be written.
    world.run(&["mount", "--bind", "/run", "/run"]).ok();
    world.run(&["mount", "-o", "remount,bind,ro", "/run"]).ok();
    assert_no_session(&alice);
    assert_one(&log(&world), &["reason=configuration", "the first look failed", "cannot make a folder in /run"]);
}

fn world_with(program: &str, mode: u32) -> tests::world::World {
    let world = world_without_guard("end_session");
    world.mkdir("/run/libexec", "root", 0o755);
    world.write_as("/run/libexec/ussh-session-guard", program.as_bytes(), "root", mode);
    let lower = "lowerdir=/run/libexec:/usr/libexec";
    world.run(&["mount", "-t", "overlay", "overlay", "-o", lower, "/usr/libexec"]).ok();
    world
}

/// sshd lets the person in, says why there is no session, and ends with this code.
#[track_caller]
fn assert_no_session(person: &Person<'_>) {
    let answer = person.login().run("touch /tmp/it-ran");
    assert_eq!(answer.code, 254, "{answer}");
    assert!(answer.stdout.starts_with("pam_ussh is not set up correctly here."), "{answer}");
    assert_ne!(person.world.run(&["test", "-e", "/tmp/it-ran"]).code, 0);
}
