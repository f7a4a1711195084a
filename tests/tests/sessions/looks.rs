//! The guard looks at the certificate again and again: what the module would refuse by now ends the session.

use crate::rig::*;

const OPTIONS: &str = "end_session session_check=5s";

#[test]
fn a_ca_that_is_no_longer_trusted_ends_the_session() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&alice_for_an_hour());
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    let sshd = sshds(&world, "alice \\[priv\\]");
    world.trust(&[&world.ca("ed25519")]);
    session.wait_for("Your certificate is no longer accepted here. This session ends now.");
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    until("the guard has gone", || guards(&world).is_empty());
    let log = log(&world);
    assert_one(&log, &["ended user=\"alice\"", "reason=refused"]);
    // The first refusal might have met a file half way in its replacement.
    let refusals: Vec<_> = log.iter().filter(|line| line.contains("pam_ussh(ussh-session:account): refused")).collect();
    assert_eq!(refusals.len(), 2, "{log:#?}");
    // All lines about a session name the process of sshd that serves it.
    assert!(refusals.iter().all(|line| line.contains(&format!("sshd={} ", sshd[0]))), "{sshd:?} {log:#?}");
}

#[test]
fn a_certificate_that_is_revoked_ends_the_session() {
    let world = world(&format!("{OPTIONS} revoked_keys=/etc/ssh/revoked_keys"));
    let alice = Person::new(&world);
    revoke(&world, &alice.ca, "serial: 100");
    alice.certified(&alice_for_an_hour().serial(7));
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    revoke(&world, &alice.ca, "serial: 7");
    session.wait_for("Your certificate is no longer accepted here.");
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    alice.login().run("true");
    let log = log(&world);
    assert!(
        log.iter().any(|line| line.contains("pam_ussh(ussh-session:account): refused") && line.contains("revoked")),
        "{log:#?}"
    );
}

#[test]
fn a_refusal_that_does_not_last_ends_nothing() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&alice_for_an_hour());
    let mut session = alice.login().open();
    session.run("true").ok();
    world.log();
    world.trust(&[&world.ca("ed25519")]);
    let mut seen = Vec::new();
    until("a look refuses", || {
        seen.extend(log(&world));
        seen.iter().any(|line| line.contains("refused"))
    });
    world.trust(&[&alice.ca]);
    std::thread::sleep(std::time::Duration::from_secs(8));
    assert_eq!(session.run("echo still here").stdout, "still here\n");
}

#[test]
fn trouble_with_a_file_ends_no_session_and_is_logged_once() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&alice_for_an_hour());
    let mut session = alice.login().open();
    session.run("true").ok();
    world.log();
    world.run(&["rm", tests::world::CA_FILE]).ok();
    let mut seen = Vec::new();
    until("three looks have failed", || {
        seen.extend(log(&world));
        seen.iter().filter(|line| line.contains("pam_ussh(ussh-session:account): refused")).count() >= 3
    });
    assert_one(&seen, &["ussh-session-guard", "no verdict user=\"alice\"", "the session goes on: PAM's code 3"]);
    assert_eq!(session.run("echo still here").stdout, "still here\n");
}

#[test]
fn a_look_that_accepts_is_not_logged() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&alice_for_an_hour());
    let mut session = alice.login().open();
    session.run("true").ok();
    world.log();
    std::thread::sleep(std::time::Duration::from_secs(12));
    assert_eq!(log(&world), [] as [&str; 0]);
    let run = world.run(&["ls", "/run"]).stdout;
    assert!(!run.contains("ussh-session-guard"), "a folder is left behind: {run}");
}

#[test]
fn a_look_judges_from_where_the_person_has_logged_in() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&alice_for_an_hour().option("source-address=127.0.0.0/8"));
    let mut session = alice.login().open();
    session.run("true").ok();
    world.log();
    std::thread::sleep(std::time::Duration::from_secs(9));
    assert_eq!(session.run("echo still here").stdout, "still here\n");
    assert_eq!(log(&world), [] as [&str; 0]);
}

#[test]
fn words_with_blanks_and_brackets_come_back_as_they_were() {
    let file = "/etc/ssh/a [strange\\] name";
    let world = world(&format!("{OPTIONS} [ca_file=/etc/ssh/a [strange\\\\] name] [authorized_principals=alice]"));
    let alice = Person::new(&world);
    let ca = world.read(&alice.ca.key().public());
    world.write(file, &ca);
    alice.certified(&alice_for_an_hour());
    alice.login().run("true").ok();
}

fn alice_for_an_hour() -> tests::world::Request {
    alice()
}
