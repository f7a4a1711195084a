//! Who is asked about.

use std::borrow::Cow;

use crate::certificate::Certificate;
use crate::plain_key::{NotAKey, canonical};

/// A key or a certificate, as a KRL sees it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The plain key's blob.
    pub(crate) key: Cow<'a, [u8]>,
    pub(crate) issued: Option<Issued<'a>>,
}

/// What its CA said of a key.
#[derive(Clone, Debug)]
pub(crate) struct Issued<'a> {
    /// The CA's blob.
    pub(crate) ca: Cow<'a, [u8]>,
    pub(crate) serial: u64,
    pub(crate) key_id: &'a [u8],
}

impl<'a> Subject<'a> {
    /// A plain key, by its blob.
    ///
    /// # Errors
    /// [`NotAKey`]: OpenSSH would not read it either, or it is a certificate.
    pub fn key(blob: &'a [u8]) -> Result<Self, NotAKey> {
        Ok(Self { key: canonical(blob)?, issued: None })
    }

    /// A certificate: the key in it, what the CA said, and the CA itself.
    ///
    /// # Errors
    /// [`NotAKey`], of either key.
    pub fn certificate(certificate: &'a Certificate<'a>) -> Result<Self, NotAKey> {
        let issued =
            Issued { ca: canonical(certificate.signature_key)?, serial: certificate.serial, key_id: certificate.key_id };
        Ok(Self { key: canonical(&certificate.public_key)?, issued: Some(issued) })
    }
}
