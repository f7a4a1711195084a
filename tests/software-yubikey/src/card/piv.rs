//! The PIV application.

use super::{Answer, Firmware, apdu::Command, hands::Hands, pin::Pin, status::Status};
use std::sync::Arc;

/// See the module.
pub(super) struct Piv {
    serial: u32,
    firmware: Firmware,
    hands: Arc<Hands>,
    pin: Pin,
    pin_verified: bool,
}

impl Piv {
    pub(super) fn new(serial: u32, firmware: Firmware, hands: Arc<Hands>) -> Self {
        Self { serial, firmware, hands, pin: Pin::new(*b"123456\xff\xff"), pin_verified: false }
    }

    pub(super) fn forget_session(&mut self) {
        self.pin_verified = false;
    }

    /// The application property template of a YubiKey (SP 800-73-4 part 2 table 3).
    pub(super) fn application_template(&self) -> Vec<u8> {
        b"\x61\x11\x4f\x06\x00\x00\x10\x00\x01\x00\x79\x07\x4f\x05\xa0\x00\x00\x03\x08".to_vec()
    }

    pub(super) fn answer(&mut self, command: &Command) -> Answer {
        match command.ins {
            0x20 => self.verify(command),
            0xf8 if self.firmware >= Firmware::V5_2 => Ok(self.serial.to_be_bytes().to_vec()),
            0xfd => Ok(self.firmware.version().to_vec()),
            _ => Err(Status::NOT_SUPPORTED),
        }
    }

    fn verify(&mut self, command: &Command) -> Answer {
        match (command.p1, command.p2, command.data.len()) {
            (0x00, 0x80, 0) if self.pin_verified => Ok(vec![]),
            (0x00, 0x80, 0) => Err(self.pin.refusal()),
            (0x00, 0x80, 8) => {
                self.pin_verified = false;
                self.pin.verify(&command.data)?;
                self.pin_verified = true;
                Ok(vec![])
            }
            (0x00 | 0xff, 0x80, _) => Err(Status::WRONG_DATA),
            _ => Err(Status::REFERENCE_NOT_FOUND),
        }
    }
}
