//! Agents that speak the protocol and list what they should not.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use tests::hostile::wire::{Identity, blob, string};
use tests::pam::{Certificate, run};

use crate::apart::Apart;
use crate::hostile_streams::{assert_bounded, assert_frugal};
use crate::usual::{ACCEPTED, NO_AGENT, Usual, refused};

/// Public keys that nobody has, certified in one go by the real ssh-keygen.
fn many_certificates(usual: &Usual, count: usize) -> Vec<PathBuf> {
    let folder = usual.room.folder().join("many");
    fs::create_dir(&folder).expect("a folder");
    let blob = blob(&usual.key.public());
    let names: Vec<PathBuf> = (0..count).map(|number| folder.join(format!("{number}.pub"))).collect();
    for (number, name) in names.iter().enumerate() {
        let mut blob = blob.clone();
        blob[20..28].copy_from_slice(&number.to_be_bytes());
        fs::write(name, format!("ssh-ed25519 {} many\n", Base64::encode_string(&blob))).expect("a public key");
    }
    for some in names.chunks(1000) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-I", "alice@corp", "-n", "alice", "-V", "-1m:+1h", "-s"]).arg(usual.ca.path()).args(some);
        run(&mut command);
    }
    (0..count).map(|number| folder.join(format!("{number}-cert.pub"))).collect()
}

fn identity(certificate: &PathBuf) -> Identity {
    (blob(&fs::read_to_string(certificate).expect("a certificate")), b"many".to_vec())
}

#[test]
fn a_liar_that_changes_nothing_is_accepted() {
    let apart = Apart::new();
    assert_eq!(apart.verdict_with_list(|list| list), ACCEPTED);
    assert_eq!(apart.verdict_with_signature(|signature| signature), ACCEPTED);
}

#[test]
fn unknown_and_broken_identities_do_no_harm_to_a_good_one() {
    let apart = Apart::new();
    let truncated = |list: &[Identity]| {
        let certificate = list.iter().find(|(blob, _)| blob.windows(8).any(|part| part == b"-cert-v0")).expect("a certificate");
        certificate.0[..certificate.0.len() / 2].to_vec()
    };
    for (what, blob) in [
        ("an empty blob", Vec::new()),
        ("a key type that nobody knows", string(b"ssh-tomorrow@example.org")),
        ("a key type that is only a suffix", string(b"-cert-v01@x")),
        ("a key type that is only a suffix, with more behind it", [string(b"-cert-v01@x"), vec![0; 200]].concat()),
        ("a key type that is not UTF-8", string(&[0xff, 0xfe, 0x2d])),
        ("a key type with a NUL", string(b"ssh-ed25519\0")),
        ("a name longer than its blob", vec![0xff; 8]),
        ("a DSA key", [string(b"ssh-dss"), string(&[1; 128]), string(&[1; 20]), string(&[2]), string(&[3])].concat()),
        ("a key without its point", string(b"ssh-ed25519")),
        ("a certificate without anything", string(b"ssh-ed25519-cert-v01@openssh.com")),
        ("a webauthn key", string(b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com")),
    ] {
        let front = apart.verdict_with_list(move |list| [vec![(blob.clone(), what.as_bytes().to_vec())], list].concat());
        assert_eq!(front, ACCEPTED, "{what} in front");
    }
    let front = apart.verdict_with_list(move |list| [vec![(truncated(&list), b"half".to_vec())], list].concat());
    assert_eq!(front, ACCEPTED, "half a certificate in front");
    let comments = |list: Vec<Identity>| list.into_iter().map(|(blob, _)| (blob, vec![0xff, 0, 0x1b, b'\n'])).collect();
    assert_eq!(apart.verdict_with_list(comments), ACCEPTED, "comments that are not UTF-8");
}

#[test]
fn plain_keys_of_every_type_do_no_harm_to_a_certificate() {
    let usual = Usual::new();
    usual.agent.clear();
    for kind in ["rsa -b 1024", "rsa -b 3072", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521", "ed25519"] {
        usual.agent.add(&usual.room.key(kind, kind));
    }
    assert_eq!(usual.verdict(""), refused("no-certificate"));
    usual.agent.add(&usual.key);
    assert_eq!(usual.verdict(""), ACCEPTED);
}

#[test]
fn a_certificate_that_was_tampered_with_is_refused() {
    let apart = Apart::new();
    let good = blob(&fs::read_to_string(&apart.usual.certificate).expect("the certificate"));
    let key = blob(&apart.usual.key.public());
    let only = |blob: Vec<u8>| {
        let (key, blob) = (key.clone(), blob);
        apart.verdict_with_list(move |_| vec![(blob.clone(), b"id".to_vec()), (key.clone(), b"id".to_vec())])
    };
    assert_eq!(only(good.clone()), ACCEPTED, "the certificate as it is");
    let length = good.len();
    let flipped = |at: usize| {
        let mut blob = good.clone();
        blob[at] ^= 1;
        blob
    };
    assert_eq!(only(flipped(length - 1)), refused("ca-signature-invalid"), "a bit of the CA's signature flipped");
    assert_eq!(only(flipped(length - 40)), refused("ca-signature-invalid"), "another bit of the CA's signature flipped");
    assert_eq!(only(flipped(60)), refused("ca-signature-invalid"), "a bit of the nonce flipped");
    assert_eq!(only(good[..length - 1].to_vec()), refused("malformed"), "the last byte missing");
    assert_eq!(only([good.clone(), vec![0]].concat()), refused("malformed"), "a byte too many");
    assert_eq!(only(good[..length / 2].to_vec()), refused("malformed"), "half of it");
}

#[test]
fn a_key_id_that_is_not_utf8_changes_nothing() {
    let apart = Apart::new();
    let id = OsString::from_vec(vec![b'a', 0xff, 0xfe]);
    apart.room().certify(&apart.usual.ca, &apart.usual.key, &Certificate { id, ..Certificate::default() });
    apart.real.clear();
    apart.real.add(&apart.usual.key);
    assert_eq!(apart.verdict_with_list(|list| list), ACCEPTED);
}

#[test]
fn ten_thousand_identities_are_refused_or_read_quickly() {
    let apart = Apart::new();
    let small: Vec<Identity> = vec![(Vec::new(), Vec::new()); 10_000];
    let front = apart.verdict_with_list(move |list| [small.clone(), list].concat());
    assert_eq!(front, ACCEPTED, "80 KB of nothing, then the good one");
    let key = blob(&apart.usual.key.public());
    let keys: Vec<Identity> = vec![(key, b"the same".to_vec()); 10_000];
    assert_eq!(apart.verdict_with_list(move |list| [keys.clone(), list].concat()), NO_AGENT, "more than an agent may say");
}

#[test]
fn as_many_certificates_without_a_key_as_fit_do_not_hide_the_good_one() {
    let apart = Apart::new();
    let all: Vec<Identity> = many_certificates(&apart.usual, 800).iter().map(identity).collect();
    let each = all[0].0.len() + all[0].1.len() + 8;
    let fit = (256 * 1024 - 2048) / each;
    assert!((200..800).contains(&fit), "{fit} certificates of {each} bytes fit");
    let liar = apart.between().list(move |list| [all[..fit].to_vec(), list].concat());
    let asked = liar.asked();
    let _liar = liar.start(apart.room());
    let answer = apart.usual.sudo("timeout=30 sign_timeout=60").auth();
    assert_eq!(answer.code(), "SUCCESS");
    assert_frugal(&answer, "a list of certificates without keys");
    assert!(asked.load(Ordering::SeqCst) > fit, "each was tried before the good one");
}

#[test]
fn two_thousand_certificates_without_a_key_are_more_than_an_agent_may_say() {
    let apart = Apart::new();
    let all: Vec<Identity> = many_certificates(&apart.usual, 2000).iter().map(identity).collect();
    let _liar = apart.between().list(move |list| [all.clone(), list].concat()).start(apart.room());
    let answer = apart.usual.sudo("").auth();
    assert_eq!(answer.code(), NO_AGENT[0]);
    assert_bounded(&answer, "2,000 certificates");
    assert!(answer.only().elapsed < Duration::from_secs(2), "took {:?}", answer.only().elapsed);
}
