//! A TrustedUserCAKeys file: plain public keys, one a line, `#` comments.
//!
//! Unlike sshd, which stops at the first line that it cannot read and so loses the CAs behind it, a bad line is
//! skipped and reported. Lines are checked for framing only; the numbers of a key are looked at when it is used.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr_iter;

use crate::key::{KeyError, framed_type};

/// The keys of the CAs that are trusted.
#[derive(Clone, Debug, Default)]
pub struct CaKeys {
    /// The file. Keys stay the text that they are there: padded base64 has one spelling, so texts can be compared.
    content: Vec<u8>,
    texts: Vec<Range<usize>>,
}

/// A line that is not a CA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl CaKeys {
    /// Reads the file's content: its keys, and the lines that hold none.
    pub fn parse(content: impl Into<Vec<u8>>) -> (Self, Vec<BadLine>) {
        let content = content.into();
        let mut texts = Vec::new();
        let mut bad_lines = Vec::new();
        let mut blob = Vec::new();
        let mut start = 0;
        for (index, end) in memchr_iter(b'\n', &content).chain([content.len()]).enumerate() {
            match key_text(content.get(start..end).unwrap_or_default(), &mut blob) {
                Ok(Some(text)) => texts.push(start + text.start..start + text.end),
                Ok(None) => {}
                Err(reason) => bad_lines.push(BadLine { line: index + 1, reason }),
            }
            start = end + 1;
        }
        (Self { content, texts }, bad_lines)
    }

    /// Whether a key with this blob is among them.
    pub fn contains(&self, blob: &[u8]) -> bool {
        let wanted = STANDARD.encode(blob);
        self.texts.iter().any(|text| self.content.get(text.clone()) == Some(wanted.as_bytes()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no line holds a key.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// Where in the line its key stands, as base64; `None` for a comment or a blank line. `blob` is room to work in.
fn key_text(line: &[u8], blob: &mut Vec<u8>) -> Result<Option<Range<usize>>, &'static str> {
    let trimmed = line.trim_ascii_start();
    let start = line.len() - trimmed.len();
    let trimmed = trimmed.trim_ascii_end();
    if trimmed.is_empty() || trimmed.starts_with(b"#") {
        return Ok(None);
    }
    let (name, rest) = first_word(trimmed);
    let key = rest.trim_ascii_start();
    let (text, _comment) = first_word(key);
    if text.is_empty() {
        return Err("no key type and base64 key");
    }
    check_key(name, text, blob)?;
    let start = start + (trimmed.len() - key.len());
    Ok(Some(start..start + text.len()))
}

/// The word before the first blank or tab, and the rest.
fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|&byte| byte == b' ' || byte == b'\t').unwrap_or(line.len());
    line.split_at_checked(end).unwrap_or((line, &[]))
}

/// Whether `text` is the base64 of a key of the type `name`.
fn check_key(name: &[u8], text: &[u8], blob: &mut Vec<u8>) -> Result<(), &'static str> {
    blob.clear();
    // Not in constant time, as for secrets: these are public, and there may be a thousand of them.
    STANDARD.decode_vec(text, blob).map_err(|_| "the key is not base64")?;
    match framed_type(blob) {
        Ok(key_type) if key_type.name().as_bytes() == name => Ok(()),
        Ok(_) => Err("the key is of another type than the line says"),
        Err(KeyError::Unsupported(_)) => Err("unsupported key type"),
        Err(_) => Err("the key is malformed"),
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};

    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8vqQ0XxqzvUQyRqp6XjnEUrjjhqyWKUrdM8ApEwOoy";

    fn blob(line: &str) -> Vec<u8> {
        Base64::decode_vec(line.split(' ').nth(1).unwrap()).unwrap()
    }

    #[test]
    fn keys_comments_and_blanks_are_read_as_sshd_reads_them() {
        let file = format!("# our CA\n\n \t{ED25519} ca@example # of 2026\r\n");
        let (keys, bad) = CaKeys::parse(file.as_bytes());
        assert_eq!((keys.len(), bad.len()), (1, 0));
        assert!(keys.contains(&blob(ED25519)));
        assert!(!keys.contains(&blob(ED25519)[..50]));
    }

    #[test]
    fn a_bad_line_is_reported_and_the_keys_around_it_still_count() {
        let dsa = "ssh-dss AAAAB3NzaC1kc3MAAAABAAAAAQAAAAEAAAAB";
        let wrong_name = ED25519.replace("ssh-ed25519 ", "ssh-rsa ");
        let option = format!("cert-authority {ED25519}");
        let cut = ED25519.strip_suffix("wOoy").unwrap();
        let file = format!("nonsense\n{dsa}\n{wrong_name}\n{option}\n{cut}\nssh-ed25519 !!!!\n{ED25519}\n");
        let (keys, bad) = CaKeys::parse(file.as_bytes());
        assert_eq!(keys.len(), 1);
        assert!(keys.contains(&blob(ED25519)));
        assert_eq!(bad.iter().map(|b| b.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(bad[1].reason, "unsupported key type");
        assert_eq!(bad[2].reason, "the key is of another type than the line says");
    }

    #[test]
    fn an_empty_file_has_no_keys() {
        assert!(CaKeys::parse(b"").0.is_empty());
        assert!(CaKeys::parse(b"# nothing\n").0.is_empty());
    }
}
