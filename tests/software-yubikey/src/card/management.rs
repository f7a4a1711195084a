//! As much of the YubiKey management application as ykman asks before it turns to PIV: READ CONFIG
//! (<https://docs.yubico.com/yesdk/users-manual/application-management/apdu/get-device-info.html>).

use super::{Answer, Firmware, apdu::Command, piv::USB_A_KEYCHAIN, status::Status, tlv::tlv};

/// Its application identifier.
pub(super) const AID: &[u8] = b"\xa0\x00\x00\x05\x27\x47\x11\x17";
/// The capabilities bit of PIV. The device can do nothing else, so nobody looks for it elsewhere than in PC/SC.
const PIV: [u8; 2] = [0x00, 0x10];

/// What SELECT answers.
pub(super) fn selected(firmware: Firmware) -> Vec<u8> {
    let [major, minor, patch] = firmware.version();
    format!("Virtual mgr - FW version {major}.{minor}.{patch}").into_bytes()
}

/// READ CONFIG: a length, and elements.
pub(super) fn answer(serial: u32, firmware: Firmware, command: &Command) -> Answer {
    if command.ins != 0x1d {
        return Err(Status::NOT_SUPPORTED);
    }
    let config = [
        tlv(0x01, PIV),
        tlv(0x02, serial.to_be_bytes()),
        tlv(0x03, PIV),
        tlv(0x04, [USB_A_KEYCHAIN]),
        tlv(0x05, firmware.version()),
        tlv(0x0a, [0]),
    ]
    .concat();
    Ok([vec![u8::try_from(config.len()).expect("a short list")], config].concat())
}
