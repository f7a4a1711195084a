//! A KRL in memory: for building one, changing one, showing one. Not for every sudo: that is [`super::check`].

use std::collections::HashMap;
use std::fmt;

use super::search::{sha1, sha256};
use super::serials::{Serials, Set};
use crate::certificate::Certificate;
use crate::plain_key::{NotAKey, canonical};

/// What is revoked. The CA of serial numbers and key IDs is a plain key's blob, or none for certificates of any CA.
#[derive(Clone, Debug, Default)]
pub struct Krl {
    /// Rises with every change.
    pub version: u64,
    /// Seconds since the epoch. `ssh-keygen -k -u` keeps the old one.
    pub generated_date: u64,
    pub(super) flags: u64,
    pub(super) comment: Vec<u8>,
    pub(super) keys: Set<Vec<u8>>,
    pub(super) sha1s: Set<[u8; 20]>,
    pub(super) sha256s: Set<[u8; 32]>,
    /// In the order in which they came first, as in krl.c.
    pub(super) authorities: Vec<Authority>,
    places: HashMap<Option<Vec<u8>>, usize>,
    /// The CA that was named last, as it was spelt, and its place: usually the next one, too.
    last: Option<(Option<Vec<u8>>, usize)>,
}

/// The revoked certificates of one CA, or of any.
#[derive(Clone, Debug)]
pub struct Authority {
    pub(super) ca: Option<Vec<u8>>,
    pub(super) serials: Serials,
    pub(super) key_ids: Set<Box<[u8]>>,
}

/// What cannot be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeError {
    /// Serial number 0, or a range that ends before it begins.
    Serials(u64, u64),
    /// A key ID or comment with a NUL in it: no certificate has one.
    Nul,
    /// The key, or the CA's key.
    Key(NotAKey),
}

/// The list would be longer than OpenSSH loads: 128 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serials(0, _) => write!(f, "serial number 0 cannot be revoked: it means that the CA counts none"),
            Self::Serials(min, max) => write!(f, "serial numbers {min} to {max} are no range"),
            Self::Nul => write!(f, "a key ID or comment cannot have a NUL in it"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the KRL would be longer than 128 MiB, which OpenSSH does not load")
    }
}

impl std::error::Error for RevokeError {}
impl std::error::Error for TooLarge {}

impl From<NotAKey> for RevokeError {
    fn from(error: NotAKey) -> Self {
        Self::Key(error)
    }
}

impl Krl {
    /// An empty list of version 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any bytes without NUL.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// Sets the comment.
    ///
    /// # Errors
    /// [`RevokeError::Nul`]
    pub fn set_comment(&mut self, comment: &[u8]) -> Result<(), RevokeError> {
        self.comment = without_nul(comment)?.to_vec();
        Ok(())
    }

    /// Revokes the serial numbers from `min` to `max`.
    ///
    /// # Errors
    /// [`RevokeError`]
    pub fn revoke_serials(&mut self, ca: Option<&[u8]>, min: u64, max: u64) -> Result<(), RevokeError> {
        if min == 0 || min > max {
            return Err(RevokeError::Serials(min, max));
        }
        self.authority(ca)?.serials.insert(min, max);
        Ok(())
    }

    /// Revokes certificates by their key ID.
    ///
    /// # Errors
    /// [`RevokeError`]
    pub fn revoke_key_id(&mut self, ca: Option<&[u8]>, key_id: &[u8]) -> Result<(), RevokeError> {
        let key_id = without_nul(key_id)?;
        self.authority(ca)?.key_ids.insert(key_id.into());
        Ok(())
    }

    /// Revokes one certificate: by its serial number, or by its key ID when it has none (ssh_krl_revoke_key).
    ///
    /// # Errors
    /// [`RevokeError`]
    pub fn revoke_certificate(&mut self, certificate: &Certificate<'_>) -> Result<(), RevokeError> {
        let ca = Some(certificate.signature_key);
        match certificate.serial {
            0 => self.revoke_key_id(ca, certificate.key_id),
            serial => self.revoke_serials(ca, serial, serial),
        }
    }

    /// Revokes a plain key, and all certificates for it and by it.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn revoke_key(&mut self, blob: &[u8]) -> Result<(), NotAKey> {
        self.keys.insert(canonical(blob)?.into_owned());
        Ok(())
    }

    /// The same by the key's SHA-1 hash.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn revoke_key_by_sha1(&mut self, blob: &[u8]) -> Result<(), NotAKey> {
        self.sha1s.insert(sha1(&canonical(blob)?));
        Ok(())
    }

    /// The same by the key's SHA-256 hash.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn revoke_key_by_sha256(&mut self, blob: &[u8]) -> Result<(), NotAKey> {
        self.sha256s.insert(sha256(&canonical(blob)?));
        Ok(())
    }

    /// Revokes a key of which only the SHA-256 hash is known: its fingerprint.
    pub fn revoke_sha256(&mut self, hash: [u8; 32]) {
        self.sha256s.insert(hash);
    }

    /// What is revoked of each CA.
    pub fn authorities(&mut self) -> &[Authority] {
        self.sort();
        &self.authorities
    }

    /// The keys revoked by themselves, as blobs. A list that was read may hold bytes that are no key.
    pub fn keys(&mut self) -> impl Iterator<Item = &[u8]> {
        self.keys.sort();
        self.keys.sorted().iter().map(Vec::as_slice)
    }

    /// SHA-1 hashes of revoked keys.
    pub fn sha1s(&mut self) -> &[[u8; 20]] {
        self.sha1s.sort();
        self.sha1s.sorted()
    }

    /// SHA-256 hashes of revoked keys.
    pub fn sha256s(&mut self) -> &[[u8; 32]] {
        self.sha256s.sort();
        self.sha256s.sorted()
    }

    pub(super) fn sort(&mut self) {
        self.keys.sort();
        self.sha1s.sort();
        self.sha256s.sort();
        for authority in &mut self.authorities {
            authority.serials.sort();
            authority.key_ids.sort();
        }
    }

    /// Found, or made.
    pub(super) fn authority(&mut self, ca: Option<&[u8]>) -> Result<&mut Authority, NotAKey> {
        let place = match &self.last {
            Some((last, place)) if last.as_deref() == ca => *place,
            _ => {
                let key = ca.map(canonical).transpose()?.map(|blob| blob.into_owned());
                let place = *self.places.entry(key).or_insert(self.authorities.len());
                self.last = Some((ca.map(<[u8]>::to_vec), place));
                place
            }
        };
        if place == self.authorities.len() {
            let ca = ca.map(canonical).transpose()?.map(|blob| blob.into_owned());
            self.authorities.push(Authority { ca, serials: Serials::default(), key_ids: Set::default() });
        }
        self.authorities.get_mut(place).ok_or(NotAKey::Malformed)
    }
}

impl Authority {
    /// The CA's plain key as a blob; none for all CAs.
    pub fn ca(&self) -> Option<&[u8]> {
        self.ca.as_deref()
    }

    /// First and last serial numbers of ranges, sorted, neither overlapping nor touching.
    pub fn serials(&self) -> &[(u64, u64)] {
        self.serials.sorted()
    }

    /// Key IDs, sorted.
    pub fn key_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.key_ids.sorted().iter().map(Box::as_ref)
    }
}

fn without_nul(text: &[u8]) -> Result<&[u8], RevokeError> {
    if text.contains(&0) { Err(RevokeError::Nul) } else { Ok(text) }
}
