//! The four ways in which sshd_config asks for a certificate, and what each of sshd's stacks then gets to see.

use tests::world::{Request, World};

use crate::rig::{
    KEY, KEY_THEN_PAM, PAM_THEN_KEY, Person, TWO_KEYS, asked, assert_in, assert_no_session, assert_not_in, good, ssh, stacks,
    verdicts,
};

const ALL: &[&str] = &["auth", "account", "session"];
const TOO_LONG: &str = "Your certificate \"alice@corp\" is valid for longer than 8 hours. Get one that is valid for a shorter \
                        time, then log in again.";

/// Accepted by sshd, refused by `max_validity=8h`.
fn long() -> Request {
    good().validity("-1m:+9h")
}

/// The module in these stacks: what it says of a good certificate, then of one that it refuses.
#[track_caller]
fn judged<'w>(person: &Person<'w>, of: &[&str], with_good: &[&str], with_bad: &[&str]) {
    let world = person.world;
    world.pam("sshd", &stacks(of, "max_validity=8h"));
    person.renew(&good());
    assert_in(&person.login("echo in"));
    assert_eq!(verdicts(world), with_good, "{of:?}, a good certificate");
    person.renew(&long());
    let answer = person.login("echo in");
    assert_eq!(verdicts(world), with_bad, "{of:?}, another certificate");
    match with_bad.last() {
        Some(last) if last.starts_with("session refused") => assert_no_session(&answer, TOO_LONG),
        Some(last) if last.contains("refused") => assert_not_in(&answer, TOO_LONG),
        _ => assert_in(&answer),
    }
}

#[test]
fn a_public_key_alone_shows_the_certificate_to_the_session_stack_only() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    judged(&person, &["auth"], &[], &[]);
    let not_yet = "account ignored no-certificate";
    judged(&person, &["account"], &[not_yet], &[not_yet]);
    judged(&person, &["session"], &["session accepted"], &["session refused validity-too-long"]);
    judged(&person, ALL, &[not_yet, "session accepted"], &[not_yet, "session refused validity-too-long"]);
    assert!(asked(&world).is_empty());
}

#[test]
fn keyboard_interactive_behind_the_key_shows_it_to_all_three() {
    let world = World::new();
    let person = Person::new(&world, KEY_THEN_PAM);
    judged(&person, &["auth"], &["auth accepted"], &["auth refused validity-too-long"]);
    judged(&person, &["account"], &["account accepted"], &["account refused validity-too-long"]);
    assert_eq!(asked(&world), ["(alice@localhost) Password: "], "of pam_unix");
    judged(&person, &["session"], &["session accepted"], &["session refused validity-too-long"]);
    judged(&person, ALL, &["auth accepted", "account accepted", "session accepted"], &["auth refused validity-too-long"]);
    assert!(asked(&world).is_empty());
}

#[test]
fn keyboard_interactive_before_the_key_shows_it_to_the_session_stack_only() {
    let world = World::new();
    let person = Person::new(&world, PAM_THEN_KEY);
    let not_yet = "account ignored no-certificate";
    judged(&person, &["account"], &[not_yet], &[not_yet]);
    judged(&person, &["session"], &["session accepted"], &["session refused validity-too-long"]);
    // Somebody must answer for the auth stack: the module has nothing to say there yet.
    let password_behind = |of: &[&str]| stacks(of, "max_validity=8h").replace("account", "auth required pam_unix.so\naccount");
    world.pam("sshd", &password_behind(&["auth", "session"]));
    person.renew(&good());
    assert_in(&person.login("echo in"));
    assert_eq!(verdicts(&world), ["auth ignored no-certificate", "session accepted"]);
    assert_eq!(asked(&world), ["(alice@localhost) Password: "]);
    world.pam("sshd", &stacks(&["auth"], ""));
    assert_not_in(&person.login("echo in"), "Permission denied (keyboard-interactive).");
    assert_eq!(verdicts(&world), ["auth ignored no-certificate"]);
}

#[test]
fn two_keys_show_the_first_to_the_account_stack_and_both_to_the_session_stack() {
    let world = World::new();
    let person = Person::new(&world, TWO_KEYS);
    let plain = world.key("ed25519");
    world.write("/etc/ssh/authorized_keys", &world.read(&plain.public()));
    world.pam("sshd", &stacks(ALL, ""));
    let certificate = format!("-oCertificateFile={}", person.key.certificate());
    let both = |order: [&str; 2]| {
        world.log();
        ssh(&world, &["-i", order[0], "-i", order[1], &certificate, "alice@localhost", "echo in"])
    };

    assert_in(&both([person.key.path(), plain.path()]));
    assert_eq!(verdicts(&world), ["account accepted", "session accepted"]);
    // ssh shows certificates first, whatever the order of its words; a plain key first is another person's client.
    let bare = world.key("ed25519");
    world.run(&["cp", person.key.path(), bare.path()]).ok();
    world.run(&["cp", &person.key.public(), &bare.public()]).ok();
    world.pam("sshd", &stacks(&["session"], ""));
    world.write("/etc/ssh/authorized_keys", &(world.read(&plain.public()) + &world.read(&bare.public())));
    world.log();
    assert_no_session(
        &ssh(&world, &["-i", plain.path(), "-i", bare.path(), "alice@localhost", "echo in"]),
        "You need an SSH certificate to log in here. Get one, then log in again.",
    );
    assert_eq!(verdicts(&world), ["session refused no-certificate"], "two plain keys");
}
