//! The account stack, which sudo runs on every command: cached passwords and NOPASSWD rules do not go round it.

use std::thread::sleep;
use std::time::Duration;

use tests::setting::{Person, account, assert_logged, assert_refused, assert_root, password_prompt};
use tests::world::{Request, Session, World};

const NOPASSWD: &str = "alice ALL=(ALL:ALL) NOPASSWD: ALL";

/// sudo with a password; the next one in this terminal is let in by its timestamp.
fn sudo_with_password(alice: &mut Session<'_>) {
    let running = alice.start("sudo id -u");
    alice.wait_for(password_prompt());
    alice.type_line("alice-password");
    assert_root(&alice.finish(running));
}

fn assert_accepted_and_logged(world: &World, person: &Person<'_>) {
    assert_logged(
        world,
        &[
            "sudo: pam_ussh(sudo:account): accepted ",
            "key_id=\"alice@corp\"",
            "serial=9",
            &format!("ca={}", person.ca.fingerprint()),
            "principal=\"alice\"",
            "valid_until=\"20",
        ],
    );
}

#[test]
fn a_password_alone_is_not_enough() {
    let world = World::new();
    world.pam("sudo", &account(""));
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    sudo_with_password(&mut alice);
    assert_accepted_and_logged(&world, &person);
    person.agent.ssh_add(&["-q", "-D"]).ok();
    let running = alice.start("sudo -k id -u");
    alice.wait_for(password_prompt());
    alice.type_line("alice-password");
    assert_refused(&alice.finish(running), "Your ssh-agent holds no certificate. Add one with ssh-add, then run sudo again.");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=no-certificate", "user=\"alice\""]);
}

#[test]
fn a_nopasswd_rule_still_needs_the_certificate() {
    let world = World::new();
    world.pam("sudo", &account(""));
    world.sudoers(NOPASSWD);
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo -n id -u"));
    assert_accepted_and_logged(&world, &person);
    person.renew(&Request::new("alice@corp").serial(10).principals("bob"));
    assert_refused(&alice.run("sudo -n id -u"), "Your certificate \"alice@corp\" does not name alice as a principal.");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=not-for-user", "key_id=\"alice@corp\"", "serial=10"]);
}

#[test]
fn a_cached_timestamp_still_needs_the_certificate() {
    let world = World::new();
    world.pam("sudo", &account(""));
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    sudo_with_password(&mut alice);
    world.log();
    assert_root(&alice.run("sudo -n id -u"));
    assert_accepted_and_logged(&world, &person);
    person.agent.ssh_add(&["-q", "-D"]).ok();
    assert_refused(&alice.run("sudo -n id -u"), "Your ssh-agent holds no certificate.");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=no-certificate"]);
    // The timestamp itself is still good: with the certificate back, no password is asked.
    person.agent.add(&person.key);
    assert_root(&alice.run("sudo -n id -u"));
}

#[test]
fn a_certificate_that_expires_between_two_sudos_ends_them() {
    let world = World::new();
    world.pam("sudo", &account(""));
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).tty().open();
    sudo_with_password(&mut alice);
    world.log();
    person.renew(&Request::new("alice@corp").serial(9).validity("-1m:+5s"));
    assert_root(&alice.run("sudo -n id -u"));
    assert_accepted_and_logged(&world, &person);
    sleep(Duration::from_secs(6));
    let answer = alice.run("sudo -n id -u");
    assert_refused(&answer, "Your certificate \"alice@corp\" expired ");
    assert!(answer.stderr.contains("ago. Get a new one, then run sudo again."), "{answer}");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=expired", "key_id=\"alice@corp\"", "serial=9"]);
}

#[test]
fn an_agent_that_is_gone_between_two_sudos_ends_them() {
    let world = World::new();
    world.pam("sudo", &account(""));
    world.sudoers(NOPASSWD);
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    assert_accepted_and_logged(&world, &person);
    person.agent.stop();
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent cannot be asked");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=no-agent", "user=\"alice\""]);
}

#[test]
fn a_key_removed_from_the_agent_between_two_sudos_ends_them() {
    let world = World::new();
    world.pam("sudo", &account(""));
    world.sudoers(NOPASSWD);
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    assert_accepted_and_logged(&world, &person);
    person.agent.remove(&person.key);
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent holds no certificate.");
    assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=no-certificate", "user=\"alice\""]);
}

#[test]
fn one_sudo_with_the_module_in_both_stacks_logs_both_decisions() {
    let world = World::new();
    world.pam("sudo", "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_ussh.so\nsession required pam_permit.so\n");
    let person = Person::new(&world, &Request::new("alice@corp").serial(9));
    let mut alice = world.ssh("alice").agent(&person.agent).open();
    assert_root(&alice.run("sudo id -u"));
    let log = world.module_log();
    for stack in ["auth", "account"] {
        assert_eq!(log.iter().filter(|line| line.contains(&format!("(sudo:{stack}): accepted"))).count(), 1, "{log:#?}");
    }
    assert_eq!(log.len(), 2, "{log:#?}");
}
