//! A certificate as it stands in its blob (PROTOCOL.certkeys). Says what the bytes claim; believes nothing.
//!
//! Parsed here rather than by ssh-key because the CA signed the bytes, not what a parser makes of them: the
//! signature is checked over the received bytes, and a key ID need not be UTF-8, both as in sshd (sshkey.c: cert_parse).

use crate::algorithm::KeyType;
use crate::wire::{Malformed, Reader, put_string};

/// As in OpenSSH (sshkey.h: SSHKEY_CERT_MAX_PRINCIPALS).
const MAX_PRINCIPALS: usize = 256;

/// `valid_before` of a certificate that never expires.
pub const FOREVER: u64 = u64::MAX;

/// Why a blob is not a certificate that we judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// A plain key, or a certificate of a type that is not accepted: the name in its bytes.
    Unsupported(Vec<u8>),
    /// Not framed as its name promises.
    Malformed,
}

impl From<Malformed> for CertificateError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What the certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateType {
    /// SSH_CERT_TYPE_USER
    User,
    /// SSH_CERT_TYPE_HOST
    Host,
}

/// The fields, in OpenSSH's names, borrowed from the blob.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// The whole blob, as the agent listed it.
    pub blob: &'a [u8],
    /// Type of the certified key.
    pub key_type: KeyType,
    /// The certified key as a plain blob of its own.
    pub public_key: Vec<u8>,
    /// Serial number; 0 where the CA counts none.
    pub serial: u64,
    /// User or host.
    pub certificate_type: CertificateType,
    /// The CA's name for this certificate: any bytes without NUL.
    pub key_id: &'a [u8],
    /// Who the holder may be; never matched as patterns.
    pub principals: Vec<&'a [u8]>,
    /// First second of validity, in seconds since the epoch.
    pub valid_after: u64,
    /// First second after it; [`FOREVER`] when there is none.
    pub valid_before: u64,
    /// Raw critical options; see [`crate::options`].
    pub critical_options: &'a [u8],
    /// Raw extensions.
    pub extensions: &'a [u8],
    /// The CA's public key, as a blob.
    pub signature_key: &'a [u8],
    /// The CA's signature, as a blob.
    pub signature: &'a [u8],
    /// The bytes that the CA signed: all before the signature.
    pub signed: &'a [u8],
}

/// The name at the start of a blob, to tell certificates from plain keys.
pub fn blob_name(blob: &[u8]) -> Option<&[u8]> {
    Reader::new(blob).string().ok()
}

impl<'a> Certificate<'a> {
    /// Reads a certificate's blob.
    ///
    /// # Errors
    /// [`CertificateError`]; the name is judged before anything behind it is read.
    pub fn parse(blob: &'a [u8]) -> Result<Self, CertificateError> {
        let start = Reader::new(blob);
        let mut reader = start;
        let name = reader.string()?;
        let key_type = KeyType::from_certificate_name(name).ok_or_else(|| CertificateError::Unsupported(name.to_vec()))?;
        reader.string()?; // nonce
        let public_key = plain_blob(key_type, &mut reader)?;
        let serial = reader.u64()?;
        let certificate_type = certificate_type(reader.u32()?)?;
        let key_id = reader.cstring()?;
        let principals = principals(reader.string()?)?;
        let valid_after = reader.u64()?;
        let valid_before = reader.u64()?;
        let critical_options = pairs_of_strings(reader.string()?)?;
        let extensions = pairs_of_strings(reader.string()?)?;
        reader.string()?; // reserved
        let signature_key = reader.string()?;
        let signed = reader.since(start);
        let signature = reader.string()?;
        reader.finish()?;
        Ok(Self {
            blob,
            key_type,
            public_key,
            serial,
            certificate_type,
            key_id,
            principals,
            valid_after,
            valid_before,
            critical_options,
            extensions,
            signature_key,
            signature,
            signed,
        })
    }
}

fn plain_blob(key_type: KeyType, reader: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let before = *reader;
    key_type.skip_fields(reader)?;
    let fields = reader.since(before);
    let name = key_type.name().as_bytes();
    let mut blob = Vec::with_capacity(4 + name.len() + fields.len());
    put_string(&mut blob, name);
    blob.extend_from_slice(fields);
    Ok(blob)
}

fn certificate_type(number: u32) -> Result<CertificateType, Malformed> {
    match number {
        1 => Ok(CertificateType::User),
        2 => Ok(CertificateType::Host),
        _ => Err(Malformed),
    }
}

fn principals(bytes: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut principals = Vec::new();
    while !reader.is_empty() {
        if principals.len() == MAX_PRINCIPALS {
            return Err(Malformed);
        }
        principals.push(reader.cstring()?);
    }
    Ok(principals)
}

fn pairs_of_strings(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        reader.string()?;
        reader.string()?;
    }
    Ok(bytes)
}
