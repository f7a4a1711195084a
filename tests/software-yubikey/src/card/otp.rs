//! As much of the OTP application as is needed to tell the serial number of a device whose PIV application does not (firmware 4).

use super::{Answer, Firmware, apdu::Command, status::Status};

/// Its application identifier.
pub(super) const AID: &[u8] = b"\xa0\x00\x00\x05\x27\x20\x01\x01";

/// What SELECT answers: the status of the OTP slots, none of which is programmed.
pub(super) fn selected(firmware: Firmware) -> Vec<u8> {
    [&firmware.version()[..], &[1, 0, 0]].concat()
}

/// The slot command 10 reads the serial number.
pub(super) fn answer(serial: u32, command: &Command) -> Answer {
    match (command.ins, command.p1) {
        (0x01, 0x10) => Ok(serial.to_be_bytes().to_vec()),
        _ => Err(Status::NOT_SUPPORTED),
    }
}
