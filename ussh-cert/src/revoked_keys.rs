//! A RevokedKeys file, as sshd takes it (authfile.c: sshkey_check_revoked): a KRL, or a flat list of public keys.
//!
//! Only bytes that do not begin as a KRL are taken for a flat list. Any other trouble is an error, and whoever asks
//! must then refuse.

use std::fmt;

use memchr::memchr;

use crate::key_line::KeyLine;
use crate::krl::{self, Header, KrlError, Reason, Subject, Verdict};
use crate::plain_key::NotAKey;

/// Why the file cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedKeysError {
    /// It is a KRL.
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

/// Whether the file revokes `subject`. The header is the KRL's; a flat list has none.
///
/// # Errors
/// [`RevokedKeysError`]: sshd refuses everybody then.
pub fn check<'a>(content: &'a [u8], subject: &Subject<'_>) -> Result<(Option<Header<'a>>, Verdict), RevokedKeysError> {
    match krl::check(content, subject) {
        Ok((header, verdict)) => Ok((Some(header), verdict)),
        Err(KrlError::NotAKrl) => Ok((None, flat_list(content, subject)?)),
        Err(error) => Err(RevokedKeysError::Krl(error)),
    }
}

/// One public key a line (sshkey_in_file). A certificate stands for the key in it. Lines behind the one that answers
/// are not looked at, as in sshd: the answer is a refusal either way.
fn flat_list(content: &[u8], subject: &Subject<'_>) -> Result<Verdict, RevokedKeysError> {
    for (index, line) in content.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = c_string(line);
        let line = line.get(line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..).unwrap_or_default();
        if matches!(line, [] | [b'#' | b'\n', ..]) {
            continue;
        }
        let key = match KeyLine::parse(line).and_then(|line| line.key()) {
            Ok(key) => key,
            // sshd passes over them: it accepts no such key anyway.
            Err(NotAKey::Small) => continue,
            Err(error) => return Err(RevokedKeysError::Line(index + 1, error)),
        };
        if key == *subject.key {
            return Ok(Verdict::Revoked(Reason::Key));
        }
        if subject.issued.as_ref().is_some_and(|issued| key == *issued.ca) {
            return Ok(Verdict::Revoked(Reason::Ca));
        }
    }
    Ok(Verdict::NotRevoked)
}

fn c_string(line: &[u8]) -> &[u8] {
    line.get(..memchr(0, line).unwrap_or(line.len())).unwrap_or(line)
}
