//! A certificate before its CA has signed it: PROTOCOL.certkeys, written.
//!
//! Written here rather than by ssh-key because that one cannot write an option whose value is an empty string, nor two
//! of one name, and `ssh-keygen -O extension:` makes both. Believes nothing: what is asked for is policy, and elsewhere.

use crate::algorithm::KeyType;
use crate::certificate::CertificateType;
use crate::wire::{Reader, put_string};

/// A critical option or an extension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateOption {
    /// Its name.
    pub name: String,
    /// Its value, framed once more in the certificate; `None` for a flag.
    pub value: Option<String>,
}

/// The fields, in OpenSSH's names.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The key to be certified: a plain key's blob.
    pub public_key: &'a [u8],
    /// Serial number.
    pub serial: u64,
    /// User or host.
    pub certificate_type: CertificateType,
    /// The CA's name for this certificate.
    pub key_id: &'a str,
    /// Who the holder may be.
    pub principals: &'a [String],
    /// First second of validity, in seconds since the epoch.
    pub valid_after: u64,
    /// First second after it; [`crate::certificate::FOREVER`] for none.
    pub valid_before: u64,
    /// Written in the order given; OpenSSH wants them sorted by name.
    pub critical_options: &'a [CertificateOption],
    /// Likewise.
    pub extensions: &'a [CertificateOption],
    /// The CA's public key, as a blob.
    pub signature_key: &'a [u8],
}

impl Draft<'_> {
    /// The bytes that the CA signs. `nonce` is random and never used again. `None` when the key cannot be certified.
    pub fn to_be_signed(&self, nonce: &[u8; 32]) -> Option<Vec<u8>> {
        let mut reader = Reader::new(self.public_key);
        let key_type = KeyType::from_name(reader.string().ok()?)?;
        let mut out = Vec::with_capacity(1024);
        put_string(&mut out, key_type.certificate_name().as_bytes());
        put_string(&mut out, nonce);
        out.extend_from_slice(reader.rest());
        out.extend_from_slice(&self.serial.to_be_bytes());
        let certificate_type: u32 = match self.certificate_type {
            CertificateType::User => 1,
            CertificateType::Host => 2,
        };
        out.extend_from_slice(&certificate_type.to_be_bytes());
        put_string(&mut out, self.key_id.as_bytes());
        put_string(&mut out, &strings(self.principals));
        out.extend_from_slice(&self.valid_after.to_be_bytes());
        out.extend_from_slice(&self.valid_before.to_be_bytes());
        put_string(&mut out, &options(self.critical_options));
        put_string(&mut out, &options(self.extensions));
        put_string(&mut out, b""); // reserved
        put_string(&mut out, self.signature_key);
        Some(out)
    }
}

/// The certificate's blob: what was signed, and the signature's blob.
pub fn with_signature(mut to_be_signed: Vec<u8>, signature: &[u8]) -> Vec<u8> {
    put_string(&mut to_be_signed, signature);
    to_be_signed
}

fn strings(list: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for string in list {
        put_string(&mut out, string.as_bytes());
    }
    out
}

fn options(list: &[CertificateOption]) -> Vec<u8> {
    let mut out = Vec::new();
    for option in list {
        put_string(&mut out, option.name.as_bytes());
        let mut data = Vec::new();
        if let Some(value) = &option.value {
            put_string(&mut data, value.as_bytes());
        }
        put_string(&mut out, &data);
    }
    out
}
