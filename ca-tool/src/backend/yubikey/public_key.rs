//! A PIV key's public half (RFC 5280 SubjectPublicKeyInfo) as SSH's.

use ::yubikey::piv::AlgorithmId;
use rsa::traits::PublicKeyParts;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};
use x509_cert::der::referenced::OwnedToRef;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const RSA: &str = "1.2.840.113549.1.1.1";
const ELLIPTIC_CURVE: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

/// Nothing for keys that PIV or SSH does not know.
pub(crate) fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Option<(AlgorithmId, KeyData)> {
    let bytes = spki.subject_public_key.as_bytes()?;
    match spki.algorithm.oid.to_string().as_str() {
        ELLIPTIC_CURVE => {
            let key = EcdsaPublicKey::from_sec1_bytes(bytes).ok()?;
            let algorithm = match key {
                EcdsaPublicKey::NistP256(_) => AlgorithmId::EccP256,
                EcdsaPublicKey::NistP384(_) => AlgorithmId::EccP384,
                EcdsaPublicKey::NistP521(_) => return None,
            };
            Some((algorithm, KeyData::Ecdsa(key)))
        }
        ED25519 => Some((AlgorithmId::Ed25519, KeyData::Ed25519(Ed25519PublicKey(bytes.try_into().ok()?)))),
        RSA => {
            let key = rsa::RsaPublicKey::try_from(spki.owned_to_ref()).ok()?;
            let algorithm = match key.size() {
                128 => AlgorithmId::Rsa1024,
                256 => AlgorithmId::Rsa2048,
                384 => AlgorithmId::Rsa3072,
                512 => AlgorithmId::Rsa4096,
                _ => return None,
            };
            Some((algorithm, KeyData::Rsa(RsaPublicKey::try_from(key).ok()?)))
        }
        _ => None,
    }
}
