//! KRLs, keys and certificates, byte by byte.

use std::io::{self, BufReader, Read};

use base64ct::{Base64, Encoding};
use ussh_cert::krl::{self, Header, KrlError, Subject, Verdict};
use ussh_cert::revoked_keys::{RevokedKeysError, check_all};

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

pub(crate) fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

pub(crate) fn section(number: u8, content: &[u8]) -> Vec<u8> {
    [vec![number], string(content)].concat()
}

pub(crate) fn certificates(ca: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    section(1, &[string(ca), string(b""), parts.concat()].concat())
}

/// Version 7, generated at 1700000000, comment "c".
pub(crate) fn krl(sections: &[Vec<u8>]) -> Vec<u8> {
    let header = [b"SSHKRL\n\0\0\0\0\x01".to_vec(), numbers(&[7, 1_700_000_000, 0]), string(b"reserved"), string(b"c")];
    [header.concat(), sections.concat()].concat()
}

/// An ed25519 key's blob: any 32 bytes are one.
pub(crate) fn key(byte: u8) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(&[byte; 32])].concat()
}

/// A certificate for `key(1)` by `key(2)`; the signature is none, which no list looks at.
pub(crate) fn certificate(serial: u64, key_id: &[u8]) -> Vec<u8> {
    [
        string(b"ssh-ed25519-cert-v01@openssh.com"),
        string(b"nonce"),
        string(&[1; 32]),
        numbers(&[serial]),
        1u32.to_be_bytes().to_vec(),
        string(key_id),
        string(&string(b"alice")),
        numbers(&[0, u64::MAX]),
        [string(b""), string(b""), string(b"")].concat(),
        string(&key(2)),
        string(b"signature"),
    ]
    .concat()
}

pub(crate) fn line(name: &str, blob: &[u8]) -> String {
    format!("{name} {}\n", Base64::encode_string(blob))
}

/// Asks about a list in memory, and about the same list from streams that come in pieces of several sizes, and are
/// interrupted; all say the same.
#[track_caller]
pub(crate) fn check(list: &[u8], subject: &Subject<'_>) -> Result<(Header, Verdict), KrlError> {
    let answer = krl::check(list, subject);
    for size in [1, 7, 4096] {
        let stream = BufReader::with_capacity(size, Drip::new(list, size));
        let streamed = match check_all(stream, list.len(), std::slice::from_ref(subject)) {
            Ok((Some(header), verdicts)) => Ok((header, verdicts[0])),
            Ok((None, _)) | Err(RevokedKeysError::Line(..)) => Err(KrlError::NotAKrl),
            Err(RevokedKeysError::Krl(error)) => Err(error),
        };
        assert_eq!(streamed, answer, "in pieces of {size}");
    }
    answer
}

/// Gives up to `size` bytes at a time, and each time is interrupted first.
pub(crate) struct Drip<'b> {
    bytes: &'b [u8],
    size: usize,
    interrupted: bool,
}

impl<'b> Drip<'b> {
    pub(crate) fn new(bytes: &'b [u8], size: usize) -> Self {
        Self { bytes, size, interrupted: false }
    }
}

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = out.len().min(self.size);
        self.bytes.read(&mut out[..length])
    }
}
