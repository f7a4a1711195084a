//! Certificates that ssh-keygen made, judged by the rules of sshd. `vectors/make.sh` says how they came to be.

#![allow(clippy::expect_used, clippy::panic)]

use std::path::Path;

use base64ct::{Base64, Encoding};
use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::authority::{Restriction, Source};
use ussh_cert::key::{PublicKey, fingerprint};
use ussh_cert::{CaKeys, Certificate, Refusal, Rules, check};

fn vector(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn blob(line: &str) -> Vec<u8> {
    Base64::decode_vec(line.split(' ').nth(1).expect("a key's line")).expect("base64")
}

fn verdict_with(name: &str, required_rsa_size: usize, ca_signature_algorithms: &AlgorithmSet) -> Result<(), Refusal> {
    let bytes = blob(&vector(&format!("{name}-cert.pub")));
    let certificate = Certificate::parse(&bytes)?;
    let (ca_keys, bad_lines) = CaKeys::parse(vector("ca.pub").as_bytes());
    assert_eq!((ca_keys.len(), bad_lines), (8, Vec::new()));
    let rules = Rules {
        ca_keys: &ca_keys,
        username: Some("alice"),
        authorized_principals: None,
        authorized_principals_file: None,
        ca_signature_algorithms,
        accepted_algorithms: &AlgorithmSet::default(),
        required_rsa_size,
        max_validity: None,
        require_sk: false,
        require_verify: false,
        source_address: Source::Refuse,
        force_command: Restriction::Refuse,
        revocation: None,
        local_time: |_| None,
    };
    check(&certificate, &rules, 1_800_000_000).map(|_| ())
}

fn verdict(name: &str) -> Result<(), Refusal> {
    verdict_with(name, 2048, &AlgorithmSet::default())
}

#[test]
fn accepts_every_type_of_key_and_of_ca() {
    for key in ["ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa2048", "rsa4096"] {
        assert_eq!(verdict(&format!("{key}-by-ed25519")), Ok(()), "{key}");
    }
    for ca in ["ecdsa256", "ecdsa384", "ecdsa521", "rsa2048", "rsa2048-sha256", "rsa4096"] {
        assert_eq!(verdict(&format!("ed25519-by-{ca}")), Ok(()), "{ca}");
    }
}

#[test]
fn refuses_rsa_keys_below_the_bound_to_the_bit() {
    assert_eq!(verdict("rsa1024-by-ed25519"), Err(Refusal::KeyTooSmall(1024)));
    assert_eq!(verdict("rsa2047-by-ed25519"), Err(Refusal::KeyTooSmall(2047)));
    assert_eq!(verdict("ed25519-by-rsa1024"), Err(Refusal::CaKeyTooSmall(1024)));
    assert_eq!(verdict("ed25519-by-rsa2047"), Err(Refusal::CaKeyTooSmall(2047)));
    for name in ["rsa1024-by-ed25519", "ed25519-by-rsa1024"] {
        assert_eq!(verdict_with(name, 1024, &AlgorithmSet::default()), Ok(()), "{name}");
    }
    assert_eq!(verdict_with("rsa2048-by-ed25519", 2049, &AlgorithmSet::default()), Err(Refusal::KeyTooSmall(2048)));
}

#[test]
fn refuses_sha1_and_dsa_by_name() {
    assert_eq!(verdict("ed25519-by-rsa2048-sha1"), Err(Refusal::CaSignatureAlgorithm(b"ssh-rsa".to_vec())));
    assert_eq!(verdict("dsa-by-ed25519"), Err(Refusal::Unsupported(b"ssh-dss-cert-v01@openssh.com".to_vec())));
}

#[test]
fn the_hash_of_an_rsa_signature_must_be_allowed() {
    let sha512 = AlgorithmSet::parse("rsa-sha2-512").expect("a known name");
    assert_eq!(verdict_with("ed25519-by-rsa2048", 2048, &sha512), Ok(()));
    let refused = verdict_with("ed25519-by-rsa2048-sha256", 2048, &sha512);
    assert_eq!(refused, Err(Refusal::CaSignatureAlgorithm(b"rsa-sha2-256".to_vec())));
}

#[test]
fn reads_the_fields_as_ssh_keygen_wrote_them() {
    let bytes = blob(&vector("ecdsa384-by-ed25519-cert.pub"));
    let certificate = Certificate::parse(&bytes).expect("a certificate");
    assert_eq!(certificate.key_id, b"ecdsa384-by-ed25519@vectors");
    assert_eq!(certificate.principals, [b"alice".as_slice(), b"ops"]);
    assert_eq!((certificate.serial, certificate.valid_after, certificate.valid_before), (7, 0, u64::MAX));
    assert_eq!(PublicKey::from_blob(&certificate.public_key).expect("its key").key_type().name(), "ecdsa-sha2-nistp384");
}

#[test]
fn sentences_name_the_bound_that_was_missed() {
    let refusal = verdict("rsa1024-by-ed25519").expect_err("too small");
    assert_eq!((refusal.code(), refusal.to_string().as_str()), ("key-too-small", "is for an RSA key of only 1024 bits"));
    assert_eq!(refusal.next_step(), "Get one for another key");
}

/// The ssh-key crate as a second opinion on what the bytes say.
#[test]
fn ssh_key_reads_the_same_fields() {
    let names = ["ed25519-by-ed25519", "ecdsa521-by-ed25519", "rsa4096-by-ed25519", "ed25519-by-rsa4096"];
    for name in names {
        let line = vector(&format!("{name}-cert.pub"));
        let bytes = blob(&line);
        let ours = Certificate::parse(&bytes).expect(name);
        let theirs = ssh_key::Certificate::from_openssh(&line).expect(name);
        assert_eq!(ours.key_id, theirs.key_id().as_bytes());
        assert_eq!(ours.serial, theirs.serial());
        assert_eq!(ours.principals, theirs.valid_principals().iter().map(String::as_bytes).collect::<Vec<_>>());
        assert_eq!(fingerprint(&ours.public_key), theirs.public_key().fingerprint(ssh_key::HashAlg::Sha256).to_string());
        assert_eq!(fingerprint(ours.signature_key), theirs.signature_key().fingerprint(ssh_key::HashAlg::Sha256).to_string());
    }
}
