//! One spelling for every key, so that keys can be compared as bytes.
//!
//! OpenSSH compares, hashes and writes keys as it would write them itself, whatever they looked like when they came.
//! An RSA number with zeros in front, or a NUL behind an application, must not make a revoked key another one.

use std::borrow::Cow;
use std::fmt;

use crate::algorithm::KeyType;
use crate::key::framed_type;
use crate::wire::{Reader, put_string};

/// As in OpenSSH (sshkey.h: SSH_RSA_MINIMUM_MODULUS_SIZE).
const MIN_RSA_BITS: usize = 1024;
/// As in OpenSSH (sshbuf.h: SSHBUF_MAX_BIGNUM).
pub(crate) const MAX_MPINT: usize = 16384 / 8;

/// Why bytes are not a plain key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAKey {
    /// A certificate, or a type that is not accepted here.
    Type,
    /// Not framed as its name promises, or numbers that no such key has.
    Malformed,
    /// An RSA key of fewer than 1024 bits.
    Small,
}

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "not a plain key of an accepted type",
            Self::Malformed => "a malformed key",
            Self::Small => "an RSA key of fewer than 1024 bits",
        })
    }
}

impl std::error::Error for NotAKey {}

/// The blob as OpenSSH would write it (sshkey.c: sshkey_from_blob, sshkey_to_blob).
///
/// # Errors
/// [`NotAKey`], where OpenSSH would not read the blob.
pub(crate) fn canonical(blob: &[u8]) -> Result<Cow<'_, [u8]>, NotAKey> {
    let key_type = framed_type(blob).map_err(|error| match error {
        crate::key::KeyError::Unsupported(_) => NotAKey::Type,
        _ => NotAKey::Malformed,
    })?;
    match key_type {
        KeyType::Ed25519 => Ok(Cow::Borrowed(blob)),
        KeyType::Rsa => rsa(blob),
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => {
            on_curve(key_type, blob)?;
            Ok(Cow::Borrowed(blob))
        }
        KeyType::SkEcdsaP256 => {
            on_curve(key_type, blob)?;
            Ok(without_nul(blob))
        }
        KeyType::SkEd25519 => Ok(without_nul(blob)),
    }
}

fn rsa(blob: &[u8]) -> Result<Cow<'_, [u8]>, NotAKey> {
    let mut reader = Reader::new(blob);
    let [name, exponent, modulus] = [reader.string(), reader.string(), reader.string()].map(|field| field.unwrap_or_default());
    let numbers = [mpint(exponent).ok_or(NotAKey::Malformed)?, mpint(modulus).ok_or(NotAKey::Malformed)?];
    if bits(numbers[1]) < MIN_RSA_BITS {
        return Err(NotAKey::Small);
    }
    let mut canonical = Vec::with_capacity(blob.len());
    put_string(&mut canonical, name);
    for number in numbers {
        put_mpint(&mut canonical, number);
    }
    Ok(if canonical == blob { Cow::Borrowed(blob) } else { Cow::Owned(canonical) })
}

/// The number in an mpint, without zeros in front (sshbuf_get_bignum2_bytes_direct); none if it is negative or too large.
pub(crate) fn mpint(bytes: &[u8]) -> Option<&[u8]> {
    let first = bytes.first().copied().unwrap_or(0);
    if first >= 0x80 || bytes.len() > MAX_MPINT + 1 || (bytes.len() == MAX_MPINT + 1 && first != 0) {
        return None;
    }
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.get(zeros..)
}

/// Appends a number that has no zeros in front.
pub(crate) fn put_mpint(out: &mut Vec<u8>, number: &[u8]) {
    if number.first().is_some_and(|&byte| byte >= 0x80) {
        put_string(out, &[&[0], number].concat());
    } else {
        put_string(out, number);
    }
}

/// Bits of a number that has no zeros in front.
pub(crate) fn bits(number: &[u8]) -> usize {
    let in_first = number.first().map_or(0, |byte| 8 - byte.leading_zeros());
    number.len().saturating_sub(1) * 8 + usize::try_from(in_first).unwrap_or(0)
}

fn on_curve(key_type: KeyType, blob: &[u8]) -> Result<(), NotAKey> {
    let mut reader = Reader::new(blob);
    let [_name, _curve, point] = [reader.string(), reader.string(), reader.string()].map(|field| field.unwrap_or_default());
    let on_curve = match key_type {
        KeyType::EcdsaP384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
        KeyType::EcdsaP521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        _ => p256::PublicKey::from_sec1_bytes(point).is_ok(),
    };
    if on_curve { Ok(()) } else { Err(NotAKey::Malformed) }
}

/// A security key's application comes last; OpenSSH drops a NUL at its end.
fn without_nul(blob: &[u8]) -> Cow<'_, [u8]> {
    let Some((0, _)) = blob.split_last() else { return Cow::Borrowed(blob) };
    let mut reader = Reader::new(blob);
    let mut before = reader;
    while reader.string().is_ok() && !reader.is_empty() {
        before = reader;
    }
    let application = before.string().unwrap_or_default();
    // An empty application's length ends with a zero, too.
    let Some(text) = application.strip_suffix(b"\0") else { return Cow::Borrowed(blob) };
    let mut canonical = blob.get(..blob.len() - 4 - application.len()).unwrap_or_default().to_vec();
    put_string(&mut canonical, text);
    Cow::Owned(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(fields: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        fields.iter().for_each(|field| put_string(&mut out, field));
        out
    }

    #[test]
    fn zeros_in_front_of_rsa_numbers_do_not_make_another_key() {
        let modulus = [&[0x80], [7; 127].as_slice()].concat();
        let usual = blob(&[b"ssh-rsa", &[1, 0, 1], &[&[0], modulus.as_slice()].concat()]);
        let padded = blob(&[b"ssh-rsa", &[0, 0, 1, 0, 1], &[&[0, 0, 0], modulus.as_slice()].concat()]);
        assert!(matches!(canonical(&usual), Ok(Cow::Borrowed(_))));
        assert_eq!(canonical(&padded).unwrap(), usual);
    }

    #[test]
    fn a_nul_behind_the_application_does_not_make_another_key() {
        let usual = blob(&[b"sk-ssh-ed25519@openssh.com", &[1; 32], b"ssh:"]);
        let with_nul = blob(&[b"sk-ssh-ed25519@openssh.com", &[1; 32], b"ssh:\0"]);
        let empty = blob(&[b"sk-ssh-ed25519@openssh.com", &[1; 32], b""]);
        assert_eq!(canonical(&usual).unwrap(), usual);
        assert_eq!(canonical(&with_nul).unwrap(), usual);
        assert_eq!(canonical(&empty).unwrap(), empty);
    }

    #[test]
    fn numbers_that_no_key_has_are_refused() {
        let rsa = |n: &[u8]| blob(&[b"ssh-rsa", &[3], n]);
        assert_eq!(canonical(&rsa(&[0x80; 256])), Err(NotAKey::Malformed), "negative");
        assert_eq!(canonical(&rsa(&[1; MAX_MPINT + 1])), Err(NotAKey::Malformed), "too large");
        assert_eq!(canonical(&rsa(&[0x7f; 128])), Err(NotAKey::Small), "1023 bits");
        assert!(canonical(&rsa(&[&[0], [0x80; 128].as_slice()].concat())).is_ok(), "1024 bits");
        let point = blob(&[b"ecdsa-sha2-nistp256", b"nistp256", &[4; 65]]);
        assert_eq!(canonical(&point), Err(NotAKey::Malformed), "off the curve");
        assert_eq!(canonical(&blob(&[b"ssh-dss", b"x"])), Err(NotAKey::Type));
    }
}
