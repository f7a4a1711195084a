//! A CA that exists for one trial, and somebody's key, plain or as a security key has it. Nothing of them is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use sha2::{Digest, Sha256};
use ssh_key::encoding::Encode;
use ssh_key::{Algorithm, EcdsaCurve, PrivateKey};
use ussh_cert::algorithm::{KeyType, SignatureAlgorithm};
use ussh_cert::certificate::CertificateType;
use ussh_cert::draft::{Draft, with_signature};

use super::wanted::Wanted;
use crate::error::{Error, OrSay, Result};
use crate::issue::request::now;

/// RSA keys take seconds to make.
const KEYS: [SignatureAlgorithm; 4] =
    [SignatureAlgorithm::Ed25519, SignatureAlgorithm::EcdsaP256, SignatureAlgorithm::EcdsaP384, SignatureAlgorithm::EcdsaP521];

/// Touched, and its user verified (PROTOCOL.u2f).
const FLAGS: u8 = 0x01 | 0x04;
const APPLICATION: &str = "ssh:";

const DEFECT: &str = "This is a defect.";

/// Shorter than any limit that options set, longer than a trial takes.
pub(super) const VALID: (i64, i64) = (-60, 120);
pub(super) const EXPIRED: (i64, i64) = (-7200, -3600);

/// A CA, a key, and how it would be told apart from others.
pub(super) struct Throwaway {
    ca: PrivateKey,
    ca_blob: Vec<u8>,
    key: PrivateKey,
    /// The public key's blob.
    blob: Vec<u8>,
    is_sk: bool,
    /// Why a certificate of this CA and key proves nothing here.
    pub(super) unfit: Option<String>,
}

impl Throwaway {
    pub(super) fn new(wanted: &Wanted) -> Result<Self> {
        let ca_algorithm = Wanted::first_allowed(wanted.of_cas.as_ref(), &KEYS);
        let of_people: &[_] = if wanted.security_key { &[SignatureAlgorithm::SkEd25519] } else { &KEYS };
        let key_algorithm = Wanted::first_allowed(wanted.accepted.as_ref(), of_people);
        let unfit = |option: &str| Some(format!("{option} allows no algorithm that a trial has keys for"));
        let ca = generate(ca_algorithm)?;
        let key = generate(key_algorithm.filter(|_| !wanted.security_key))?;
        let plain = blob(&key)?;
        let sk_blob = || {
            let point = plain.get(plain.len().saturating_sub(32)..).unwrap_or_default();
            [string(KeyType::SkEd25519.name().as_bytes()), string(point), string(APPLICATION.as_bytes())].concat()
        };
        Ok(Self {
            ca_blob: blob(&ca)?,
            ca,
            blob: if wanted.security_key { sk_blob() } else { plain.clone() },
            key,
            is_sk: wanted.security_key,
            unfit: match (ca_algorithm, key_algorithm) {
                (None, _) => unfit("ca_signature_algorithms"),
                (_, None) => unfit("accepted_algorithms"),
                _ => None,
            },
        })
    }

    /// For a file of trusted CAs.
    pub(super) fn ca_line(&self) -> String {
        format!("{} {} trial", name(&self.ca_blob), STANDARD.encode(&self.ca_blob))
    }

    /// The plain key, as sshd lists it.
    pub(super) fn plain_line(&self) -> String {
        line(&self.blob)
    }

    /// A certificate that is valid so many seconds from now until so many.
    pub(super) fn certificate(&self, principals: &[String], (from, to): (i64, i64)) -> Result<Vec<u8>> {
        let draft = Draft {
            public_key: &self.blob,
            serial: 1,
            certificate_type: CertificateType::User,
            key_id: "trial",
            principals,
            valid_after: now().saturating_add_signed(from),
            valid_before: now().saturating_add_signed(to),
            critical_options: &[],
            extensions: &[],
            signature_key: &self.ca_blob,
        };
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).or_say("The kernel gives no random numbers", "Try again later.")?;
        let signed = draft.to_be_signed(&nonce).ok_or_else(|| Error::new("The key cannot be certified.", DEFECT))?;
        let signature = plain_signature(&self.ca, &signed).ok_or_else(|| Error::new("The CA cannot sign.", DEFECT))?;
        Ok(with_signature(signed, &signature))
    }

    /// What signs in the agent's place.
    pub(super) fn signer(&self) -> impl FnMut(&[u8], &[u8], u32) -> Option<Vec<u8>> + Send + 'static {
        let (key, is_sk) = (self.key.clone(), self.is_sk);
        move |_, data, _| if is_sk { sk_signature(&key, data) } else { plain_signature(&key, data) }
    }
}

/// A line of SSH_AUTH_INFO_0 for a key or a certificate.
pub(super) fn line(blob: &[u8]) -> String {
    format!("publickey {} {}\n", name(blob), STANDARD.encode(blob))
}

fn name(blob: &[u8]) -> String {
    String::from_utf8_lossy(ussh_cert::certificate::blob_name(blob).unwrap_or_default()).into_owned()
}

fn generate(algorithm: Option<SignatureAlgorithm>) -> Result<PrivateKey> {
    let algorithm = match algorithm {
        Some(SignatureAlgorithm::EcdsaP256) => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Some(SignatureAlgorithm::EcdsaP384) => Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Some(SignatureAlgorithm::EcdsaP521) => Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        _ => Algorithm::Ed25519,
    };
    // Asked first, because the generator that ssh-key wants has no way to say that the kernel has none.
    getrandom::fill(&mut [0; 1]).or_say("The kernel gives no random numbers", "Try again later.")?;
    PrivateKey::random(&mut UnwrapErr(SysRng), algorithm).or_say("A key pair cannot be made", DEFECT)
}

fn blob(key: &PrivateKey) -> Result<Vec<u8>> {
    key.public_key().key_data().encode_vec().or_say("A public key cannot be written", DEFECT)
}

fn plain_signature(key: &PrivateKey, data: &[u8]) -> Option<Vec<u8>> {
    signature::Signer::try_sign(key, data).ok()?.encode_vec().ok()
}

/// What a security key signs and says (PROTOCOL.u2f).
fn sk_signature(key: &PrivateKey, data: &[u8]) -> Option<Vec<u8>> {
    let counter = 1_u32.to_be_bytes();
    let message = [Sha256::digest(APPLICATION).as_slice(), &[FLAGS], &counter, Sha256::digest(data).as_slice()].concat();
    let signature: ssh_key::Signature = signature::Signer::try_sign(key, &message).ok()?;
    let label = string(KeyType::SkEd25519.name().as_bytes());
    Some([label, string(signature.as_bytes()), vec![FLAGS], counter.to_vec()].concat())
}

/// RFC 4251 section 5.
fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    [length.to_be_bytes().as_slice(), bytes].concat()
}
