//! The commands about PIN and PUK (SP 800-73-4 part 2 section 3.2).

use super::{Answer, Piv, Status};
use crate::card::apdu::Command;

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;
/// A PIN or PUK with its padding.
const LENGTH: usize = 8;

impl Piv {
    /// VERIFY: with the PIN; empty, asks for the tries left; P1 = ff forgets that the PIN was verified.
    pub(super) fn verify(&mut self, command: &Command) -> Answer {
        match (command.p1, command.p2, command.data.len()) {
            (0xff, PIN, 0) => self.session.pin_verified = false,
            (0x00, PIN, 0) if self.session.pin_verified => {}
            (0x00, PIN, 0) => return Err(self.pin.refusal()),
            (0x00, PIN, LENGTH) => {
                self.session.pin_verified = false;
                self.pin.verify(&command.data)?;
                (self.session.pin_verified, self.session.pin_just_verified) = (true, true);
            }
            (0x00 | 0xff, PIN, _) => return Err(Status::WRONG_DATA),
            _ => return Err(Status::REFERENCE_NOT_FOUND),
        }
        Ok(vec![])
    }

    /// CHANGE REFERENCE DATA: old and new value, of the PIN or the PUK.
    pub(super) fn change_reference(&mut self, command: &Command) -> Answer {
        let secret = match command.p2 {
            PIN => &mut self.pin,
            PUK => &mut self.puk,
            _ => return Err(Status::REFERENCE_NOT_FOUND),
        };
        let (old, new) = old_and_new(&command.data)?;
        secret.verify(old)?;
        secret.set(new)?;
        Ok(vec![])
    }

    /// RESET RETRY COUNTER: the PUK and a new PIN. The PUK is judged first: ykman blocks it so, with a PIN that would not do.
    pub(super) fn reset_retry_counter(&mut self, command: &Command) -> Answer {
        if command.p2 != PIN {
            return Err(Status::REFERENCE_NOT_FOUND);
        }
        let (puk, new_pin) = old_and_new(&command.data)?;
        self.puk.verify(puk)?;
        self.pin.set(new_pin)?;
        Ok(vec![])
    }

    /// SET PIN RETRIES: needs management key and PIN, and sets both secrets back to their defaults.
    pub(super) fn set_pin_retries(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        if !self.session.pin_verified {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        if command.p1 == 0 || command.p2 == 0 {
            return Err(Status::WRONG_DATA);
        }
        self.pin.set_tries(command.p1);
        self.puk.set_tries(command.p2);
        Ok(vec![])
    }
}

fn old_and_new(data: &[u8]) -> Result<(&[u8], &[u8]), Status> {
    if data.len() == 2 * LENGTH { Ok(data.split_at(LENGTH)) } else { Err(Status::WRONG_DATA) }
}
