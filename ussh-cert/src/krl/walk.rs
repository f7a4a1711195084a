//! The one parser of KRLs: checks all that krl.c checks, and tells a visitor what stands there. Goes through a stream
//! once, and holds no more of it than the visitor wants in one piece.

use std::io::BufRead;

use super::certificates;
use super::source::Source;
use super::{FORMAT_VERSION, KrlError, MAGIC, MAX_LENGTH, section};

/// An extension's longer name is not repeated in the refusal.
const LONGEST_NAME: usize = 256;

/// What a KRL says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Rises with every change.
    pub version: u64,
    /// Seconds since the epoch.
    pub generated_date: u64,
    /// None are defined.
    pub flags: u64,
}

impl Header {
    /// Reads the header alone; what follows is not looked at.
    ///
    /// # Errors
    /// [`KrlError`]
    pub fn read(bytes: &[u8]) -> Result<Self, KrlError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(KrlError::NotAKrl)?;
        header(&mut Source::new(rest, rest.len()), 0, |_| ())
    }
}

/// Is told what a KRL revokes.
pub(super) trait Visitor {
    /// The longest comment, key ID or key that it wants to be told of.
    fn longest(&self) -> usize;
    /// Any bytes without NUL.
    fn comment(&mut self, comment: &[u8]);
    /// The certificates that follow are of the CA with this blob; of any CA, if it is none.
    fn authority(&mut self, ca: Option<&[u8]>);
    /// Serial numbers from `min` to `max`; `min` is at least 1.
    fn serials(&mut self, min: u64, max: u64);
    /// The bits of a big-endian number, whose lowest stands for `offset`. The bit of serial number 0 is not set.
    fn bitmap(&mut self, offset: u64, bits: &[u8]);
    fn key_id(&mut self, key_id: &[u8]);
    /// Whatever stands there: krl.c does not look into it either.
    fn key(&mut self, blob: &[u8]);
    fn sha1(&mut self, hash: &[u8; 20]);
    fn sha256(&mut self, hash: &[u8; 32]);
}

/// Goes through a whole KRL in memory.
pub(super) fn walk(bytes: &[u8], visitor: &mut impl Visitor) -> Result<Header, KrlError> {
    if bytes.len() > MAX_LENGTH {
        return Err(KrlError::TooLarge);
    }
    let rest = bytes.strip_prefix(MAGIC).ok_or(KrlError::NotAKrl)?;
    walk_after_magic(rest, rest.len(), visitor)
}

/// Goes through the whole KRL (krl.c: ssh_krl_from_blob), of which the first eight bytes were read already.
pub(super) fn walk_after_magic<R: BufRead>(stream: R, length: usize, visitor: &mut impl Visitor) -> Result<Header, KrlError> {
    let mut list = Source::new(stream, length);
    let longest = visitor.longest();
    let header = header(&mut list, longest, |comment| visitor.comment(comment))?;
    while !list.is_empty() {
        let number = list.u8()?;
        let after = list.enter()?;
        match number {
            section::CERTIFICATES => certificates::walk(&mut list, visitor)?,
            section::EXPLICIT_KEY => {
                while !list.is_empty() {
                    list.string(longest, |blob| visitor.key(blob))?;
                }
            }
            section::FINGERPRINT_SHA1 => hashes(&mut list, |hash| visitor.sha1(hash))?,
            section::FINGERPRINT_SHA256 => hashes(&mut list, |hash| visitor.sha256(hash))?,
            section::EXTENSION => extension(&mut list)?,
            section::SIGNATURE => return Err(KrlError::Signed),
            unknown => return Err(KrlError::UnknownSection(unknown)),
        }
        list.leave(after)?;
    }
    Ok(header)
}

fn header<R: BufRead>(list: &mut Source<R>, longest: usize, comment: impl FnOnce(&[u8])) -> Result<Header, KrlError> {
    let format_version = list.u32()?;
    if format_version != FORMAT_VERSION {
        return Err(KrlError::FormatVersion(format_version));
    }
    let [version, generated_date, flags] = [list.u64()?, list.u64()?, list.u64()?];
    list.string(0, |_| ())?; // reserved
    list.cstring(longest, comment)?;
    Ok(Header { version, generated_date, flags })
}

fn hashes<R: BufRead, const N: usize>(list: &mut Source<R>, mut tell: impl FnMut(&[u8; N])) -> Result<(), KrlError> {
    while !list.is_empty() {
        tell(&list.exactly()?.ok_or(KrlError::Hash)?);
    }
    Ok(())
}

/// No extension is known, so only the ones that may be ignored pass. OpenSSH 9.2 refuses those, too.
pub(super) fn extension<R: BufRead>(list: &mut Source<R>) -> Result<(), KrlError> {
    let name = list.cstring(LONGEST_NAME, <[u8]>::to_vec)?;
    let critical = list.u8()?;
    list.string(0, |_| ())?;
    if critical != 0 {
        return Err(KrlError::CriticalExtension(name.unwrap_or_else(|| b"(of a long name)".to_vec())));
    }
    Ok(())
}
