//! A RevokedKeys file, as sshd takes it (authfile.c: sshkey_check_revoked): a KRL, or a flat list of public keys.
//!
//! Only bytes that do not begin as a KRL are taken for a flat list. Any other trouble is an error, and whoever asks
//! must then refuse. Stricter than sshd: a flat list's line has a MiB at most.

use std::fmt;
use std::io::{self, BufRead, Read};

use memchr::memchr;

use crate::key_line::KeyLine;
use crate::krl::{self, Header, KrlError, Reason, Subject, Verdict};
use crate::plain_key::NotAKey;

/// A line must be held to be read.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Why the file cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedKeysError {
    /// It is a KRL, or could not be read.
    Krl(KrlError),
    /// It is a flat list with this line, counted from 1.
    Line(usize, NotAKey),
}

impl fmt::Display for RevokedKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Krl(error) => error.fmt(f),
            Self::Line(line, error) => write!(f, "neither a KRL nor a list of public keys: line {line} is {error}"),
        }
    }
}

impl std::error::Error for RevokedKeysError {}

impl From<KrlError> for RevokedKeysError {
    fn from(error: KrlError) -> Self {
        Self::Krl(error)
    }
}

impl From<io::Error> for RevokedKeysError {
    fn from(error: io::Error) -> Self {
        Self::Krl(error.into())
    }
}

/// Whether the file revokes `subject`. The header is the KRL's; a flat list has none.
///
/// # Errors
/// [`RevokedKeysError`]: sshd refuses everybody then.
pub fn check(content: &[u8], subject: &Subject<'_>) -> Result<(Option<Header>, Verdict), RevokedKeysError> {
    let (header, verdicts) = check_all(content, content.len(), std::slice::from_ref(subject))?;
    Ok((header, verdicts.first().copied().unwrap_or(Verdict::NotRevoked)))
}

/// Whether the file revokes each of `subjects`, in one pass over its `length` bytes. What is held of them does not grow
/// with the file. Without subjects it is checked all the same.
///
/// # Errors
/// [`RevokedKeysError`]: sshd refuses everybody then.
pub fn check_all(
    mut file: impl BufRead,
    length: usize,
    subjects: &[Subject<'_>],
) -> Result<(Option<Header>, Vec<Verdict>), RevokedKeysError> {
    if length > krl::MAX_LENGTH {
        return Err(KrlError::TooLarge.into());
    }
    let mut start = Vec::with_capacity(krl::MAGIC.len());
    file.by_ref().take(8).read_to_end(&mut start)?;
    if start == krl::MAGIC {
        let (header, verdicts) = krl::check_after_magic(file, length.saturating_sub(start.len()), subjects)?;
        return Ok((Some(header), verdicts));
    }
    let rest = u64::try_from(length.saturating_sub(start.len())).unwrap_or(u64::MAX);
    Ok((None, flat_list(start.chain(file.take(rest)), subjects)?))
}

/// One public key a line (sshkey_in_file). A certificate stands for the key in it. Lines behind the one that answers
/// are not looked at, as in sshd: the answer is a refusal either way.
fn flat_list(mut file: impl BufRead, subjects: &[Subject<'_>]) -> Result<Vec<Verdict>, RevokedKeysError> {
    let mut verdicts = vec![Verdict::NotRevoked; subjects.len()];
    let mut line = Vec::new();
    for number in 1.. {
        let unanswered = subjects.is_empty() || verdicts.contains(&Verdict::NotRevoked);
        if !unanswered || !next_line(&mut file, &mut line, number)? {
            break;
        }
        let key = match key(&line) {
            Ok(Some(key)) => key,
            // sshd passes over small keys: it accepts no such key anyway.
            Ok(None) | Err(NotAKey::Small) => continue,
            Err(error) => return Err(RevokedKeysError::Line(number, error)),
        };
        for (subject, verdict) in subjects.iter().zip(&mut verdicts) {
            let is_ca = || subject.issued.as_ref().is_some_and(|issued| key == *issued.ca);
            *verdict = match *verdict {
                Verdict::NotRevoked if key == *subject.key => Verdict::Revoked(Reason::Key),
                Verdict::NotRevoked if is_ca() => Verdict::Revoked(Reason::Ca),
                before => before,
            };
        }
    }
    Ok(verdicts)
}

/// With its line feed, if it has one.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>, number: usize) -> Result<bool, RevokedKeysError> {
    line.clear();
    let length = file.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    if u64::try_from(length) == Ok(LONGEST_LINE) {
        return Err(RevokedKeysError::Line(number, NotAKey::Malformed));
    }
    Ok(length > 0)
}

/// None in an empty line and in a comment.
fn key(line: &[u8]) -> Result<Option<Vec<u8>>, NotAKey> {
    let line = c_string(line);
    let line = line.get(line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..).unwrap_or_default();
    if matches!(line, [] | [b'#' | b'\n', ..]) {
        return Ok(None);
    }
    KeyLine::parse(line)?.key().map(Some)
}

fn c_string(line: &[u8]) -> &[u8] {
    line.get(..memchr(0, line).unwrap_or(line.len())).unwrap_or(line)
}
