//! One key pair, derived from the device's secret: the key handle is a nonce and a tag, so nothing needs storing.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use sha2::{Digest, Sha256};

use crate::api::Signature;
use crate::{Result, SkError};

/// `SSH_SK_ECDSA` and `SSH_SK_ED25519`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ecdsa = 0,
    Ed25519 = 1,
}

impl TryFrom<u32> for Algorithm {
    type Error = SkError;

    fn try_from(alg: u32) -> Result<Algorithm> {
        match alg {
            0 => Ok(Algorithm::Ecdsa),
            1 => Ok(Algorithm::Ed25519),
            _ => Err(SkError::Unsupported),
        }
    }
}

/// A key of this device for one application.
pub(crate) struct Credential {
    /// What OpenSSH stores as the private key file: 32 bytes nonce, 32 bytes tag.
    pub(crate) handle: Vec<u8>,
    key: Key,
}

enum Key {
    Ecdsa(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Credential {
    /// A new key.
    pub(crate) fn create(secret: &[u8; 32], algorithm: Algorithm, application: &[u8]) -> Result<Credential> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|_| SkError::General)?;
        Credential::derive(secret, algorithm, application, &nonce)
    }

    /// The key behind a handle; a handle of another device, application or algorithm is not found here.
    pub(crate) fn open(secret: &[u8; 32], algorithm: Algorithm, application: &[u8], handle: &[u8]) -> Result<Credential> {
        let nonce = handle.get(..32).ok_or(SkError::DeviceNotFound)?;
        let credential = Credential::derive(secret, algorithm, application, nonce)?;
        if credential.handle == handle { Ok(credential) } else { Err(SkError::DeviceNotFound) }
    }

    fn derive(secret: &[u8; 32], algorithm: Algorithm, application: &[u8], nonce: &[u8]) -> Result<Credential> {
        let derived = |purpose: &[u8; 4]| -> [u8; 32] {
            let fields = [&purpose[..], &[algorithm as u8], secret, &hash(application), nonce];
            hash(&fields.concat())
        };
        let seed = derived(b"seed");
        let key = match algorithm {
            Algorithm::Ed25519 => Key::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)),
            Algorithm::Ecdsa => {
                let key = p256::ecdsa::SigningKey::from_slice(&seed).map_err(|_| SkError::General)?;
                Key::Ecdsa(key)
            }
        };
        Ok(Credential { handle: [nonce, &derived(b"tag ")].concat(), key })
    }

    /// The algorithm's number in sk-api.h.
    pub(crate) fn alg(&self) -> u32 {
        match self.key {
            Key::Ecdsa(_) => Algorithm::Ecdsa as u32,
            Key::Ed25519(_) => Algorithm::Ed25519 as u32,
        }
    }

    /// An uncompressed SEC1 point, or 32 bytes.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Ecdsa(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Key::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        }
    }

    /// Signs what an authenticator signs: SHA256(application), flags, counter, SHA256(data).
    pub(crate) fn sign(&self, application: &[u8], flags: u8, counter: u32, data: &[u8]) -> Result<Signature> {
        let message = [&hash(application)[..], &[flags], &counter.to_be_bytes(), &hash(data)].concat();
        match &self.key {
            Key::Ed25519(key) => Ok(Signature::Ed25519(key.sign(&message).to_bytes())),
            Key::Ecdsa(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&hash(&message)).map_err(|_| SkError::General)?;
                let (r, s) = signature.split_bytes();
                Ok(Signature::Ecdsa { r: r.into(), s: s.into() })
            }
        }
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
