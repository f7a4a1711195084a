//! Logins without a certificate: a plain key, a password, nothing yet; and what `auth_info` makes of them.

use tests::world::{Output, World};

use crate::rig::{KEY, KEY_THEN_PAM, Person, asked, assert_in, assert_no_session, assert_not_in, ssh, stacks, verdicts};

const NEEDED: &str = "You need an SSH certificate to log in here. Get one, then log in again.";

const SESSION: &[&str] = &["session"];
const ACCOUNT: &[&str] = &["account"];

/// A plain key that sshd accepts for everybody.
fn with_plain_key(world: &World, words: &[&str]) -> Output {
    let key = world.key("ed25519");
    world.write("/etc/ssh/authorized_keys", &world.read(&key.public()));
    world.log();
    ssh(world, &[&["-i", key.path()], words].concat())
}

#[test]
fn a_plain_key_opens_no_session_unless_auth_info_is_optional() {
    let world = World::new();
    Person::new(&world, KEY);
    for options in ["", "auth_info=require"] {
        world.pam("sshd", &stacks(SESSION, options));
        assert_no_session(&with_plain_key(&world, &["alice@localhost", "echo in"]), NEEDED);
        assert_eq!(verdicts(&world), ["session refused no-certificate"], "{options}");
    }
    world.pam("sshd", &stacks(SESSION, "auth_info=optional"));
    let answer = with_plain_key(&world, &["alice@localhost", "echo in; env"]);
    assert!(answer.ok().stdout.starts_with("in\n") && !answer.stdout.contains("USSH_"), "{answer}");
    assert_eq!(verdicts(&world), ["session ignored no-certificate"]);
}

#[test]
fn a_plain_key_is_refused_in_account_where_sshd_lists_it() {
    let world = World::new();
    Person::new(&world, KEY_THEN_PAM);
    for options in ["", "auth_info=require"] {
        world.pam("sshd", &stacks(ACCOUNT, options));
        assert_not_in(&with_plain_key(&world, &["alice@localhost", "echo in"]), NEEDED);
        assert_eq!(verdicts(&world), ["account refused no-certificate"], "{options}");
    }
    world.pam("sshd", &stacks(ACCOUNT, "auth_info=optional"));
    assert_in(&with_plain_key(&world, &["alice@localhost", "echo in"]));
    assert_eq!(verdicts(&world), ["account ignored no-certificate"]);
}

#[test]
fn a_password_opens_no_session_unless_auth_info_is_optional() {
    let world = World::new();
    let person = Person::new(&world, "PasswordAuthentication yes\nKbdInteractiveAuthentication yes");
    for method in ["password", "keyboard-interactive"] {
        let login = || {
            world.log();
            ssh(person.world, &[&format!("-oPreferredAuthentications={method}"), "alice@localhost", "echo in"])
        };
        for options in ["", "auth_info=require"] {
            world.pam("sshd", &stacks(&["account", "session"], options));
            assert_no_session(&login(), NEEDED);
            assert_eq!(asked(&world).len(), 1, "the password was asked for");
            // The account stack comes before sshd lists the last method.
            assert_eq!(verdicts(&world), ["account ignored no-certificate", "session refused no-certificate"], "{options}");
        }
        world.pam("sshd", &stacks(&["account", "session"], "auth_info=optional"));
        assert_in(&login());
        assert_eq!(verdicts(&world), ["account ignored no-certificate", "session ignored no-certificate"]);
    }
}

#[test]
fn a_password_before_another_is_refused_in_account_only_by_require() {
    let world = World::new();
    // Two methods that show no key: the second one's account stack sees the first.
    Person::new(
        &world,
        "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods password,keyboard-interactive",
    );
    let login = || {
        world.log();
        ssh(&world, &["alice@localhost", "echo in"])
    };
    for (options, verdict) in [
        ("", "account ignored no-certificate"),
        ("auth_info=optional", "account ignored no-certificate"),
        ("auth_info=require", "account refused no-certificate"),
    ] {
        world.pam("sshd", &stacks(ACCOUNT, options));
        let answer = login();
        assert_eq!(verdicts(&world), [verdict], "{options} {answer}");
        if verdict.contains("refused") { assert_not_in(&answer, NEEDED) } else { assert_in(&answer) }
    }
}

#[test]
fn a_refused_certificate_is_refused_also_where_auth_info_is_optional() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(SESSION, "auth_info=optional max_validity=30m"));
    assert_no_session(&person.login("echo in"), "is valid for longer than 30 minutes");
}
