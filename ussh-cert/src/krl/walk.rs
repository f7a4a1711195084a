//! The one parser of KRLs: checks all that krl.c checks, and tells a visitor what stands there. Copies nothing.

use super::certificates;
use super::{FORMAT_VERSION, KrlError, MAGIC, MAX_LENGTH, section};
use crate::wire::Reader;

/// What a KRL says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Rises with every change.
    pub version: u64,
    /// Seconds since the epoch.
    pub generated_date: u64,
    /// None are defined.
    pub flags: u64,
    /// Any bytes without NUL.
    pub comment: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header alone; what follows is not looked at.
    ///
    /// # Errors
    /// [`KrlError`]
    pub fn read(bytes: &'a [u8]) -> Result<Self, KrlError> {
        header(bytes).map(|(header, _)| header)
    }
}

/// Is told what a KRL revokes. All slices are of the KRL's bytes.
pub(super) trait Visitor<'a> {
    /// The certificates that follow are of the CA with this blob; of any CA, if it is none.
    fn authority(&mut self, ca: Option<&[u8]>);
    /// Serial numbers from `min` to `max`; `min` is at least 1.
    fn serials(&mut self, min: u64, max: u64);
    /// The bits of a big-endian number, whose lowest stands for `offset`. The bit of serial number 0 is not set.
    fn bitmap(&mut self, offset: u64, bits: &'a [u8]);
    fn key_id(&mut self, key_id: &'a [u8]);
    /// Whatever stands there: krl.c does not look into it either.
    fn key(&mut self, blob: &'a [u8]);
    fn sha1(&mut self, hash: &'a [u8; 20]);
    fn sha256(&mut self, hash: &'a [u8; 32]);
}

/// Goes through the whole KRL (krl.c: ssh_krl_from_blob).
pub(super) fn walk<'a>(bytes: &'a [u8], visitor: &mut impl Visitor<'a>) -> Result<Header<'a>, KrlError> {
    if bytes.len() > MAX_LENGTH {
        return Err(KrlError::TooLarge);
    }
    let (header, mut sections) = header(bytes)?;
    while !sections.is_empty() {
        let number = sections.u8()?;
        let content = sections.string()?;
        let mut content = Reader::new(content);
        match number {
            section::CERTIFICATES => certificates::walk(&mut content, visitor)?,
            section::EXPLICIT_KEY => {
                while !content.is_empty() {
                    visitor.key(content.string()?);
                }
            }
            section::FINGERPRINT_SHA1 => hashes(&mut content, |hash| visitor.sha1(hash))?,
            section::FINGERPRINT_SHA256 => hashes(&mut content, |hash| visitor.sha256(hash))?,
            section::EXTENSION => extension(&mut content)?,
            section::SIGNATURE => return Err(KrlError::Signed),
            unknown => return Err(KrlError::UnknownSection(unknown)),
        }
        content.finish()?;
    }
    Ok(header)
}

fn header(bytes: &[u8]) -> Result<(Header<'_>, Reader<'_>), KrlError> {
    let mut reader = Reader::new(bytes.strip_prefix(MAGIC).ok_or(KrlError::NotAKrl)?);
    let format_version = reader.u32()?;
    if format_version != FORMAT_VERSION {
        return Err(KrlError::FormatVersion(format_version));
    }
    let [version, generated_date, flags] = [reader.u64()?, reader.u64()?, reader.u64()?];
    reader.string()?; // reserved
    let comment = reader.cstring()?;
    Ok((Header { version, generated_date, flags, comment }, reader))
}

fn hashes<'a, const N: usize>(content: &mut Reader<'a>, mut tell: impl FnMut(&'a [u8; N])) -> Result<(), KrlError> {
    while !content.is_empty() {
        tell(content.string()?.try_into().map_err(|_| KrlError::Hash)?);
    }
    Ok(())
}

/// No extension is known, so only the ones that may be ignored pass. OpenSSH 9.2 refuses those, too.
pub(super) fn extension(content: &mut Reader<'_>) -> Result<(), KrlError> {
    let name = content.cstring()?;
    let critical = content.u8()?;
    content.string()?;
    if critical != 0 {
        return Err(KrlError::CriticalExtension(name.to_vec()));
    }
    Ok(())
}
