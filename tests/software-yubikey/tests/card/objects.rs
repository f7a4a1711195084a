//! Data objects.

use crate::reader::*;
use software_yubikey::Firmware;

const CHUID: &[u8] = b"\x5c\x03\x5f\xc1\x02";
const PRINTED: &[u8] = b"\x5c\x03\x5f\xc1\x09";
const NOT_FOUND: u16 = 0x6a82;

#[test]
fn an_object_is_written_by_the_manager_read_by_all_and_deleted_by_writing_nothing() {
    let mut card = yubikey(Firmware::V5_4);
    let object = [CHUID, &tlv(0x53, &[5; 3000])].concat();
    assert_eq!(card.status(0xdb, 0x3f, 0xff, &object), SECURITY_NOT_SATISFIED);
    card.become_manager();
    card.ask(0xdb, 0x3f, 0xff, &object);
    card.select_piv();
    assert_eq!(card.ask(0xcb, 0x3f, 0xff, CHUID), tlv(0x53, &[5; 3000]));
    card.become_manager();
    card.ask(0xdb, 0x3f, 0xff, &[CHUID, &[0x53, 0]].concat());
    assert_eq!(card.status(0xcb, 0x3f, 0xff, CHUID), NOT_FOUND);
}

#[test]
fn an_object_longer_than_a_yubikey_holds_is_refused() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    assert_eq!(card.status(0xdb, 0x3f, 0xff, &[CHUID, &tlv(0x53, &[5; 3100])].concat()), 0x6a84);
}

#[test]
fn printed_information_is_behind_the_pin() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    card.ask(0xdb, 0x3f, 0xff, &[PRINTED, b"\x53\x01x"].concat());
    assert_eq!(card.status(0xcb, 0x3f, 0xff, PRINTED), SECURITY_NOT_SATISFIED);
    card.verify(PIN);
    assert_eq!(card.ask(0xcb, 0x3f, 0xff, PRINTED), b"\x53\x01x");
}

#[test]
fn the_discovery_object_names_piv() {
    let discovery = yubikey(Firmware::V5_4).ask(0xcb, 0x3f, 0xff, b"\x5c\x01\x7e");
    assert_eq!(discovery, b"\x7e\x12\x4f\x0b\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00\x5f\x2f\x02\x40\x00");
}

#[test]
fn commands_that_are_not_for_objects_are_refused() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.status(0xcb, 0, 0, CHUID), 0x6b00);
    assert_eq!(card.status(0xcb, 0x3f, 0xff, b"\x5c\x09\x00"), WRONG_DATA);
    assert_eq!(card.status(0xcb, 0x3f, 0xff, b"\x5c\x01\x00"), WRONG_DATA);
}
