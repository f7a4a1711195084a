//! GET DATA and PUT DATA: the data objects (SP 800-73-4 part 1 table 3, and Yubico's own).

use super::{Answer, Piv, Status};
use crate::card::apdu::Command;
use crate::card::tlv::{Elements, tlv};

/// The certificate of the attestation key.
pub(super) const ATTESTATION_CERTIFICATE: &[u8] = b"\x5f\xff\x01";
const DISCOVERY: &[u8] = b"\x7e";
/// Fingerprints, facial image, printed information and iris images are read with the PIN only (SP 800-73-4 part 1 table 2).
const BEHIND_THE_PIN: [&[u8]; 4] = [b"\x5f\xc1\x03", b"\x5f\xc1\x08", b"\x5f\xc1\x09", b"\x5f\xc1\x21"];
/// The longest object a YubiKey takes: libykpiv's `CB_OBJ_MAX` with room for its header.
const LONGEST: usize = 3063;

impl Piv {
    pub(super) fn get_data(&mut self, command: &Command) -> Answer {
        let id = object_id(command)?;
        if id == DISCOVERY {
            // PIV application, PIN usage policy: the PIV PIN alone (SP 800-73-4 part 1 section 3.3.2).
            let policy = [tlv(0x4f, b"\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00"), tlv(0x5f2f, [0x40, 0x00])].concat();
            return Ok(tlv(0x7e, policy));
        }
        if BEHIND_THE_PIN.contains(&id) && !self.session.pin_verified {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.objects.get(id).map(|object| tlv(0x53, object)).ok_or(Status::NOT_FOUND)
    }

    /// PUT DATA: an empty object is deleted.
    pub(super) fn put_data(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        let id = object_id(command)?;
        let object = Elements::parse(&command.data)?.need(0x53)?;
        if object.len() > LONGEST {
            return Err(Status::NO_SPACE);
        }
        if object.is_empty() {
            self.objects.remove(id);
        } else {
            self.objects.insert(id.to_vec(), object.to_vec());
        }
        Ok(vec![])
    }

    /// Puts a certificate where readers look for it: certificate, not compressed, no error detection code.
    pub(super) fn put_certificate(&mut self, id: &[u8], certificate: &[u8]) {
        let object = [tlv(0x70, certificate), tlv(0x71, [0]), tlv(0xfe, [])].concat();
        self.objects.insert(id.to_vec(), object);
    }

    /// The certificate in such an object.
    pub(super) fn certificate(&self, id: &[u8]) -> Option<&[u8]> {
        Elements::parse(self.objects.get(id)?).ok()?.find(0x70)
    }
}

fn object_id(command: &Command) -> Result<&[u8], Status> {
    if (command.p1, command.p2) != (0x3f, 0xff) {
        return Err(Status::WRONG_P1_P2);
    }
    match Elements::parse(&command.data)?.need(0x5c)? {
        id @ ([0x7e] | [0x5f, _, _] | [0x7f, 0x61]) => Ok(id),
        _ => Err(Status::WRONG_DATA),
    }
}
