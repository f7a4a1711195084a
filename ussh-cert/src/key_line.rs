//! A line with a public key or a certificate, as in a .pub file (sshkey.c: sshkey_read).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::algorithm::{AlgorithmSet, KeyType};
use crate::certificate::{Certificate, blob_name};
use crate::key::PublicKey;
use crate::plain_key::{NotAKey, canonical};
use crate::signature;

/// What stands in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyLine {
    /// A plain key's blob.
    Key(Vec<u8>),
    /// A certificate's blob, which parses, and whose signature is its CA's.
    Certificate(Vec<u8>),
}

impl KeyLine {
    /// Reads "TYPE BASE64 COMMENT". Leading blanks, and what is a comment line, are the caller's affair.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub(crate) fn parse(line: &[u8]) -> Result<Self, NotAKey> {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let (name, rest) = line.split_at(line.iter().position(is_blank).ok_or(NotAKey::Malformed)?);
        let text = rest.get(rest.iter().take_while(|byte| is_blank(byte)).count()..).unwrap_or_default();
        let text = text.split(is_blank).next().unwrap_or_default();
        let blob = base64(text).ok_or(NotAKey::Malformed)?;
        if blob_name(&blob) != Some(name) {
            return Err(NotAKey::Malformed);
        }
        if KeyType::from_certificate_name(name).is_none() {
            return canonical(&blob).map(|key| Self::Key(key.into_owned()));
        }
        let certificate = Certificate::parse(&blob).map_err(|_| NotAKey::Malformed)?;
        canonical(&certificate.public_key)?;
        if signed_by_its_ca(&certificate) { Ok(Self::Certificate(blob)) } else { Err(NotAKey::Malformed) }
    }

    /// The plain key, or the one that is certified.
    pub(crate) fn key(&self) -> Result<Vec<u8>, NotAKey> {
        match self {
            Self::Key(blob) => Ok(blob.clone()),
            Self::Certificate(blob) => {
                let certificate = Certificate::parse(blob).map_err(|_| NotAKey::Malformed)?;
                Ok(canonical(&certificate.public_key)?.into_owned())
            }
        }
    }
}

/// Padded base64, with white space anywhere (b64_pton).
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !is_space(*byte)).collect();
    STANDARD.decode(digits).ok()
}

/// C's `isspace`.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn signed_by_its_ca(certificate: &Certificate<'_>) -> bool {
    PublicKey::from_blob(certificate.signature_key)
        .is_ok_and(|ca| signature::verify(&ca, certificate.signed, certificate.signature, &AlgorithmSet::default()).is_ok())
}
