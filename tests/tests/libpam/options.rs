//! Every option with a case that it lets through and one that it refuses.

use std::time::Duration;

use tests::hostile::{Between, Liar, Listener, RealAgent, streams, token};
use tests::pam::{Agent, Certificate, Host, Room, User};

use crate::usual::{ACCEPTED, IGNORED, MISCONFIGURED, Usual, Verdict, refused, verdict};

#[test]
fn ca_file_names_another_file() {
    let usual = Usual::new();
    usual.room.write("ssh/mine", usual.ca.public());
    usual.room.trust(&usual.room.key("another-ca", "ed25519"));
    assert_eq!(usual.verdict("ca_file=/etc/ssh/mine"), ACCEPTED);
    assert_eq!(usual.verdict(""), refused("ca-untrusted"));
}

#[test]
fn group_is_looked_up_for_the_pam_user_primary_group_included() {
    let usual = Usual::with(&Certificate::of("bob"));
    assert_eq!(usual.verdict("group=ops"), refused("not-for-user"), "alice is in ops, and the certificate is bob's");
    assert_eq!(usual.verdict("group=alice"), refused("not-for-user"), "alice's primary group");
    assert_eq!(usual.verdict("group=bob"), IGNORED);
    assert_eq!(usual.verdict("group=nosuchgroup"), MISCONFIGURED);
}

#[test]
fn max_validity_refuses_long_and_never_expiring_certificates() {
    let usual = Usual::new();
    for (validity, options, expected) in [
        ("-1m:+1h", "", ACCEPTED),
        ("-1m:+1h", "max_validity=62m", ACCEPTED),
        ("-1m:+1h", "max_validity=1h", refused("validity-too-long")),
        ("-1m:+1h", "max_validity=3600", refused("validity-too-long")),
        ("-1m:+20d", "", ACCEPTED),
        ("-1m:+20d", "max_validity=1w", refused("validity-too-long")),
        ("always:forever", "", ACCEPTED),
        ("always:forever", "max_validity=1000w", refused("validity-too-long")),
        ("-1m:forever", "max_validity=1000w", refused("validity-too-long")),
    ] {
        usual.hold(&Certificate::valid(validity));
        assert_eq!(usual.verdict(options), expected, "{validity} with {options}");
    }
}

#[test]
fn ca_signature_algorithms_are_those_listed() {
    let usual = Usual::new();
    assert_eq!(usual.verdict("ca_signature_algorithms=ssh-ed25519"), ACCEPTED);
    assert_eq!(usual.verdict("ca_signature_algorithms=rsa-sha2-512,ssh-ed25519"), ACCEPTED);
    assert_eq!(usual.verdict("ca_signature_algorithms=ecdsa-sha2-nistp256,rsa-sha2-512"), refused("ca-signature-algorithm"));
}

#[test]
fn an_rsa_ca_is_judged_by_the_hash_it_signed_with() {
    let usual = Usual::new();
    let ca = usual.room.key("rsa-ca", "rsa -b 2048");
    usual.room.trust(&ca);
    for (hash, options, expected) in [
        ("rsa-sha2-256", "", ACCEPTED),
        ("rsa-sha2-512", "", ACCEPTED),
        ("rsa-sha2-256", "ca_signature_algorithms=rsa-sha2-256", ACCEPTED),
        ("rsa-sha2-256", "ca_signature_algorithms=rsa-sha2-512", refused("ca-signature-algorithm")),
        ("ssh-rsa", "", refused("ca-signature-algorithm")),
    ] {
        usual.room.certify(&ca, &usual.key, &Certificate::with(&format!("-t {hash}")));
        usual.agent.clear();
        usual.agent.add(&usual.key);
        assert_eq!(usual.verdict(options), expected, "{hash} with {options}");
    }
}

#[test]
fn accepted_algorithms_are_those_listed() {
    let usual = Usual::new();
    assert_eq!(usual.verdict("accepted_algorithms=ssh-ed25519-cert-v01@openssh.com"), ACCEPTED);
    assert_eq!(usual.verdict("accepted_algorithms=ssh-ed25519"), ACCEPTED);
    assert_eq!(
        usual.verdict("accepted_algorithms=ecdsa-sha2-nistp256-cert-v01@openssh.com,rsa-sha2-512"),
        refused("key-algorithm")
    );
}

#[test]
fn an_rsa_key_signs_with_the_hash_that_is_accepted() {
    let usual = Usual::new();
    let key = usual.room.key("rsa", "rsa -b 2048");
    usual.room.certify(&usual.ca, &key, &Certificate::default());
    usual.agent.clear();
    usual.agent.add(&key);
    for (options, expected) in [
        ("", ACCEPTED),
        ("accepted_algorithms=rsa-sha2-256", ACCEPTED),
        ("accepted_algorithms=rsa-sha2-512", ACCEPTED),
        ("accepted_algorithms=ssh-ed25519", refused("key-algorithm")),
    ] {
        assert_eq!(usual.verdict(options), expected, "{options}");
    }
}

#[test]
fn required_rsa_size_holds_for_the_key() {
    let usual = Usual::new();
    for (bits, options, expected) in [
        (2048, "", ACCEPTED),
        (2048, "required_rsa_size=2048", ACCEPTED),
        (2048, "required_rsa_size=2049", refused("key-too-small")),
        (1024, "", refused("key-too-small")),
        (1024, "required_rsa_size=1024", ACCEPTED),
    ] {
        let key = usual.room.key(&format!("rsa-{bits}-{options}"), &format!("rsa -b {bits}"));
        usual.room.certify(&usual.ca, &key, &Certificate::default());
        usual.agent.clear();
        usual.agent.add(&key);
        assert_eq!(usual.verdict(options), expected, "{bits} bits with {options}");
    }
}

#[test]
fn required_rsa_size_holds_for_the_ca() {
    let usual = Usual::new();
    for (bits, options, expected) in [
        (2048, "", ACCEPTED),
        (2048, "required_rsa_size=3072", refused("ca-key-too-small")),
        (1024, "", refused("ca-key-too-small")),
        (1024, "required_rsa_size=1024", ACCEPTED),
    ] {
        let ca = usual.room.key(&format!("ca-{bits}-{options}"), &format!("rsa -b {bits}"));
        usual.room.trust(&ca);
        usual.room.certify(&ca, &usual.key, &Certificate::default());
        usual.agent.clear();
        usual.agent.add(&usual.key);
        assert_eq!(usual.verdict(options), expected, "{bits} bits with {options}");
    }
}

/// The verdict in a room without the usual agent.
fn asked(room: &Room, options: &str) -> Verdict {
    verdict(|| Host::sudo(room, options))
}

/// alice's agent holds the certificate of a FIDO key that signs with these flags.
fn with_token(flags: u8, certificate: &Certificate) -> (Room, Agent) {
    let room = Room::new();
    let ca = room.key("ca", "ed25519");
    room.trust(&ca);
    let key = room.key("inside-the-token", "ed25519");
    let real = room.agent_of(User::ROOT, &room.folder().join("real"));
    real.add(&key);
    let public = token::public_key(&room, &key);
    let certificate = room.certify_file(&ca, &public, certificate);
    let signer = RealAgent::at(real.socket());
    Liar::new(&[&certificate], move |request| Some(token::sign(&signer, &key, flags, &request.data))).start(&room);
    (room, real)
}

#[test]
fn require_sk_wants_a_security_key() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    assert_eq!(usual.verdict("require_sk"), refused("not-a-security-key"));
    let (room, _real) = with_token(token::USER_PRESENT, &Certificate::default());
    assert_eq!(asked(&room, ""), ACCEPTED);
    assert_eq!(asked(&room, "require_sk"), ACCEPTED);
}

#[test]
fn require_verify_wants_the_flag_in_the_signature() {
    assert_eq!(Usual::new().verdict("require_verify"), refused("user-not-verified"), "a software key verifies nobody");
    let (touched, _real) = with_token(token::USER_PRESENT, &Certificate::default());
    assert_eq!(asked(&touched, ""), ACCEPTED);
    assert_eq!(asked(&touched, "require_verify"), refused("user-not-verified"));
    let (verified, _real) = with_token(token::USER_PRESENT | token::USER_VERIFIED, &Certificate::default());
    assert_eq!(asked(&verified, "require_verify"), ACCEPTED);
}

#[test]
fn a_certificate_that_requires_verification_gets_it_without_the_option() {
    let required = Certificate::with("-O verify-required");
    assert_eq!(asked(&with_token(token::USER_PRESENT, &required).0, ""), refused("user-not-verified"));
    assert_eq!(asked(&with_token(token::USER_PRESENT | token::USER_VERIFIED, &required).0, ""), ACCEPTED);
}

#[test]
fn a_touch_is_required_unless_certificate_and_principals_line_both_say_otherwise() {
    let without_touch = Certificate::with("-O no-touch-required");
    let list = "user_principal=no authorized_principals_file=/etc/ssh/principals";
    for (certificate, line, expected) in [
        (&Certificate::default(), "alice", refused("user-not-present")),
        (&Certificate::default(), "no-touch-required alice", refused("user-not-present")),
        (&without_touch, "alice", refused("user-not-present")),
        (&without_touch, "no-touch-required alice", ACCEPTED),
    ] {
        let (room, _real) = with_token(0, certificate);
        room.write("ssh/principals", format!("{line}\n"));
        assert_eq!(asked(&room, list), expected, "{certificate:?} with {line}");
    }
}

#[test]
fn the_person_is_told_to_touch_even_when_the_host_says_silent_but_not_when_quiet() {
    let (room, _real) = with_token(token::USER_PRESENT, &Certificate::default());
    let silent = Host::sudo(&room, "").with("silent=yes").auth();
    assert_eq!(silent.code(), "SUCCESS");
    assert!(silent.said_text().contains("Touch your security key"), "{}", silent.said_text());
    let quiet = Host::sudo(&room, "quiet").auth();
    assert_eq!((quiet.code(), quiet.said_text().as_str()), ("SUCCESS", ""));
}

#[test]
fn source_address_and_force_command_are_refused_unless_ignored() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for (words, option, other) in [
        ("-O source-address=192.0.2.0/24", "source_address", "force_command"),
        ("-O force-command=/bin/true", "force_command", "source_address"),
    ] {
        usual.hold(&Certificate::with(words));
        let reason = option.replace('_', "-");
        assert_eq!(usual.verdict(""), refused(&reason), "{words}");
        assert_eq!(usual.verdict(&format!("{option}=refuse")), refused(&reason), "{words}");
        assert_eq!(usual.verdict(&format!("{other}=ignore")), refused(&reason), "{words} with {other}=ignore");
        assert_eq!(usual.verdict(&format!("{option}=ignore")), ACCEPTED, "{words}");
    }
}

#[test]
fn a_source_address_in_the_users_own_environment_is_not_believed() {
    let usual = Usual::with(&Certificate::with("-O source-address=192.0.2.0/24"));
    assert_eq!(usual.verdict("source_address=ignore"), ACCEPTED);
    let host = usual.sudo("").env("SSH_CONNECTION", "192.0.2.7 1 192.0.2.1 22").with("rhost=192.0.2.7");
    assert_eq!(host.with("putenv=SSH_CONNECTION=192.0.2.7 1 192.0.2.1 22").auth().code(), "AUTH_ERR");
}

#[test]
fn timeout_bounds_connecting_and_listing() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("timeout=1").auth().code(), "SUCCESS");
    let silent = Listener::start(&usual.room, streams::say_nothing);
    for (options, seconds) in [("timeout=1", 1), ("timeout=2", 2)] {
        let answer = usual.sudo(options).auth();
        assert_eq!(answer.code(), "AUTHINFO_UNAVAIL");
        let (least, most) = (Duration::from_millis(seconds * 900), Duration::from_secs(10));
        assert!((least..most).contains(&answer.only().elapsed), "{options} took {:?}", answer.only().elapsed);
    }
    assert_eq!(silent.connections(), 2);
}

#[test]
fn sign_timeout_bounds_signing() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("sign_timeout=1").auth().code(), "SUCCESS");
    let real = usual.room.agent_of(User::ROOT, &usual.room.folder().join("real"));
    real.add(&usual.key);
    let slow = |request| {
        std::thread::sleep(Duration::from_secs(30));
        request
    };
    let _slow = Between::before(real.socket()).request(slow).start(&usual.room);
    let answer = usual.sudo("timeout=20 sign_timeout=1").auth();
    assert_eq!(answer.code(), "AUTHINFO_UNAVAIL");
    let elapsed = answer.only().elapsed;
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&elapsed), "took {elapsed:?}");
}
