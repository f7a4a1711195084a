//! One identity's blob: the certificate as it came, and again signed by a CA that is trusted, so that the decision
//! gets past the signature. ssh-key reads the same blob, where it can without panicking.
#![no_main]

use std::sync::LazyLock;

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use ussh_cert::algorithm::{AlgorithmSet, KeyType};
use ussh_cert::authority::{Restriction, Rules, Source};
use ussh_cert::certificate::CertificateType;
use ussh_cert::options::{CriticalOptions, Extensions};
use ussh_cert::{Accepted, CaKeys, Certificate, Challenge, Refusal, check};

/// Some moment in the seeds' validity: 2025-06-15.
const NOW: u64 = 1_750_000_000;

/// CA and challenge are the same in every run, so that findings repeat.
static CA: LazyLock<Ca> = LazyLock::new(Ca::new);
static CHALLENGE: LazyLock<Challenge> = LazyLock::new(|| Challenge::new(&[7; 32], "sudo", "alice", "host").unwrap());

fuzz_target!(|blob: &[u8]| {
    let Ok(certificate) = Certificate::parse(blob) else { return };
    agrees_with_ssh_key(&certificate);
    let _ = CriticalOptions::parse(certificate.critical_options);
    let _ = Extensions::parse(certificate.extensions);
    let own_ca = trusting(certificate.signature_key);
    judge(&certificate, &own_ca);
    let resigned = CA.sign_again(&certificate);
    let resigned = Certificate::parse(&resigned).expect("only the CA differs");
    judge(&resigned, &CA.keys);
});

/// The decision, and what must hold of everything that it accepts.
fn judge(certificate: &Certificate<'_>, ca_keys: &CaKeys) {
    let Ok(accepted) = decide(certificate, ca_keys) else { return };
    assert_eq!(certificate.certificate_type, CertificateType::User);
    assert!((certificate.valid_after..certificate.valid_before).contains(&NOW));
    assert_eq!(accepted.principal(), b"alice");
    assert!(certificate.principals.contains(&accepted.principal()));
    assert!(ca_keys.contains(certificate.signature_key));
    // Whatever stands in the certificate's signature: it is none over our challenge.
    assert!(accepted.prove(&CHALLENGE, certificate.signature, NOW).is_err());
}

fn decide<'c>(certificate: &'c Certificate<'c>, ca_keys: &CaKeys) -> Result<Accepted<'c>, Refusal> {
    let algorithms = AlgorithmSet::default();
    let rules = Rules {
        ca_keys,
        username: Some("alice"),
        authorized_principals: None,
        authorized_principals_file: None,
        ca_signature_algorithms: &algorithms,
        accepted_algorithms: &algorithms,
        required_rsa_size: 2048,
        max_validity: None,
        require_sk: false,
        require_verify: false,
        source_address: Source::Ignore,
        force_command: Restriction::Ignore,
        revocation: None,
        local_time: |civil| civil.utc(),
    };
    let verdict = check(certificate, &rules, NOW);
    if let Err(refusal) = &verdict {
        let _ = refusal.to_string();
    }
    verdict
}

/// Where both read the certificate, they read the same in it.
fn agrees_with_ssh_key(ours: &Certificate<'_>) {
    let Ok(theirs) = ssh_key::Certificate::from_bytes(ours.blob) else { return };
    assert_eq!(ours.serial, theirs.serial());
    assert_eq!(ours.certificate_type == CertificateType::User, theirs.cert_type().is_user());
    assert_eq!(ours.key_id, c_string(theirs.key_id()));
    assert_eq!(ours.valid_after, theirs.valid_after());
    assert_eq!(ours.valid_before, theirs.valid_before());
    let principals: Vec<_> = theirs.valid_principals().iter().map(|name| c_string(name)).collect();
    assert_eq!(ours.principals, principals);
}

/// OpenSSH drops a NUL at the end of such a string (sshbuf_get_cstring), and so do we.
fn c_string(text: &str) -> &[u8] {
    text.strip_suffix('\0').unwrap_or(text).as_bytes()
}

/// A CA file with this one key, if it is one.
fn trusting(blob: &[u8]) -> CaKeys {
    let name = ussh_cert::certificate::blob_name(blob).unwrap_or_default();
    let Some(key_type) = KeyType::from_name(name) else { return CaKeys::default() };
    CaKeys::parse(format!("{} {}", key_type.name(), base64(blob)).as_bytes()).0
}

struct Ca {
    key: SigningKey,
    blob: Vec<u8>,
    keys: CaKeys,
}

impl Ca {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut blob = Vec::new();
        put_string(&mut blob, b"ssh-ed25519");
        put_string(&mut blob, key.verifying_key().as_bytes());
        let keys = trusting(&blob);
        assert_eq!(keys.len(), 1);
        Self { key, blob, keys }
    }

    /// The same certificate, issued by this CA.
    fn sign_again(&self, certificate: &Certificate<'_>) -> Vec<u8> {
        let before_the_ca = certificate.signed.len() - 4 - certificate.signature_key.len();
        let mut blob = certificate.signed[..before_the_ca].to_vec();
        put_string(&mut blob, &self.blob);
        let raw = self.key.sign(&blob).to_bytes();
        let mut signature = Vec::new();
        put_string(&mut signature, b"ssh-ed25519");
        put_string(&mut signature, &raw);
        put_string(&mut blob, &signature);
        blob
    }
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend(bytes);
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}
