//! Which of the agent's keys is asked to sign, what, and how often.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tests::hostile::wire::{blob, split_string, string};
use tests::hostile::{Liar, Listener, RealAgent, token};
use tests::pam::{Certificate, Key};

use crate::apart::Apart;
use crate::usual::{ACCEPTED, refused};

/// Sign requests, as they came: blob of the key, and data to sign.
type Requests = Arc<Mutex<Vec<(Vec<u8>, Vec<u8>)>>>;

fn parts(request: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (key, rest) = split_string(&request[1..]).expect("a key");
    let (data, flags) = split_string(rest).expect("data");
    assert_eq!(flags.len(), 4);
    (key.to_vec(), data.to_vec())
}

/// Notes what is asked; `change` may spoil a request before the real agent sees it.
fn note(apart: &Apart, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> (Requests, Listener) {
    let requests = Requests::default();
    let notes = requests.clone();
    let between = apart.between().request(move |request| {
        notes.lock().expect("no panic").push(parts(&request));
        change(request)
    });
    (requests, between.start(apart.room()))
}

fn asked_keys(requests: &Requests) -> Vec<Vec<u8>> {
    requests.lock().expect("no panic").iter().map(|(key, _)| key.clone()).collect()
}

#[test]
fn the_plain_key_is_asked_when_the_agent_lists_it_too() {
    let apart = Apart::new();
    let (requests, _listener) = note(&apart, |request| request);
    assert_eq!(apart.usual.sudo("").auth().code(), "SUCCESS");
    assert_eq!(asked_keys(&requests), [blob(&apart.usual.key.public())]);
}

#[test]
fn the_certificate_is_asked_when_it_is_all_that_the_agent_lists() {
    let apart = Apart::new();
    apart.real.clear();
    apart.real.add_certificate_alone(&apart.usual.key);
    let (requests, _listener) = note(&apart, |request| request);
    assert_eq!(apart.usual.sudo("").auth().code(), "SUCCESS");
    assert_eq!(asked_keys(&requests), [certificate_blob(&apart)]);
}

#[test]
fn the_certificate_is_asked_when_the_plain_key_refuses() {
    let apart = Apart::new();
    let plain = blob(&apart.usual.key.public());
    let refused = move |mut request: Vec<u8>| {
        if parts(&request).0 == plain {
            request[4 + plain.len()] ^= 1; // a key that the agent does not have
        }
        request
    };
    let (requests, _listener) = note(&apart, refused);
    assert_eq!(apart.usual.sudo("").auth().code(), "SUCCESS");
    assert_eq!(asked_keys(&requests), [blob(&apart.usual.key.public()), certificate_blob(&apart)]);
}

fn certificate_blob(apart: &Apart) -> Vec<u8> {
    blob(&std::fs::read_to_string(&apart.usual.certificate).expect("the certificate"))
}

#[test]
fn what_is_signed_is_an_sshsig_of_our_own_namespace_and_never_the_same_twice() {
    let apart = Apart::new();
    let (requests, _listener) = note(&apart, |request| request);
    assert_eq!(apart.usual.sudo("").call("authenticate,acct_mgmt").codes(), ["SUCCESS", "SUCCESS"]);
    let requests = requests.lock().expect("no panic");
    let start = [b"SSHSIG".to_vec(), string(b"pam_ussh")].concat();
    for (_, data) in requests.iter() {
        assert!(data.starts_with(&start), "{data:?}");
    }
    assert_eq!(requests.len(), 2);
    assert_ne!(requests[0].1, requests[1].1);
}

/// Certificates of FIDO keys, and the plain keys that stand for their inside.
fn tokens(apart: &Apart, count: usize) -> Vec<(Key, std::path::PathBuf)> {
    let room = apart.room();
    let one = |number| {
        let key = room.key(&format!("inside-{number}"), "ed25519");
        apart.real.add(&key);
        let own = room.folder().join(format!("token-{number}.pub"));
        std::fs::rename(token::public_key(room, &key), &own).expect("a name of its own");
        (key, room.certify_file(&apart.usual.ca, &own, &Certificate::default()))
    };
    (0..count).map(one).collect()
}

#[test]
fn two_security_keys_at_most_are_asked_in_one_transaction() {
    let apart = Apart::new();
    let tokens = tokens(&apart, 4);
    let paths: Vec<&Path> = tokens.iter().map(|(_, certificate)| certificate.as_path()).collect();
    let (asked, count) = counter();
    let refuses = move |_: &_| {
        count.fetch_add(1, Ordering::SeqCst);
        None
    };
    Liar::new(&paths, refuses).start(apart.room());
    let answer = apart.usual.sudo("").with("calls=3").call("authenticate,acct_mgmt");
    assert_eq!(answer.codes(), ["AUTH_ERR", "PERM_DENIED", "AUTH_ERR", "PERM_DENIED", "AUTH_ERR", "PERM_DENIED"]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// An agent that holds a security key alone, touched whenever it is asked; counts how often.
fn touched_whenever_asked(apart: &Apart) -> Arc<AtomicUsize> {
    let (key, certificate) = tokens(apart, 1).remove(0);
    let (asked, count) = counter();
    let real = RealAgent::at(apart.real.socket());
    let touched = move |request: &ssh_agent_lib::proto::SignRequest| {
        count.fetch_add(1, Ordering::SeqCst);
        Some(token::sign(&real, &key, token::USER_PRESENT, &request.data))
    };
    Liar::new(&[&certificate], touched).start(apart.room());
    asked
}

#[test]
fn one_touch_answers_both_stacks_of_one_transaction_and_none_of_the_next() {
    let apart = Apart::new();
    let asked = touched_whenever_asked(&apart);
    for transactions in 1..=2 {
        assert_eq!(apart.usual.sudo("").call("authenticate,acct_mgmt").codes(), ["SUCCESS", "SUCCESS"]);
        assert_eq!(asked.load(Ordering::SeqCst), transactions);
    }
}

#[test]
fn a_touch_counts_for_nobody_else_in_the_same_transaction() {
    let apart = Apart::new();
    let asked = touched_whenever_asked(&apart);
    let ops = "user_principal=no authorized_principals=alice";
    let touches = |hooks| {
        let before = asked.load(Ordering::SeqCst);
        assert_eq!(apart.usual.sudo(ops).call(hooks).codes(), ["SUCCESS", "SUCCESS"], "{hooks}");
        asked.load(Ordering::SeqCst) - before
    };
    assert_eq!(touches("authenticate,acct_mgmt"), 1);
    assert_eq!(touches("authenticate,user:bob,acct_mgmt"), 2);
}

#[test]
fn software_keys_are_asked_before_security_keys() {
    let apart = Apart::new();
    let tokens = tokens(&apart, 1);
    let (asked, count) = counter();
    let (real, key) = (RealAgent::at(apart.real.socket()), apart.usual.key.clone());
    let signs = move |request: &ssh_agent_lib::proto::SignRequest| {
        let security_key = request.credential.key_data().algorithm().as_str().starts_with("sk-");
        count.fetch_add(usize::from(security_key), Ordering::SeqCst);
        (!security_key).then(|| real.sign(&key, &request.data))
    };
    Liar::new(&[&tokens[0].1, &apart.usual.certificate], signs).start(apart.room());
    assert_eq!(apart.verdict(), ACCEPTED);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(apart.usual.verdict("require_sk"), refused("agent-refused"), "the security key is there to be asked");
    assert!(asked.load(Ordering::SeqCst) > 0);
}

fn counter() -> (Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let counter = Arc::new(AtomicUsize::new(0));
    (counter.clone(), counter)
}
