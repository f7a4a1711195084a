//! Agents that speak the protocol and sign what they should not, or not as they should.

use std::sync::{Arc, Mutex};

use ssh_agent_lib::ssh_key::{Algorithm, PublicKey, Signature};
use tests::hostile::wire::{blob, split_string, string};
use tests::hostile::{Liar, RealAgent, token};
use tests::pam::Certificate;

use crate::apart::Apart;
use crate::usual::{ACCEPTED, Verdict, refused};

#[test]
fn a_signature_that_was_tampered_with_is_refused() {
    let apart = Apart::new();
    assert_eq!(apart.verdict_with_signature(|signature| signature), ACCEPTED);
    type Tamper = fn(Vec<u8>) -> Vec<u8>;
    let tampered: [(&str, &str, Tamper); 7] = [
        ("a bit flipped", "signature-invalid", |mut signature| {
            let last = signature.len() - 1;
            signature[last] ^= 1;
            signature
        }),
        ("trailing bytes", "signature-malformed", |signature| [signature, vec![0]].concat()),
        ("trailing bytes as a security key would have them", "signature-malformed", |signature| {
            [signature, vec![1, 0, 0, 0, 9]].concat()
        }),
        ("cut short", "signature-malformed", |signature| signature[..signature.len() - 1].to_vec()),
        ("empty", "signature-malformed", |_| Vec::new()),
        ("another label", "signature-key-mismatch", |signature| relabel(b"rsa-sha2-512", &signature)),
        ("the label of a security key", "signature-key-mismatch", |signature| {
            [relabel(b"sk-ssh-ed25519@openssh.com", &signature), vec![1, 0, 0, 0, 9]].concat()
        }),
    ];
    for (what, reason, change) in tampered {
        assert_eq!(apart.verdict_with_signature(change), refused(reason), "{what}");
    }
}

fn relabel(label: &[u8], signature: &[u8]) -> Vec<u8> {
    let (_, rest) = split_string(signature).expect("a label");
    [string(label), rest.to_vec()].concat()
}

#[test]
fn an_old_signature_is_refused() {
    let apart = Apart::new();
    let first: Mutex<Option<Vec<u8>>> = Mutex::default();
    let replay = move |signature: Vec<u8>| first.lock().expect("no panic").get_or_insert(signature).clone();
    let _liar = apart.between().signature(replay).start(apart.room());
    assert_eq!(apart.usual.sudo("").auth().code(), "SUCCESS", "the first time it is fresh");
    assert_eq!(apart.usual.sudo("").auth().code(), "AUTH_ERR", "in another sudo");
    assert_eq!(apart.usual.sudo("").call("authenticate,acct_mgmt").codes(), ["AUTH_ERR", "PERM_DENIED"]);
}

/// An RSA key whose agent signs with the flags of our choice.
fn verdict_with_rsa_flags(flags: Option<u8>) -> Verdict {
    let apart = Apart::new();
    let key = apart.room().key("rsa", "rsa -b 2048");
    apart.room().certify(&apart.usual.ca, &key, &Certificate::default());
    apart.real.clear();
    apart.real.add(&key);
    let change = move |mut request: Vec<u8>| {
        if let (Some(flags), Some(last)) = (flags, request.last_mut()) {
            *last = flags;
        }
        request
    };
    let _liar = apart.between().request(change).start(apart.room());
    apart.verdict()
}

#[test]
fn an_rsa_signature_with_sha1_is_refused() {
    assert_eq!(verdict_with_rsa_flags(None), ACCEPTED);
    assert_eq!(verdict_with_rsa_flags(Some(0)), refused("signature-algorithm"));
}

/// alice's agent is `liar` now; what it is asked for is answered by `sign`, which has the real agent at hand.
fn start_liar(apart: &Apart, sign: impl Fn(&RealAgent, &[u8]) -> Option<Signature> + Send + Sync + 'static) -> Liar {
    let real = Arc::new(RealAgent::at(apart.real.socket()));
    Liar::new(&[&apart.usual.certificate], move |request| sign(&real, &request.data))
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let apart = Apart::new();
    let (key, other) = (apart.usual.key.clone(), apart.room().key("other", "ed25519"));
    apart.real.add(&other);
    start_liar(&apart, move |real, data| Some(real.sign(&key, data))).start(apart.room());
    assert_eq!(apart.verdict(), ACCEPTED, "by the right key");
    start_liar(&apart, move |real, data| Some(real.sign(&other, data))).start(apart.room());
    assert_eq!(apart.verdict(), refused("signature-invalid"), "by another key");
}

#[test]
fn a_signature_of_something_else_is_refused() {
    let apart = Apart::new();
    let key = apart.usual.key.clone();
    start_liar(&apart, move |real, _| Some(real.sign(&key, b"something else"))).start(apart.room());
    assert_eq!(apart.verdict(), refused("signature-invalid"));
}

#[test]
fn a_key_that_refuses_to_sign_is_refused_and_does_no_harm_to_another() {
    let apart = Apart::new();
    start_liar(&apart, |_, _| None).start(apart.room());
    assert_eq!(apart.verdict(), refused("agent-refused"), "alone");
    let (bad, good) = (apart.room().key("bad", "ed25519"), apart.usual.key.clone());
    let bad_certificate = apart.room().certify(&apart.usual.ca, &bad, &Certificate::default());
    let real = RealAgent::at(apart.real.socket());
    let good_blob = blob(&apart.usual.key.public());
    let liar = Liar::new(&[&bad_certificate, &apart.usual.certificate], move |request| {
        let asked = PublicKey::from(request.credential.key_data().clone());
        (asked.to_bytes().ok()? == good_blob).then(|| real.sign(&good, &request.data))
    });
    liar.start(apart.room());
    assert_eq!(apart.verdict(), ACCEPTED, "beside a good one");
}

#[test]
fn a_plain_signature_under_the_certificate_of_a_security_key_is_refused() {
    let apart = Apart::new();
    let (key, room) = (apart.usual.key.clone(), apart.room());
    let public = token::public_key(room, &key);
    let certificate = room.certify_file(&apart.usual.ca, &public, &Certificate::default());
    let real = RealAgent::at(apart.real.socket());
    let signer = key.clone();
    Liar::new(&[&certificate], move |request| Some(token::sign(&real, &signer, 1, &request.data))).start(room);
    assert_eq!(apart.verdict(), ACCEPTED, "as a security key signs");
    let real = RealAgent::at(apart.real.socket());
    let plain = move |data: &[u8]| Signature::new(Algorithm::Ed25519, real.sign(&key, data).as_bytes()).ok();
    Liar::new(&[&certificate], move |request| plain(&request.data)).start(room);
    assert_eq!(apart.verdict(), refused("signature-key-mismatch"), "as a plain key signs");
}
