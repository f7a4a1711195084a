//! A signature's blob (RFC 4253 section 6.6; PROTOCOL.u2f for security keys), checked against a key.

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, Signature};

use crate::algorithm::{AlgorithmSet, SignatureAlgorithm};
use crate::key::PublicKey;
use crate::wire::Reader;

/// Why a signature is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// Not a signature's blob, or bytes follow it.
    Malformed,
    /// Its label is unknown, never accepted (SHA-1, webauthn) or not in the allowed set.
    Algorithm(Vec<u8>),
    /// Its label belongs to another type of key.
    KeyMismatch(SignatureAlgorithm),
    /// It was not made by this key over this message.
    Invalid,
}

/// What a security key says of its user, in the signature (PROTOCOL.u2f). Both are false for other keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserFlags {
    /// Somebody touched it.
    pub present: bool,
    /// It knows who: a PIN or a fingerprint.
    pub verified: bool,
}

const SK_USER_PRESENT: u8 = 0x01;
const SK_USER_VERIFIED: u8 = 0x04;

/// Checks that `blob` is a signature by `key` over `message`, with a label from `allowed`.
///
/// # Errors
/// [`SignatureError`], cheap reasons before costly ones.
pub fn verify(key: &PublicKey, message: &[u8], blob: &[u8], allowed: &AlgorithmSet) -> Result<UserFlags, SignatureError> {
    let parsed = Parsed::from_blob(blob)?;
    if !allowed.contains(parsed.algorithm) {
        return Err(SignatureError::Algorithm(parsed.algorithm.name().into()));
    }
    if parsed.algorithm.key_type() != key.key_type() {
        return Err(SignatureError::KeyMismatch(parsed.algorithm));
    }
    let signature = parsed.for_key(key).ok_or(SignatureError::Malformed)?;
    verify_with(key.data(), message, &signature).ok_or(SignatureError::Invalid)?;
    Ok(parsed.flags())
}

fn verify_with(key: &KeyData, message: &[u8], signature: &Signature) -> Option<()> {
    use rsa::signature::Verifier;
    key.verify(message, signature).ok()
}

struct Parsed<'a> {
    algorithm: SignatureAlgorithm,
    raw: &'a [u8],
    /// Flags and counter, for security keys only.
    trailer: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn from_blob(blob: &'a [u8]) -> Result<Self, SignatureError> {
        let mut reader = Reader::new(blob);
        let label = reader.string().map_err(|_| SignatureError::Malformed)?;
        let algorithm = SignatureAlgorithm::from_name(label).ok_or_else(|| SignatureError::Algorithm(label.to_vec()))?;
        let raw = reader.string().map_err(|_| SignatureError::Malformed)?;
        let trailer = reader.rest();
        let expected = if algorithm.key_type().is_sk() { 5 } else { 0 };
        if trailer.len() != expected {
            return Err(SignatureError::Malformed);
        }
        Ok(Self { algorithm, raw, trailer })
    }

    fn flags(&self) -> UserFlags {
        let flags = self.trailer.first().copied().unwrap_or(0);
        UserFlags { present: flags & SK_USER_PRESENT != 0, verified: flags & SK_USER_VERIFIED != 0 }
    }

    fn for_key(&self, key: &PublicKey) -> Option<Signature> {
        let mut data = Vec::with_capacity(self.raw.len() + self.trailer.len());
        if let Some(bits) = key.rsa_bits() {
            // Some tokens drop leading zeros; OpenSSH puts them back (ssh-rsa.c).
            let missing = bits.div_ceil(8).checked_sub(self.raw.len())?;
            data.resize(missing, 0);
        }
        data.extend_from_slice(self.raw);
        data.extend_from_slice(self.trailer);
        Signature::new(ssh_key_name(self.algorithm), data).ok()
    }
}

fn ssh_key_name(algorithm: SignatureAlgorithm) -> Algorithm {
    match algorithm {
        SignatureAlgorithm::Ed25519 => Algorithm::Ed25519,
        SignatureAlgorithm::EcdsaP256 => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        SignatureAlgorithm::EcdsaP384 => Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        SignatureAlgorithm::EcdsaP521 => Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        SignatureAlgorithm::RsaSha256 => Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
        SignatureAlgorithm::RsaSha512 => Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        SignatureAlgorithm::SkEd25519 => Algorithm::SkEd25519,
        SignatureAlgorithm::SkEcdsaP256 => Algorithm::SkEcdsaSha2NistP256,
    }
}
