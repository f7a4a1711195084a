//! Writing a KRL (krl.c: ssh_krl_to_blob), in the very bytes that ssh-keygen writes; see [`serial_sections`] for the one
//! place where it must not.

mod serial_sections;

use super::{Authority, FORMAT_VERSION, Krl, MAGIC, MAX_LENGTH, TooLarge, section, subsection};
use crate::wire::put_string;

impl Krl {
    /// The list's bytes: the same for the same content, in whatever order it came (but CAs stay in the order in which
    /// they came first).
    ///
    /// # Errors
    /// [`TooLarge`]
    pub fn write(&mut self) -> Result<Vec<u8>, TooLarge> {
        self.sort();
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        for field in [self.version, self.generated_date, self.flags] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        put_string(&mut out, &[]); // reserved
        put_string(&mut out, &self.comment);
        for authority in &self.authorities {
            framed(&mut out, section::CERTIFICATES, |out| certificates(out, authority))?;
        }
        strings(&mut out, section::EXPLICIT_KEY, self.keys.sorted())?;
        strings(&mut out, section::FINGERPRINT_SHA1, self.sha1s.sorted())?;
        strings(&mut out, section::FINGERPRINT_SHA256, self.sha256s.sorted())?;
        if out.len() > MAX_LENGTH { Err(TooLarge) } else { Ok(out) }
    }
}

fn certificates(out: &mut Vec<u8>, authority: &Authority) -> Result<(), TooLarge> {
    put_string(out, authority.ca().unwrap_or_default());
    put_string(out, &[]); // reserved
    serial_sections::write(out, authority.serials())?;
    strings(out, subsection::KEY_ID, authority.key_ids.sorted())
}

/// A section of strings, if there are any.
fn strings(out: &mut Vec<u8>, number: u8, strings: &[impl AsRef<[u8]>]) -> Result<(), TooLarge> {
    if strings.is_empty() {
        return Ok(());
    }
    framed(out, number, |out| {
        strings.iter().for_each(|string| put_string(out, string.as_ref()));
        Ok(())
    })
}

/// A section's number, its length, and what `content` appends.
fn framed(out: &mut Vec<u8>, number: u8, content: impl FnOnce(&mut Vec<u8>) -> Result<(), TooLarge>) -> Result<(), TooLarge> {
    out.push(number);
    let place = out.len();
    out.extend_from_slice(&[0; 4]);
    content(out)?;
    let length = u32::try_from(out.len() - place - 4).map_err(|_| TooLarge)?;
    out.get_mut(place..place + 4).ok_or(TooLarge)?.copy_from_slice(&length.to_be_bytes());
    Ok(())
}
