//! `AuthenticationMethods publickey,keyboard-interactive:pam` with `auth sufficient pam_ussh.so`: who has a good
//! certificate is asked nothing more. And the auth stack says yes to nobody else.

use tests::world::World;

use crate::rig::{KEY_THEN_PAM, Person, asked, assert_in, assert_not_in, ssh, stacks, verdicts};

const PASSWORD: &str = "(alice@localhost) Password: ";

/// pam.d/sshd as the guide has it.
fn sufficient(options: &str) -> String {
    format!(
        "auth sufficient pam_ussh.so {options}\nauth required pam_unix.so\naccount required pam_unix.so\nsession required \
         pam_permit.so\n"
    )
}

#[test]
fn a_good_certificate_is_asked_nothing_more() {
    let world = World::new();
    let person = Person::new(&world, KEY_THEN_PAM);
    world.pam("sshd", &sufficient(""));
    assert_in(&person.login("echo in"));
    assert_eq!(verdicts(&world), ["auth accepted"]);
    assert!(asked(&world).is_empty(), "{:?}", asked(&world));
}

#[test]
fn a_certificate_that_the_module_refuses_is_asked_for_the_password() {
    let world = World::new();
    let person = Person::new(&world, KEY_THEN_PAM);
    world.pam("sshd", &sufficient("max_validity=30m"));
    assert_in(&person.login("echo in"));
    assert_eq!(verdicts(&world), ["auth refused validity-too-long"]);
    // sshd puts what the module says in front of the next question.
    let sentence = "Your certificate \"alice@corp\" is valid for longer than 30 minutes. Get one that is valid for a shorter \
                    time, then log in again.";
    assert_eq!(asked(&world), [&format!("(alice@localhost) {sentence}"), "Password: "]);
}

#[test]
fn a_plain_key_is_asked_for_the_password() {
    let world = World::new();
    Person::new(&world, KEY_THEN_PAM);
    let plain = world.key("ed25519");
    world.write("/etc/ssh/authorized_keys", &world.read(&plain.public()));
    for (options, verdict) in [("", "auth refused no-certificate"), ("auth_info=optional", "auth ignored no-certificate")] {
        world.pam("sshd", &sufficient(options));
        world.log();
        assert_in(&ssh(&world, &["-i", plain.path(), "alice@localhost", "echo in"]));
        assert_eq!(verdicts(&world), [verdict]);
        let questions = asked(&world);
        let told = questions[0].contains("You need an SSH certificate to log in here.");
        assert!(questions.last().is_some_and(|last| last.ends_with("Password: ")), "{questions:?}");
        assert_eq!(told, verdict.contains("refused"), "{questions:?}");
    }
}

#[test]
fn a_required_line_refuses_whatever_password_is_known() {
    let world = World::new();
    let person = Person::new(&world, KEY_THEN_PAM);
    let required = |options: &str| sufficient(options).replace("sufficient", "required");
    world.pam("sshd", &required(""));
    assert_in(&person.login("echo in"));
    assert_eq!(asked(&world), [PASSWORD], "of the line behind it");
    world.pam("sshd", &required("max_validity=30m"));
    world.log();
    assert_not_in(&person.login("echo in"), "Permission denied (keyboard-interactive)");
    assert!(asked(&world)[0].contains("is valid for longer than 30 minutes"), "{:?}", asked(&world));
    assert_eq!(verdicts(&world), ["auth refused validity-too-long"]);
}

/// sshd has verified no certificate: whatever the client does, the module alone lets nobody in.
#[test]
fn auth_alone_never_succeeds_without_a_certificate_in_this_connection() {
    let world = World::new();
    let person = Person::new(&world, "PasswordAuthentication yes\nKbdInteractiveAuthentication yes");
    world.pam("sshd", &stacks(&["auth"], "auth_info=optional"));
    let line = world.read(&person.key.certificate());
    let variable = format!("-oSetEnv=SSH_AUTH_INFO_0=\"publickey {}\"", line.trim());
    world.sshd_config("AcceptEnv *\nPermitUserEnvironment yes");
    for method in ["password", "keyboard-interactive"] {
        let preferred = format!("-oPreferredAuthentications={method}");
        for words in [&[&preferred[..]][..], &[&preferred, &variable]] {
            world.log();
            assert_not_in(&ssh(&world, &[words, &["alice@localhost", "echo in"]].concat()), "Permission denied");
            assert_eq!(verdicts(&world), ["auth ignored no-certificate"], "{method}");
        }
    }
    // A certificate that is shown but not signed for is not verified either.
    world.sshd_config("AuthenticationMethods publickey,password keyboard-interactive");
    let stranger = world.key("ed25519");
    let certificate = format!("-oCertificateFile={}", person.key.certificate());
    let words = ["-i", stranger.path(), &certificate, "-oPreferredAuthentications=publickey,keyboard-interactive"];
    assert_not_in(&ssh(&world, &[&words[..], &["alice@localhost", "echo in"]].concat()), "Permission denied");
    assert_eq!(verdicts(&world), ["auth ignored no-certificate"]);
}

#[test]
fn a_password_of_sshds_own_method_counts_unless_sshd_shows_the_certificate_to_that_stack() {
    let world = World::new();
    let person = Person::new(&world, "PasswordAuthentication yes\nAuthenticationMethods publickey,password");
    world.pam("sshd", &sufficient(""));
    assert_in(&person.login("echo in"));
    assert_eq!(asked(&world).len(), 1, "sshd asks before PAM does");
    let askpass = "/opt/rig/askpass.sh";
    let wrong = world.read(askpass).replace("alice-password", "wrong");
    world.write_as(askpass, wrong.as_bytes(), "root", 0o755);
    world.log();
    let answer = person.login("echo in");
    match &verdicts(&world)[..] {
        [one] if one == "auth accepted" => assert_in(&answer), // OpenSSH 9.8 and newer
        [one] if one == "auth ignored no-certificate" => assert_not_in(&answer, "Permission denied (password)"),
        other => panic!("{other:?}"),
    }
}
