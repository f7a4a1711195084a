//! GENERAL AUTHENTICATE with a key slot: first the PIN, then the touch, then the key (SP 800-73-4 part 2 section 3.2.4).

use super::keys::{PinPolicy, TouchPolicy};
use super::{ATTESTATION, Answer, Piv, Status};
use crate::card::apdu::Command;
use crate::card::tlv::{Elements, tlv};

impl Piv {
    /// 7c { 82 empty, 81 challenge } signs (or decrypts with RSA), 7c { 82 empty, 85 point } agrees on a secret. 6a80 when the slot
    /// is empty or its key is of another algorithm than P1 says; 6982 when PIN or touch are missing.
    pub(super) fn use_key(&mut self, command: &Command, pin_just_verified: bool) -> Answer {
        let slot = self.slots.get(&command.p2).ok_or(Status::WRONG_DATA)?;
        if command.p2 == ATTESTATION || command.p1 != slot.key.algorithm() as u8 {
            return Err(Status::WRONG_DATA);
        }
        let (key, pin_policy, touch_policy) = (slot.key.clone(), slot.pin_policy, slot.touch_policy);
        let template = Elements::inside(&command.data, 0x7c)?;
        self.need_pin(pin_policy, pin_just_verified)?;
        self.need_touch(touch_policy)?;
        let result = match (template.find(0x81), template.find(0x85)) {
            (Some(input), None) => key.sign(input)?,
            (None, Some(point)) => key.agree(point)?,
            _ => return Err(Status::WRONG_DATA),
        };
        Ok(tlv(0x7c, tlv(0x82, result)))
    }

    /// "Always" is taken at SP 800-73-4's word: verified *immediately* before, by the very command before this one. A device may be
    /// less strict; a program that gets its signature here gets it there.
    fn need_pin(&self, policy: PinPolicy, just_verified: bool) -> Result<(), Status> {
        let enough = match policy {
            PinPolicy::Never => true,
            PinPolicy::Once => self.session.pin_verified,
            PinPolicy::Always => just_verified,
        };
        if enough { Ok(()) } else { Err(Status::SECURITY_NOT_SATISFIED) }
    }

    /// Waits for the touch that the policy asks for; 6982 when it does not come.
    pub(super) fn need_touch(&self, policy: TouchPolicy) -> Result<(), Status> {
        let touched = match policy {
            TouchPolicy::Never => true,
            TouchPolicy::Cached => self.hands.touched_lately() || self.hands.wait_for_touch(),
            TouchPolicy::Always => self.hands.wait_for_touch(),
        };
        if touched { Ok(()) } else { Err(Status::SECURITY_NOT_SATISFIED) }
    }
}
