//! A plain public key: parsed from its blob (RFC 4253 section 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f), measured, named.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ssh_key::HashAlg;
use ssh_key::encoding::Decode;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey, SkEcdsaSha2NistP256, SkEd25519};

use crate::algorithm::KeyType;
use crate::wire::Reader;

/// The rsa crate's bound. OpenSSL's, and so OpenSSH's, is 16384.
const MAX_RSA_BITS: usize = rsa::RsaPublicKey::MAX_SIZE;

/// Why a blob is not a key that we use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The type's name is not on the list (its bytes, as far as they can be read).
    Unsupported(Vec<u8>),
    /// The name is, the rest is not a key of that type.
    Malformed,
    /// An RSA key of more bits than can be used: how many.
    TooLarge(usize),
    /// An ed25519 key of small order: signatures "by" it can be made without any private key. sshd takes it.
    Weak,
}

/// A plain public key that can check signatures.
#[derive(Debug)]
pub struct PublicKey {
    key_type: KeyType,
    data: KeyData,
}

impl PublicKey {
    /// Parses a plain key's blob.
    ///
    /// # Errors
    /// [`KeyError`]: the type is not accepted, or the blob is not one.
    pub fn from_blob(blob: &[u8]) -> Result<Self, KeyError> {
        let key_type = framed_type(blob)?;
        let key = Self { key_type, data: decode(key_type, blob).ok_or(KeyError::Malformed)? };
        if let Some(bits) = key.rsa_bits().filter(|&bits| bits > MAX_RSA_BITS) {
            return Err(KeyError::TooLarge(bits));
        }
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(key)
    }

    /// Its type.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Bits of the modulus; `None` for other types than RSA.
    pub fn rsa_bits(&self) -> Option<usize> {
        let modulus = self.data.rsa()?.n().as_positive_bytes()?;
        let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
        Some((modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0)))
    }

    fn is_weak(&self) -> bool {
        let point = match &self.data {
            KeyData::Ed25519(key) => key,
            KeyData::SkEd25519(key) => key.public_key(),
            _ => return false,
        };
        // Bytes that are no point verify nothing.
        ed25519_dalek::VerifyingKey::from_bytes(&point.0).is_ok_and(|key| key.is_weak())
    }

    pub(crate) fn data(&self) -> &KeyData {
        &self.data
    }
}

/// By type rather than with `KeyData::decode`, which would take certificates, DSA keys and anything else as well.
fn decode(key_type: KeyType, blob: &[u8]) -> Option<KeyData> {
    let mut fields = Reader::new(blob);
    fields.string().ok()?; // name
    let mut fields = fields.rest();
    let data = match key_type {
        KeyType::Ed25519 => Ed25519PublicKey::decode(&mut fields).ok()?.into(),
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => EcdsaPublicKey::decode(&mut fields).ok()?.into(),
        KeyType::Rsa => KeyData::Rsa(RsaPublicKey::decode(&mut fields).ok()?),
        KeyType::SkEd25519 => KeyData::SkEd25519(SkEd25519::decode(&mut fields).ok()?),
        KeyType::SkEcdsaP256 => KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::decode(&mut fields).ok()?),
    };
    fields.is_empty().then_some(data)
}

/// The type of a plain key whose blob is framed right, without looking at the numbers in it.
///
/// # Errors
/// As [`PublicKey::from_blob`].
pub(crate) fn framed_type(blob: &[u8]) -> Result<KeyType, KeyError> {
    let mut reader = Reader::new(blob);
    let name = reader.string().map_err(|_| KeyError::Malformed)?;
    let key_type = KeyType::from_name(name).ok_or_else(|| KeyError::Unsupported(name.to_vec()))?;
    key_type.skip_fields(&mut reader).map_err(|_| KeyError::Malformed)?;
    reader.finish().map_err(|_| KeyError::Malformed)?;
    Ok(key_type)
}

/// The fingerprint as `ssh-keygen -l` prints it: `SHA256:` and base64 without padding.
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(HashAlg::Sha256.digest(blob)))
}
