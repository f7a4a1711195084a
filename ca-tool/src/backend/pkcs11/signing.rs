//! A token's signature, and SSH's (RFC 5656 section 3.1.2, RFC 8332, RFC 8709).

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::slot::Slot;
use sha2::{Digest, Sha256, Sha384, Sha512};
use ssh_key::encoding::Encode;
use ssh_key::public::KeyData;
use ssh_key::{EcdsaCurve, Mpint};

type DigestFunction = fn(&[u8]) -> Vec<u8>;

/// How a key signs: with which mechanism, and what it is given.
pub(super) struct Way {
    pub(super) mechanism: Mechanism<'static>,
    digest: Option<DigestFunction>,
}

impl Way {
    /// In one step, where every token knows how. Nothing for keys that no CA has.
    pub(super) fn in_one_step(key: &KeyData) -> Option<Self> {
        let (mechanism, digest): (_, Option<DigestFunction>) = match key {
            KeyData::Ecdsa(key) => (Mechanism::Ecdsa, Some(digest_for(key.curve()))),
            KeyData::Ed25519(_) => (Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)), None),
            KeyData::Rsa(_) => (Mechanism::Sha512RsaPkcs, None),
            _ => return None,
        };
        Some(Self { mechanism, digest })
    }

    /// In several steps, between which a PIN can be said: tokens want a mechanism that hashes for that.
    pub(super) fn in_steps(key: &KeyData, context: &Pkcs11, slot: Slot) -> Option<Self> {
        let KeyData::Ecdsa(ecdsa) = key else { return Self::in_one_step(key) };
        let (mechanism, wanted) = match ecdsa.curve() {
            EcdsaCurve::NistP256 => (Mechanism::EcdsaSha256, MechanismType::ECDSA_SHA256),
            EcdsaCurve::NistP384 => (Mechanism::EcdsaSha384, MechanismType::ECDSA_SHA384),
            EcdsaCurve::NistP521 => (Mechanism::EcdsaSha512, MechanismType::ECDSA_SHA512),
        };
        match context.get_mechanism_list(slot).is_ok_and(|list| list.contains(&wanted)) {
            true => Some(Self { mechanism, digest: None }),
            false => Self::in_one_step(key),
        }
    }

    /// What the token is given to sign.
    pub(super) fn input(&self, message: &[u8]) -> Vec<u8> {
        self.digest.map_or_else(|| message.to_vec(), |digest| digest(message))
    }
}

/// The blob of a signature as SSH has it. Nothing when the token's has no right form.
pub(super) fn blob(key: &KeyData, raw: &[u8]) -> Option<Vec<u8>> {
    let (name, signature) = match key {
        KeyData::Ecdsa(_) => (key.algorithm().as_str().to_owned(), two_numbers(raw)?),
        KeyData::Ed25519(_) => (key.algorithm().as_str().to_owned(), raw.to_vec()),
        KeyData::Rsa(_) => ("rsa-sha2-512".to_owned(), raw.to_vec()),
        _ => return None,
    };
    let mut blob = name.encode_vec().ok()?;
    blob.extend(signature.encode_vec().ok()?);
    Some(blob)
}

/// r and s stand side by side, equally long.
fn two_numbers(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = raw.split_at_checked(raw.len() / 2)?;
    let mut out = Mpint::from_positive_bytes(r).encode_vec().ok()?;
    out.extend(Mpint::from_positive_bytes(s).encode_vec().ok()?);
    Some(out)
}

fn digest_for(curve: EcdsaCurve) -> DigestFunction {
    match curve {
        EcdsaCurve::NistP256 => |message| Sha256::digest(message).to_vec(),
        EcdsaCurve::NistP384 => |message| Sha384::digest(message).to_vec(),
        EcdsaCurve::NistP521 => |message| Sha512::digest(message).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_and_s_become_numbers_without_leading_zeros() {
        assert_eq!(two_numbers(&[0, 1, 0x80, 2]).unwrap(), [0, 0, 0, 1, 1, 0, 0, 0, 3, 0, 0x80, 2]);
        assert_eq!(two_numbers(&[1, 2, 3]), None);
        assert_eq!(two_numbers(&[]), None);
    }
}
