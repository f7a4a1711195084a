//! Where sudo-rs and sudo differ in what a PAM module meets. Every case here states both; all else that is tested of sudo
//! is tested of sudo-rs with the same words, when `RIG_SUDO` names it.

use tests::setting::{Person, account, assert_refused, assert_root, auth, world_without_timestamps};
use tests::world::{Request, World, is_sudo_rs};

const SENTENCE: &str = "Your certificate \"alice@corp\" does not name alice as a principal.";

fn for_bob() -> Request {
    Request::new("alice@corp").principals("bob")
}

#[track_caller]
fn assert_reason_logged(world: &World, reason: &str, times: usize) {
    let log = world.module_log();
    assert_eq!(log.iter().filter(|line| line.contains(&format!(" reason={reason} "))).count(), times, "{log:#?}");
}

#[test]
fn without_a_terminal_sudo_says_why_and_sudo_rs_only_logs_it() {
    let world = world_without_timestamps();
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let person = Person::new(&world, &for_bob());
    let alice = world.ssh("alice").agent(&person.agent);
    world.pam("sudo", &account(""));
    let answer = alice.run("sudo id -u");
    if is_sudo_rs() {
        assert_refused(&answer, "sudo: PAM error: Permission denied");
        assert!(!answer.stderr.contains("certificate"), "{answer}");
    } else {
        assert_refused(&answer, SENTENCE);
    }
    assert_reason_logged(&world, "not-for-user", 1);
    // With -S both talk on standard error.
    assert_refused(&alice.run("sudo -S id -u"), SENTENCE);
    assert_reason_logged(&world, "not-for-user", 1);
}

#[test]
fn a_refusal_in_auth_is_asked_for_again_at_a_terminal_only_by_sudo_rs_and_always_by_sudo() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &for_bob());
    assert_refused(&world.ssh("alice").agent(&person.agent).tty().open().run("sudo id -u"), SENTENCE);
    assert_reason_logged(&world, "not-for-user", 3);

    let answer = world.ssh("alice").agent(&person.agent).run("sudo id -u");
    if is_sudo_rs() {
        assert_refused(&answer, "sudo: A terminal is required to authenticate");
        assert_reason_logged(&world, "not-for-user", 1);
    } else {
        assert_refused(&answer, SENTENCE);
        assert_reason_logged(&world, "not-for-user", 3);
    }
}

#[test]
fn an_agent_that_cannot_be_asked_is_asked_for_thrice_by_sudo_and_once_by_sudo_rs() {
    let world = world_without_timestamps();
    world.trust(&[&world.ca("ed25519")]);
    world.pam("sudo", &auth(""));
    assert_refused(&world.ssh("alice").tty().open().run("sudo id -u"), "SSH_AUTH_SOCK is not set");
    let log = world.module_log();
    let times = if is_sudo_rs() { 1 } else { 3 };
    assert_eq!(log.iter().filter(|line| line.contains("reason=no-agent")).count(), times, "{log:#?}");
}

#[test]
fn sudo_i_has_its_own_service_and_in_sudo_rs_only_if_it_was_built_so() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth(""));
    let person = Person::new(&world, &Request::new("alice@corp"));
    assert_root(&world.ssh("alice").agent(&person.agent).run("sudo -i id -u"));
    let log = world.module_log();
    let service = if is_sudo_rs() { "sudo" } else { "sudo-i" };
    assert!(log.iter().any(|line| line.contains(&format!("pam_ussh({service}:auth): accepted"))), "{log:#?}");
}

#[test]
fn sudo_knows_runaspw_and_sudo_rs_does_not() {
    let world = World::new();
    let answer = world.run(&["bash", "-c", "echo 'Defaults runaspw' | visudo -c -f -"]);
    if is_sudo_rs() {
        assert_refused(&answer, "unknown setting: 'runaspw'");
    } else {
        answer.ok();
    }
}
