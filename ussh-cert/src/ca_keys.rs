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
        let mut texts = Vec::with_capacity(content.len() / 80);
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

    /// Each key's blob, as the file has them.
    pub fn blobs(&self) -> impl Iterator<Item = Vec<u8>> {
        self.texts.iter().filter_map(|text| STANDARD.decode(self.content.get(text.clone())?).ok())
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
    if is_ed25519_line(trimmed) {
        let start = start + ED25519_NAME.len();
        return Ok(Some(start..start + ED25519_DIGITS));
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

const ED25519_NAME: &[u8] = b"ssh-ed25519 ";
const ED25519_DIGITS: usize = 68;

/// Whether `line` begins with an ed25519 key, seen without searching or decoding: that took most of the time of a file
/// of a thousand. Such a key's name and length (19 bytes) are its first 25 digits and two bits of the next.
fn is_ed25519_line(line: &[u8]) -> bool {
    let Some((text, rest)) = line.strip_prefix(ED25519_NAME).and_then(|text| text.split_first_chunk::<ED25519_DIGITS>()) else {
        return false;
    };
    text.starts_with(b"AAAAC3NzaC1lZDI1NTE5AAAAI")
        && matches!(text.get(25), Some(b'A'..=b'P'))
        && is_base64(text)
        && matches!(rest, [] | [b' ' | b'\t', ..])
}

/// Without branches, so that the compiler can look at many bytes at once.
fn is_base64(digits: &[u8; ED25519_DIGITS]) -> bool {
    let letter = |byte: u8| (byte | 0x20).wrapping_sub(b'a') < 26;
    let slash_or_number = |byte: u8| byte.wrapping_sub(b'/') < 11;
    digits.iter().fold(true, |all, &byte| all & (letter(byte) | slash_or_number(byte) | (byte == b'+')))
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
    use crate::algorithm::KeyType;

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
    fn an_ed25519_key_is_known_by_its_text_as_by_its_bytes() {
        let good = ED25519.split(' ').nth(1).unwrap();
        let spoilt = (0..good.len()).flat_map(|at| "AQgw09+/=-_!@[`{:.,*".chars().map(move |c| (at, c)));
        let texts = spoilt.map(|(at, c)| good.chars().enumerate().map(|(i, old)| if i == at { c } else { old }).collect());
        let others = [good.to_owned(), format!("{good}AAAA"), good.chars().take(64).collect(), String::new()];
        for text in others.into_iter().chain(texts) {
            let by_bytes = STANDARD.decode(&text).is_ok_and(|blob| framed_type(&blob) == Ok(KeyType::Ed25519));
            for comment in ["", " ca", "\tca"] {
                let line = format!("ssh-ed25519 {text}{comment}");
                assert_eq!(is_ed25519_line(line.as_bytes()), by_bytes, "{line}");
            }
        }
    }

    #[test]
    fn an_empty_file_has_no_keys() {
        assert!(CaKeys::parse(b"").0.is_empty());
        assert!(CaKeys::parse(b"# nothing\n").0.is_empty());
    }
}
