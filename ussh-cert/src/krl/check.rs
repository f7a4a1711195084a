//! The question: one pass over the bytes, whatever stands in them, and nothing kept but the answers.
//!
//! krl.c builds trees and then looks into them; what comes out is the same. There, sections of one CA fall together;
//! here, each of them is looked into. Of several reasons the one counts that krl.c would have found first.

use std::fmt;
use std::io::BufRead;

use super::search::Search;
use super::walk::{walk, walk_after_magic};
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

impl Reason {
    /// Of a sentence that begins "Your certificate … ".
    pub(crate) fn predicate(self) -> &'static str {
        match self {
            Self::KeySha1 | Self::KeySha256 | Self::Key => "is for a key that is revoked",
            Self::KeyId | Self::KeyIdOfAnyCa => "is revoked by its key ID",
            Self::Serial | Self::SerialOfAnyCa => "is revoked by its serial number",
            Self::CaSha1 | Self::CaSha256 | Self::Ca => "is signed by a CA that is revoked",
        }
    }

    /// The next certificate would be revoked as well, if it had in common with this one what is revoked.
    pub(crate) fn next_step(self) -> &'static str {
        match self {
            Self::KeySha1 | Self::KeySha256 | Self::Key => "Get one for a new key",
            Self::KeyId | Self::KeyIdOfAnyCa => "Get one with another key ID",
            Self::Serial | Self::SerialOfAnyCa => "Get a new one",
            Self::CaSha1 | Self::CaSha256 | Self::Ca => "Get one from a CA that this host trusts",
        }
    }
}

/// Whether the KRL revokes `subject`. The whole list is checked, even when the answer is found at its beginning.
///
/// # Errors
/// [`KrlError`]: OpenSSH would not load it either, and would then refuse everybody (see [`super`] for where we differ).
pub fn check(bytes: &[u8], subject: &Subject<'_>) -> Result<(Header, Verdict), KrlError> {
    let mut search = Search::new(std::slice::from_ref(subject));
    let header = walk(bytes, &mut search)?;
    Ok((header, search.verdicts().next().unwrap_or(Verdict::NotRevoked)))
}

/// Asks about each of `subjects`, in one pass over a list of which the first eight bytes were read already; `length`
/// bytes follow.
pub(crate) fn check_after_magic(
    stream: impl BufRead,
    length: usize,
    subjects: &[Subject<'_>],
) -> Result<(Header, Vec<Verdict>), KrlError> {
    let mut search = Search::new(subjects);
    let header = walk_after_magic(stream, length, &mut search)?;
    Ok((header, search.verdicts().collect()))
}
