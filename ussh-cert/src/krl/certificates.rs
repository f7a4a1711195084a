//! A certificates section (krl.c: parse_revoked_certs): one CA, and the serial numbers and key IDs that it lost.

use std::io::BufRead;

use super::source::Source;
use super::walk::{Visitor, extension};
use super::{KrlError, subsection};
use crate::plain_key::{MAX_MPINT, bits, canonical, mpint};

/// A CA's key must be held to be checked. Only a security key's application could make one as long.
const LONGEST_CA: usize = 64 * 1024;

pub(super) fn walk<R: BufRead>(list: &mut Source<R>, visitor: &mut impl Visitor) -> Result<(), KrlError> {
    let longest = visitor.longest();
    list.string(LONGEST_CA, |ca| authority(ca, visitor))?.ok_or(KrlError::CaKey)??;
    list.string(0, |_| ())?; // reserved
    while !list.is_empty() {
        let number = list.u8()?;
        let after = list.enter()?;
        match number {
            subsection::SERIAL_LIST => {
                while !list.is_empty() {
                    let serial = list.u64()?;
                    serials(serial, serial, visitor)?;
                }
            }
            subsection::SERIAL_RANGE => serials(list.u64()?, list.u64()?, visitor)?,
            subsection::SERIAL_BITMAP => {
                let offset = list.u64()?;
                list.string(MAX_MPINT + 1, |number| bitmap(offset, number, visitor))?.ok_or(KrlError::Bitmap)??;
            }
            subsection::KEY_ID => {
                while !list.is_empty() {
                    list.cstring(longest, |key_id| visitor.key_id(key_id))?;
                }
            }
            subsection::EXTENSION => extension(list)?,
            unknown => return Err(KrlError::UnknownCertificateSection(unknown)),
        }
        list.leave(after)?;
    }
    Ok(())
}

fn authority(ca: &[u8], visitor: &mut impl Visitor) -> Result<(), KrlError> {
    if ca.is_empty() {
        visitor.authority(None);
    } else {
        visitor.authority(Some(&canonical(ca).map_err(|_| KrlError::CaKey)?));
    }
    Ok(())
}

#[inline]
fn serials(min: u64, max: u64, visitor: &mut impl Visitor) -> Result<(), KrlError> {
    if min == 0 || min > max {
        return Err(KrlError::Serials(min, max));
    }
    visitor.serials(min, max);
    Ok(())
}

fn bitmap(offset: u64, number: &[u8], visitor: &mut impl Visitor) -> Result<(), KrlError> {
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
