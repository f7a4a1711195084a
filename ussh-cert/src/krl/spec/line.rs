//! One line of a specification.

use super::number::serials;
use super::{Operation, Problem};
use crate::key_line::{KeyLine, base64};
use crate::plain_key::NotAKey;

/// Reads a line; none if it is blank or a comment.
pub(super) fn parse(line: &[u8]) -> Result<Option<Operation<'_>>, Problem> {
    let line = without_comment(line);
    if line.is_empty() {
        return Ok(None);
    }
    if let Some(rest) = after(line, b"serial:") {
        let (min, max) = serials(rest)?;
        return Ok(Some(Operation::Serials(min, max)));
    }
    if let Some(key_id) = after(line, b"id:") {
        return Ok(Some(Operation::KeyId(key_id)));
    }
    if let Some(rest) = after(line, b"hash:") {
        return hash(rest).map(|hash| Some(Operation::Hash(hash))).ok_or(Problem::Hash);
    }
    key(line).map(Some).map_err(Problem::Key)
}

fn key(line: &[u8]) -> Result<Operation<'_>, NotAKey> {
    if let Some(rest) = after(line, b"key:") {
        return Ok(Operation::Key(KeyLine::parse(rest)?.key()?));
    }
    if let Some(rest) = after(line, b"sha1:") {
        return Ok(Operation::Sha1(KeyLine::parse(rest)?.key()?));
    }
    if let Some(rest) = after(line, b"sha256:") {
        return Ok(Operation::Sha256(KeyLine::parse(rest)?.key()?));
    }
    Ok(match KeyLine::parse(line)? {
        KeyLine::Key(blob) => Operation::Key(blob),
        KeyLine::Certificate(blob) => Operation::Certificate(blob),
    })
}

/// What stands before a `#` or a NUL, without the blanks around it.
fn without_comment(line: &[u8]) -> &[u8] {
    let mut line = line.split(|byte| matches!(byte, b'#' | 0)).next().unwrap_or_default();
    while let [b' ' | b'\t', rest @ ..] = line {
        line = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

/// What follows a keyword, whatever its letters' case, and blanks.
fn after<'l>(line: &'l [u8], keyword: &[u8]) -> Option<&'l [u8]> {
    let (start, mut rest) = line.split_at_checked(keyword.len())?;
    while let [b' ' | b'\t', after @ ..] = rest {
        rest = after;
    }
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

/// `SHA256:` and base64, whose padding may be missing (ssh-keygen.c: hash_to_blob).
fn hash(text: &[u8]) -> Option<[u8; 32]> {
    let mut text = text.strip_prefix(b"SHA256:")?.to_vec();
    text.resize(text.len().next_multiple_of(4), b'=');
    base64(&text)?.try_into().ok()
}
