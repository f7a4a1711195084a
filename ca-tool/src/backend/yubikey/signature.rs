//! What the card is given to sign, and its answer as SSH writes it (RFC 5656, 8332, 8709).

use ::yubikey::piv::AlgorithmId;
use rsa::Pkcs1v15Sign;
use sha2::{Digest, Sha256, Sha384, Sha512};
use ssh_key::encoding::Encode;
use ssh_key::{Algorithm, HashAlg, Signature};

use crate::error::{Error, OrSay, Result};

/// The driver puts the whole message of Ed25519 into 1,024 bytes, of which it needs ten itself, and panics when it does not fit.
const ED25519_MAX: usize = 1014;
/// It also counts the length bytes of exactly this many bytes wrongly, and panics.
const ED25519_MISCOUNTED: usize = 0xff;

/// What goes to the card: a digest for ECDSA, a padded block for RSA, all of the message for Ed25519.
pub(super) fn input(algorithm: AlgorithmId, message: &[u8]) -> Result<Vec<u8>> {
    match algorithm {
        AlgorithmId::EccP256 => Ok(Sha256::digest(message).to_vec()),
        AlgorithmId::EccP384 => Ok(Sha384::digest(message).to_vec()),
        AlgorithmId::Rsa2048 => Ok(pkcs1(256, message)),
        AlgorithmId::Rsa3072 => Ok(pkcs1(384, message)),
        AlgorithmId::Rsa4096 => Ok(pkcs1(512, message)),
        AlgorithmId::Ed25519 if message.len() > ED25519_MAX => Err(Error::new(
            format!(
                "This certificate has {} bytes to sign, and an Ed25519 key in a YubiKey takes at most {ED25519_MAX}.",
                message.len()
            ),
            "Use fewer principals or shorter options, or a CA key of type P-384, which signs any length.",
        )),
        AlgorithmId::Ed25519 if message.len() == ED25519_MISCOUNTED => Err(Error::new(
            format!("The YubiKey's driver cannot have exactly {ED25519_MISCOUNTED} bytes signed by an Ed25519 key."),
            "Make the key ID one character longer.",
        )),
        AlgorithmId::Ed25519 => Ok(message.to_vec()),
        AlgorithmId::Rsa1024 => Err(Error::new("An RSA key of 1,024 bits is too short for a CA.", "Use a P-384 key.")),
        AlgorithmId::X25519 => Err(Error::new("An X25519 key cannot sign.", "Use a P-384 key.")),
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) of the SHA-512 digest.
fn pkcs1(size: usize, message: &[u8]) -> Vec<u8> {
    let digest_info = [&*Pkcs1v15Sign::new::<Sha512>().prefix, &Sha512::digest(message)].concat();
    let padding = vec![0xff; size.saturating_sub(digest_info.len() + 3)];
    [&[0, 1], &*padding, &[0], &*digest_info].concat()
}

/// The card's answer as a blob.
pub(super) fn blob(algorithm: AlgorithmId, raw: &[u8]) -> Result<Vec<u8>> {
    signature(algorithm, raw)
        .and_then(|signature| signature.encode_vec().ok())
        .ok_or("it is malformed")
        .or_say("The YubiKey's signature is not understood", "Pull it out, plug it in and try again. Nothing was signed.")
}

fn signature(algorithm: AlgorithmId, raw: &[u8]) -> Option<Signature> {
    match algorithm {
        AlgorithmId::EccP256 => Signature::try_from(p256::ecdsa::Signature::from_der(raw).ok()?).ok(),
        AlgorithmId::EccP384 => Signature::try_from(p384::ecdsa::Signature::from_der(raw).ok()?).ok(),
        AlgorithmId::Ed25519 => Signature::new(Algorithm::Ed25519, raw).ok(),
        AlgorithmId::Rsa1024 | AlgorithmId::Rsa2048 | AlgorithmId::Rsa3072 | AlgorithmId::Rsa4096 => {
            Signature::new(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, raw).ok()
        }
        AlgorithmId::X25519 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ed25519_takes_what_the_driver_takes_and_not_one_byte_more() {
        assert!(input(AlgorithmId::Ed25519, &[0; ED25519_MAX]).is_ok());
        assert!(input(AlgorithmId::Ed25519, &[0; ED25519_MAX + 1]).is_err());
        assert!(input(AlgorithmId::Ed25519, &[0; 255]).is_err());
        assert!(input(AlgorithmId::Ed25519, &[0; 254]).is_ok() && input(AlgorithmId::Ed25519, &[0; 256]).is_ok());
    }

    #[test]
    fn an_rsa_block_is_as_long_as_the_key_and_ends_in_the_digest() {
        let block = input(AlgorithmId::Rsa3072, b"x").unwrap();
        assert_eq!(block.len(), 384);
        assert!(block.starts_with(&[0, 1, 0xff, 0xff]) && block.ends_with(&Sha512::digest(b"x")));
    }
}
