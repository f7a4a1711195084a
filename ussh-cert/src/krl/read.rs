//! Reading a KRL into memory.

use super::walk::{Visitor, walk};
use super::{Header, Krl, KrlError};

impl Krl {
    /// Reads a list: all that [`super::check`] takes, and what it says. Extensions are dropped, as ssh-keygen drops them.
    ///
    /// # Errors
    /// [`KrlError`]
    pub fn read(bytes: &[u8]) -> Result<Self, KrlError> {
        let mut reading = Reading { krl: Self::new(), ca: None };
        let Header { version, generated_date, flags } = walk(bytes, &mut reading)?;
        let mut krl = reading.krl;
        (krl.version, krl.generated_date, krl.flags) = (version, generated_date, flags);
        Ok(krl)
    }
}

struct Reading {
    krl: Krl,
    /// Of the current section. It gets its room in the list with the first thing that is revoked, as in krl.c.
    ca: Option<Vec<u8>>,
}

impl Reading {
    fn insert(&mut self, min: u64, max: u64) {
        // The key was one already.
        if let Ok(authority) = self.krl.authority(self.ca.as_deref()) {
            authority.serials.insert(min, max);
        }
    }
}

impl Visitor for Reading {
    fn longest(&self) -> usize {
        usize::MAX
    }

    fn comment(&mut self, comment: &[u8]) {
        self.krl.comment = comment.to_vec();
    }

    fn authority(&mut self, ca: Option<&[u8]>) {
        self.ca = ca.map(<[u8]>::to_vec);
    }

    fn serials(&mut self, min: u64, max: u64) {
        self.insert(min, max);
    }

    fn bitmap(&mut self, offset: u64, bits: &[u8]) {
        for (index, byte) in (0u64..).zip(bits.iter().rev()) {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
                let serial = offset + index * 8 + bit;
                self.insert(serial, serial);
            }
        }
    }

    fn key_id(&mut self, key_id: &[u8]) {
        if let Ok(authority) = self.krl.authority(self.ca.as_deref()) {
            authority.key_ids.insert(key_id.into());
        }
    }

    fn key(&mut self, blob: &[u8]) {
        self.krl.keys.insert(blob.to_vec());
    }

    fn sha1(&mut self, hash: &[u8; 20]) {
        self.krl.sha1s.insert(*hash);
    }

    fn sha256(&mut self, hash: &[u8; 32]) {
        self.krl.sha256s.insert(*hash);
    }
}
