//! GET METADATA, from firmware 5.3 (<https://docs.yubico.com/yesdk/users-manual/application-piv/apdu/metadata.html>).

use super::{Answer, MANAGEMENT, Piv, Status};
use crate::card::apdu::Command;
use crate::card::pin::Pin;
use crate::card::tlv::tlv;

impl Piv {
    /// 6a88 for a slot without a key.
    pub(super) fn metadata(&mut self, command: &Command) -> Answer {
        match command.p2 {
            0x80 => Ok(of_pin(&self.pin)),
            0x81 => Ok(of_pin(&self.puk)),
            MANAGEMENT => Ok(self.management_key.metadata()),
            slot => self.slots.get(&slot).map(|slot| slot.metadata()).ok_or(Status::REFERENCE_NOT_FOUND),
        }
    }
}

fn of_pin(pin: &Pin) -> Vec<u8> {
    [tlv(0x01, [0xff]), tlv(0x05, [u8::from(pin.is_default())]), tlv(0x06, pin.tries())].concat()
}
