//! A certificates section (krl.c: parse_revoked_certs): one CA, and the serial numbers and key IDs that it lost.

use super::walk::{Visitor, extension};
use super::{KrlError, subsection};
use crate::plain_key::{bits, canonical, mpint};
use crate::wire::Reader;

pub(super) fn walk<'a>(content: &mut Reader<'a>, visitor: &mut impl Visitor<'a>) -> Result<(), KrlError> {
    let ca = content.string()?;
    content.string()?; // reserved
    if ca.is_empty() {
        visitor.authority(None);
    } else {
        visitor.authority(Some(&canonical(ca).map_err(|_| KrlError::CaKey)?));
    }
    while !content.is_empty() {
        let number = content.u8()?;
        let mut part = Reader::new(content.string()?);
        match number {
            subsection::SERIAL_LIST => {
                while !part.is_empty() {
                    let serial = part.u64()?;
                    serials(serial, serial, visitor)?;
                }
            }
            subsection::SERIAL_RANGE => serials(part.u64()?, part.u64()?, visitor)?,
            subsection::SERIAL_BITMAP => bitmap(part.u64()?, part.string()?, visitor)?,
            subsection::KEY_ID => {
                while !part.is_empty() {
                    visitor.key_id(part.cstring()?);
                }
            }
            subsection::EXTENSION => extension(&mut part)?,
            unknown => return Err(KrlError::UnknownCertificateSection(unknown)),
        }
        part.finish()?;
    }
    Ok(())
}

#[inline]
fn serials<'a>(min: u64, max: u64, visitor: &mut impl Visitor<'a>) -> Result<(), KrlError> {
    if min == 0 || min > max {
        return Err(KrlError::Serials(min, max));
    }
    visitor.serials(min, max);
    Ok(())
}

fn bitmap<'a>(offset: u64, number: &'a [u8], visitor: &mut impl Visitor<'a>) -> Result<(), KrlError> {
    let number = mpint(number).ok_or(KrlError::Bitmap)?;
    let Some(lowest) = number.last() else { return Ok(()) };
    if offset == 0 && lowest & 1 == 1 {
        return Err(KrlError::Serials(0, 0));
    }
    // The highest bit is set, and its serial number must be one.
    let highest = u64::try_from(bits(number) - 1).map_err(|_| KrlError::Bitmap)?;
    offset.checked_add(highest).ok_or(KrlError::Bitmap)?;
    visitor.bitmap(offset, number);
    Ok(())
}
