//! Private keys: made or imported, and what can be done with them.

use super::algorithm::Algorithm;
use super::{Answer, Status, der};
use crate::card::tlv::{Elements, tlv};
use ed25519_dalek::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::{Generate, point::AffineCoordinates};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};
use x25519_dalek::StaticSecret;

/// A private key of one of the kinds a card knows.
#[derive(Clone)]
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
    X25519(StaticSecret),
}

impl PrivateKey {
    /// A fresh key. RSA takes its time.
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::P256 => Self::P256(p256::SecretKey::generate_from_rng(&mut rand::rng())),
            Algorithm::P384 => Self::P384(p384::SecretKey::generate_from_rng(&mut rand::rng())),
            Algorithm::Ed25519 => Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&rand::random())),
            Algorithm::X25519 => Self::X25519(StaticSecret::from(rand::random::<[u8; 32]>())),
            Algorithm::Rsa1024 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                let bits = algorithm.rsa_bits().and_then(|bits| usize::try_from(bits).ok()).expect("RSA has a size");
                Self::Rsa(Box::new(RsaPrivateKey::new_unchecked(&mut rand::rng(), bits).expect("primes can be found")))
            }
        }
    }

    /// IMPORT ASYMMETRIC KEY's elements: the primes (01, 02), or the scalar (06), or the seed (07 Ed25519, 08 X25519).
    pub(super) fn import(algorithm: Algorithm, elements: &Elements<'_>) -> Result<Self, Status> {
        let refuse = |_| Status::WRONG_DATA;
        match algorithm {
            Algorithm::P256 => {
                Ok(Self::P256(p256::SecretKey::from_slice(elements.need(0x06)?).map_err(|_| Status::WRONG_DATA)?))
            }
            Algorithm::P384 => {
                Ok(Self::P384(p384::SecretKey::from_slice(elements.need(0x06)?).map_err(|_| Status::WRONG_DATA)?))
            }
            Algorithm::Ed25519 => Ok(Self::Ed25519(elements.need(0x07)?.try_into().map_err(|_| Status::WRONG_DATA)?)),
            Algorithm::X25519 => {
                let scalar: [u8; 32] = elements.need(0x08)?.try_into().map_err(refuse)?;
                Ok(Self::X25519(StaticSecret::from(scalar)))
            }
            Algorithm::Rsa1024 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                let key = Self::rsa(elements.need(0x01)?, elements.need(0x02)?).ok_or(Status::WRONG_DATA)?;
                if key.algorithm() == algorithm { Ok(key) } else { Err(Status::WRONG_DATA) }
            }
        }
    }

    /// The RSA key of two primes, public exponent 65537, if its size is one that PIV has.
    pub(super) fn rsa(p: &[u8], q: &[u8]) -> Option<Self> {
        let [p, q] = [p, q].map(BoxedUint::from_be_slice_vartime);
        let mut key = RsaPrivateKey::from_p_q(p, q, BoxedUint::from(65537_u64)).ok()?;
        key.precompute().ok()?;
        [128, 256, 384, 512].contains(&key.size()).then(|| Self::Rsa(Box::new(key)))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(key) => match key.size() {
                128 => Algorithm::Rsa1024,
                256 => Algorithm::Rsa2048,
                384 => Algorithm::Rsa3072,
                _ => Algorithm::Rsa4096,
            },
            Self::P256(_) => Algorithm::P256,
            Self::P384(_) => Algorithm::P384,
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::X25519(_) => Algorithm::X25519,
        }
    }

    /// The public key as GENERATE and GET METADATA give it: modulus (81) and exponent (82), or point (86).
    pub(super) fn public_elements(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => [tlv(0x81, key.n_bytes()), tlv(0x82, key.e_bytes())].concat(),
            _ => tlv(0x86, self.public_point()),
        }
    }

    /// The point of an elliptic curve: uncompressed for the NIST curves, 32 bytes for the others.
    pub(super) fn public_point(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.public_key().to_sec1_bytes().to_vec(),
            Self::P384(key) => key.public_key().to_sec1_bytes().to_vec(),
            Self::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
            Self::X25519(key) => x25519_dalek::PublicKey::from(key).to_bytes().to_vec(),
            Self::Rsa(_) => vec![],
        }
    }

    /// The public key as X.509 has it.
    pub(super) fn public_key_info(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => der::rsa_public_key_info(&key.n_bytes(), &key.e_bytes()),
            Self::P256(_) => der::ec_public_key_info(der::PRIME256V1, &self.public_point()),
            Self::P384(_) => der::ec_public_key_info(der::SECP384R1, &self.public_point()),
            Self::Ed25519(_) => der::edwards_public_key_info(der::ED25519, &self.public_point()),
            Self::X25519(_) => der::edwards_public_key_info(der::X25519, &self.public_point()),
        }
    }

    /// Signs what GENERAL AUTHENTICATE brings: a digest for ECDSA (a short one is padded on the left, a long one refused),
    /// a padded block as long as the modulus for RSA, the whole message for Ed25519.
    pub(super) fn sign(&self, input: &[u8]) -> Answer {
        match self {
            Self::Rsa(key) => raw_rsa(key, input),
            Self::P256(key) => {
                let digest = left_padded::<32>(input)?;
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::SigningKey::from(key).sign_prehash(&digest).expect("a digest of the curve's size");
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(key) => {
                let digest = left_padded::<48>(input)?;
                let signature: p384::ecdsa::Signature =
                    p384::ecdsa::SigningKey::from(key).sign_prehash(&digest).expect("a digest of the curve's size");
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(key) => Ok(key.sign(input).to_bytes().to_vec()),
            Self::X25519(_) => Err(Status::WRONG_DATA),
        }
    }

    /// The secret shared with another public point: its x coordinate.
    pub(super) fn agree(&self, point: &[u8]) -> Answer {
        match self {
            Self::P256(key) => {
                let other = p256::PublicKey::from_sec1_bytes(point).map_err(|_| Status::WRONG_DATA)?;
                Ok((other.to_projective() * *key.to_nonzero_scalar()).to_affine().x().to_vec())
            }
            Self::P384(key) => {
                let other = p384::PublicKey::from_sec1_bytes(point).map_err(|_| Status::WRONG_DATA)?;
                Ok((other.to_projective() * *key.to_nonzero_scalar()).to_affine().x().to_vec())
            }
            Self::X25519(key) => {
                let other: [u8; 32] = point.try_into().map_err(|_| Status::WRONG_DATA)?;
                Ok(key.diffie_hellman(&other.into()).to_bytes().to_vec())
            }
            Self::Rsa(_) | Self::Ed25519(_) => Err(Status::WRONG_DATA),
        }
    }
}

fn left_padded<const LENGTH: usize>(digest: &[u8]) -> Result<[u8; LENGTH], Status> {
    let mut padded = [0; LENGTH];
    let start = LENGTH.checked_sub(digest.len()).ok_or(Status::WRONG_DATA)?;
    padded[start..].copy_from_slice(digest);
    Ok(padded)
}

/// The RSA operation without any padding: signing and decrypting are the same to the card.
fn raw_rsa(key: &RsaPrivateKey, input: &[u8]) -> Answer {
    if input.len() != key.size() {
        return Err(Status::WRONG_DATA);
    }
    let input = BoxedUint::from_be_slice(input, key.n_bits_precision()).map_err(|_| Status::WRONG_DATA)?;
    let output = rsa::hazmat::rsa_decrypt(Some(&mut rand::rng()), key, &input).map_err(|_| Status::WRONG_DATA)?;
    let bytes = output.to_be_bytes();
    Ok(bytes[bytes.len() - key.size()..].to_vec())
}
