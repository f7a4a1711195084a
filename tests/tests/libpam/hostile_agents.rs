//! Agents that speak the protocol and lie: what they list and what they sign.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ssh_agent_lib::ssh_key::{Algorithm, Signature};
use tests::hostile::wire::{Identity, blob, split_string, string};
use tests::hostile::{Between, Liar, RealAgent};
use tests::pam::{Agent, Certificate, Key, Room, User};

use crate::hostile_streams::assert_bounded;
use crate::usual::{ACCEPTED, NO_AGENT, Usual, Verdict, refused, verdict};

/// A room whose agent stands apart, so that a liar can stand in its place.
struct Apart {
    usual: Usual,
    real: Agent,
}

impl Apart {
    fn new() -> Self {
        let usual = Usual::new();
        assert_eq!(usual.verdict(""), ACCEPTED, "the real agent");
        let real = usual.room.agent_of(User::ROOT, &usual.room.folder().join("real"));
        real.add(&usual.key);
        Self { usual, real }
    }

    fn room(&self) -> &Room {
        &self.usual.room
    }

    fn between(&self) -> Between {
        Between::before(self.real.socket())
    }

    /// The verdict with what the real agent lists changed.
    fn verdict_with_list(&self, change: impl Fn(Vec<Identity>) -> Vec<Identity> + Send + Sync + 'static) -> Verdict {
        let _liar = self.between().list(change).start(self.room());
        self.verdict()
    }

    /// The verdict with what the real agent signs changed.
    fn verdict_with_signature(&self, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Verdict {
        let _liar = self.between().signature(change).start(self.room());
        self.verdict()
    }

    fn verdict(&self) -> Verdict {
        let host = || self.usual.sudo("timeout=1 sign_timeout=1");
        assert_bounded(&host().auth(), "a liar");
        verdict(host)
    }

    /// Further keys, each with a certificate of the trusted CA that names alice.
    fn certified_keys(&self, count: usize) -> Vec<PathBuf> {
        let folder = self.room().folder().join("many");
        fs::create_dir(&folder).expect("a folder");
        many_certificates(&self.usual.ca, &self.usual.key, &folder, count)
    }
}

/// Public keys that nobody has, certified in one go by the real ssh-keygen.
fn many_certificates(ca: &Key, like: &Key, folder: &std::path::Path, count: usize) -> Vec<PathBuf> {
    use base64ct::{Base64, Encoding};
    let blob = blob(&like.public());
    let names: Vec<PathBuf> = (0..count).map(|number| folder.join(format!("{number}.pub"))).collect();
    for (number, name) in names.iter().enumerate() {
        let mut blob = blob.clone();
        blob[20..28].copy_from_slice(&number.to_be_bytes());
        fs::write(name, format!("ssh-ed25519 {} many\n", Base64::encode_string(&blob))).expect("a public key");
    }
    for some in names.chunks(1000) {
        let mut command = std::process::Command::new("ssh-keygen");
        command.args(["-q", "-I", "alice@corp", "-n", "alice", "-V", "-1m:+1h", "-s"]).arg(ca.path()).args(some);
        tests::pam::run(&mut command);
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
    let all: Vec<Identity> = apart.certified_keys(800).iter().map(identity).collect();
    let each = all[0].0.len() + all[0].1.len() + 8;
    let fit = (256 * 1024 - 2048) / each;
    assert!((200..800).contains(&fit), "{fit} certificates of {each} bytes fit");
    let liar = apart.between().list(move |list| [all[..fit].to_vec(), list].concat());
    let asked = liar.asked();
    let _liar = liar.start(apart.room());
    let answer = apart.usual.sudo("timeout=5 sign_timeout=9").auth();
    assert_eq!(answer.code(), "SUCCESS");
    assert_bounded(&answer, "a list of certificates without keys");
    assert!(asked.load(Ordering::SeqCst) > fit, "each was tried before the good one");
}

#[test]
fn two_thousand_certificates_without_a_key_are_more_than_an_agent_may_say() {
    let apart = Apart::new();
    let all: Vec<Identity> = apart.certified_keys(2000).iter().map(identity).collect();
    let _liar = apart.between().list(move |list| [all.clone(), list].concat()).start(apart.room());
    let answer = apart.usual.sudo("").auth();
    assert_eq!(answer.code(), NO_AGENT[0]);
    assert_bounded(&answer, "2,000 certificates");
    assert!(answer.only().elapsed < Duration::from_secs(2), "took {:?}", answer.only().elapsed);
}

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
        let asked = ssh_agent_lib::ssh_key::PublicKey::from(request.credential.key_data().clone());
        (asked.to_bytes().ok()? == good_blob).then(|| real.sign(&good, &request.data))
    });
    liar.start(apart.room());
    assert_eq!(apart.verdict(), ACCEPTED, "beside a good one");
}

#[test]
fn a_plain_signature_under_the_certificate_of_a_security_key_is_refused() {
    let apart = Apart::new();
    let (key, room) = (apart.usual.key.clone(), apart.room());
    let public = tests::hostile::token::public_key(room, &key);
    let certificate = room.certify_file(&apart.usual.ca, &public, &Certificate::default());
    let real = RealAgent::at(apart.real.socket());
    let signer = key.clone();
    Liar::new(&[&certificate], move |request| Some(tests::hostile::token::sign(&real, &signer, 1, &request.data))).start(room);
    assert_eq!(apart.verdict(), ACCEPTED, "as a security key signs");
    let real = RealAgent::at(apart.real.socket());
    let plain = move |data: &[u8]| Signature::new(Algorithm::Ed25519, real.sign(&key, data).as_bytes()).ok();
    Liar::new(&[&certificate], move |request| plain(&request.data)).start(room);
    assert_eq!(apart.verdict(), refused("signature-key-mismatch"), "as a plain key signs");
}

#[test]
fn two_security_keys_at_most_are_asked_in_one_transaction() {
    let apart = Apart::new();
    let room = apart.room();
    let (mut certificates, mut keys) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let key = room.key(&format!("inside-{number}"), "ed25519");
        let public = tests::hostile::token::public_key(room, &key);
        let own = room.folder().join(format!("token-{number}.pub"));
        fs::rename(public, &own).expect("a name of its own");
        certificates.push(room.certify_file(&apart.usual.ca, &own, &Certificate::default()));
        keys.push(key);
    }
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let paths: Vec<&std::path::Path> = certificates.iter().map(PathBuf::as_path).collect();
    let liar = Liar::new(&paths, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        None
    });
    liar.start(room);
    let answer = apart.usual.sudo("").with("calls=3").call("authenticate,acct_mgmt");
    assert_eq!(answer.codes(), ["AUTH_ERR", "PERM_DENIED", "AUTH_ERR", "PERM_DENIED", "AUTH_ERR", "PERM_DENIED"]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
