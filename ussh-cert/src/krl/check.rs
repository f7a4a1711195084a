//! The question: one pass over the bytes, whatever stands in them, and nothing kept but the answer.
//!
//! krl.c builds trees and then looks into them; what comes out is the same. There, sections of one CA fall together;
//! here, each of them is looked into. Of several reasons the one counts that krl.c would have found first.

use std::cell::OnceCell;
use std::fmt;

use sha1::{Digest, Sha1};
use ssh_key::HashAlg;

use super::walk::{Visitor, walk};
use super::{Header, KrlError, Subject};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing in the list is about it.
    NotRevoked,
    /// It, or its CA, is revoked.
    Revoked(Reason),
}

/// What in a list revokes a key, in the order in which OpenSSH looks (krl.c: ssh_krl_check_key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The key's SHA-1 hash.
    KeySha1,
    /// The key's SHA-256 hash.
    KeySha256,
    /// The key itself.
    Key,
    /// The certificate's key ID, under its CA.
    KeyId,
    /// The certificate's serial number, under its CA.
    Serial,
    /// The certificate's key ID, under any CA.
    KeyIdOfAnyCa,
    /// The certificate's serial number, under any CA.
    SerialOfAnyCa,
    /// The CA's SHA-1 hash.
    CaSha1,
    /// The CA's SHA-256 hash.
    CaSha256,
    /// The CA itself.
    Ca,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeySha1 => "the key is revoked by its SHA-1 hash",
            Self::KeySha256 => "the key is revoked by its SHA-256 hash",
            Self::Key => "the key is revoked",
            Self::KeyId => "the certificate is revoked by its key ID",
            Self::Serial => "the certificate is revoked by its serial number",
            Self::KeyIdOfAnyCa => "the certificate is revoked by its key ID, for any CA",
            Self::SerialOfAnyCa => "the certificate is revoked by its serial number, for any CA",
            Self::CaSha1 => "the certificate's CA is revoked by its SHA-1 hash",
            Self::CaSha256 => "the certificate's CA is revoked by its SHA-256 hash",
            Self::Ca => "the certificate's CA is revoked",
        })
    }
}

/// Whether the KRL revokes `subject`. The whole list is checked, even when the answer is found at its beginning.
///
/// # Errors
/// [`KrlError`]: OpenSSH would not load it either, and would then refuse everybody (see [`super`] for where we differ).
pub fn check<'a>(bytes: &'a [u8], subject: &Subject<'_>) -> Result<(Header<'a>, Verdict), KrlError> {
    let mut search = Search { subject, scope: Scope::Other, serial: 0, hashes: Hashes::default(), found: None };
    let header = walk(bytes, &mut search)?;
    Ok((header, search.found.map_or(Verdict::NotRevoked, Verdict::Revoked)))
}

struct Search<'s> {
    subject: &'s Subject<'s>,
    scope: Scope,
    /// The serial number to look for in this section; 0, which no list holds, where there is none.
    serial: u64,
    hashes: Hashes,
    found: Option<Reason>,
}

/// Whose certificates the current section is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The subject's CA.
    Ours,
    /// All CAs.
    Any,
    /// Other CAs, or the subject is no certificate.
    Other,
}

/// Of the key and of its CA; made when the first hash is met.
#[derive(Default)]
struct Hashes {
    sha1: OnceCell<[Option<[u8; 20]>; 2]>,
    sha256: OnceCell<[Option<[u8; 32]>; 2]>,
}

impl<'s> Search<'s> {
    fn ca(&self) -> Option<&'s [u8]> {
        self.subject.issued.as_ref().map(|issued| issued.ca.as_ref())
    }

    fn found(&mut self, reason: Reason) {
        self.found = Some(self.found.map_or(reason, |earlier| earlier.min(reason)));
    }

    fn found_in_scope(&mut self, ours: Reason, any: Reason) {
        match self.scope {
            Scope::Ours => self.found(ours),
            Scope::Any => self.found(any),
            Scope::Other => {}
        }
    }
}

impl<'a> Visitor<'a> for Search<'_> {
    fn authority(&mut self, ca: Option<&[u8]>) {
        self.scope = match (self.ca(), ca) {
            (Some(_), None) => Scope::Any,
            (Some(ours), Some(theirs)) if ours == theirs => Scope::Ours,
            _ => Scope::Other,
        };
        self.serial = match (&self.subject.issued, self.scope) {
            (Some(issued), Scope::Ours | Scope::Any) => issued.serial,
            _ => 0,
        };
    }

    #[inline]
    fn serials(&mut self, min: u64, max: u64) {
        if (min..=max).contains(&self.serial) {
            self.found_in_scope(Reason::Serial, Reason::SerialOfAnyCa);
        }
    }

    fn bitmap(&mut self, offset: u64, bits: &'a [u8]) {
        let Some(index) = self.serial.checked_sub(offset).and_then(|index| usize::try_from(index).ok()) else { return };
        let byte = bits.iter().nth_back(index / 8).copied().unwrap_or(0);
        // The bit of serial number 0 is never set.
        if byte >> (index % 8) & 1 == 1 {
            self.found_in_scope(Reason::Serial, Reason::SerialOfAnyCa);
        }
    }

    #[inline]
    fn key_id(&mut self, key_id: &'a [u8]) {
        if self.subject.issued.as_ref().is_some_and(|issued| issued.key_id == key_id) {
            self.found_in_scope(Reason::KeyId, Reason::KeyIdOfAnyCa);
        }
    }

    #[inline]
    fn key(&mut self, blob: &'a [u8]) {
        if *blob == *self.subject.key {
            self.found(Reason::Key);
        }
        if self.ca() == Some(blob) {
            self.found(Reason::Ca);
        }
    }

    #[inline]
    fn sha1(&mut self, hash: &'a [u8; 20]) {
        let [key, ca] = self.hashes.sha1.get_or_init(|| [Some(sha1(&self.subject.key)), self.ca().map(sha1)]);
        let [key, ca] = [key, ca].map(|ours| ours.as_ref() == Some(hash));
        if key {
            self.found(Reason::KeySha1);
        }
        if ca {
            self.found(Reason::CaSha1);
        }
    }

    #[inline]
    fn sha256(&mut self, hash: &'a [u8; 32]) {
        let [key, ca] = self.hashes.sha256.get_or_init(|| [Some(sha256(&self.subject.key)), self.ca().map(sha256)]);
        let [key, ca] = [key, ca].map(|ours| ours.as_ref() == Some(hash));
        if key {
            self.found(Reason::KeySha256);
        }
        if ca {
            self.found(Reason::CaSha256);
        }
    }
}

pub(super) fn sha1(blob: &[u8]) -> [u8; 20] {
    Sha1::digest(blob).into()
}

pub(super) fn sha256(blob: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(&HashAlg::Sha256.digest(blob));
    hash
}
