//! SELECT, short and extended commands, chains, and answers in parts.

use crate::reader::*;
use software_yubikey::{Card, Firmware, YubiKey};

const TEMPLATE: &[u8] = b"\x61\x11\x4f\x06\x00\x00\x10\x00\x01\x00\x79\x07\x4f\x05\xa0\x00\x00\x03\x08";
const CHUID: &[u8] = b"\x5c\x03\x5f\xc1\x02";

#[test]
fn piv_is_found_by_its_whole_name_and_by_its_beginning() {
    let mut card = yubikey(Firmware::V5_4);
    for length in [5, 9, 11] {
        assert_eq!(card.ask(0xa4, 4, 0, &b"\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00"[..length]), TEMPLATE);
    }
    for unknown in [&b"\xa0\x00\x00\x03"[..], b"\xa0\x00\x00\x03\x08\x00\x00\x20", b"\xa0\x00\x00\x06\x47\x2f\x00\x01", b""] {
        assert_eq!(card.status(0xa4, 4, 0, unknown), 0x6a82);
    }
    assert_eq!(card.status(0xa4, 0, 0, b"\xa0\x00\x00\x03\x08"), 0x6a82, "by name only");
    assert_eq!(card.tries(), 0x63c3, "PIV stays selected");
}

#[test]
fn before_select_nothing_is_known() {
    let mut card = Reader { yubikey: YubiKey::new(1, Firmware::V5_7) };
    assert_eq!(card.status(0xfd, 0, 0, &[]), 0x6d00);
}

#[test]
fn data_come_even_when_le_is_absent() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.raw(&[0, 0xfd, 0, 0]), (vec![5, 4, 3], OK));
    assert_eq!(card.raw(&[0, 0xfd, 0, 0, 0]), (vec![5, 4, 3], OK));
    assert_eq!(card.raw(&[0, 0xcb, 0x3f, 0xff, 3, 0x5c, 1, 0x7e]).1, OK);
    assert_eq!(card.raw(&[0, 0xcb, 0x3f, 0xff, 3, 0x5c, 1, 0x7e, 0]).1, OK);
    assert_eq!(card.raw(&[0, 0xcb, 0x3f, 0xff, 0, 0, 3, 0x5c, 1, 0x7e]).1, OK);
}

#[test]
fn lengths_that_do_not_add_up_are_refused() {
    let mut card = yubikey(Firmware::V5_4);
    for command in
        [&[0, 0xfd][..], &[0, 0x20, 0, 0x80, 8, 1], &[0, 0xcb, 0x3f, 0xff, 0, 0, 9, 1], &[0, 0x20, 0, 0x80, 1, 1, 1, 1]]
    {
        assert_eq!(card.raw(command).1, 0x6700, "{command:02x?}");
    }
}

#[test]
fn a_long_answer_to_a_short_command_comes_in_parts() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    let object: Vec<u8> = (0..=255).cycle().take(700).collect();
    card.ask(0xdb, 0x3f, 0xff, &[CHUID, &tlv(0x53, &object)].concat());
    let (mut answer, status) = card.raw(&[&[0, 0xcb, 0x3f, 0xff, 5], CHUID].concat());
    assert_eq!((answer.len(), status), (256, 0x6100));
    let (part, status) = card.raw(&[0, 0xc0, 0, 0]);
    assert_eq!((part.len(), status), (256, 0x61c0));
    answer.extend(part);
    let (part, status) = card.raw(&[0, 0xc0, 0, 0]);
    assert_eq!(status, OK);
    answer.extend(part);
    assert_eq!(answer, tlv(0x53, &object));
    assert_eq!(card.raw(&[0, 0xc0, 0, 0]).1, WRONG_DATA, "nothing is left");
}

#[test]
fn another_command_forgets_the_rest_of_an_answer() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.raw(&[0, 0xcb, 0x3f, 0xff, 5, 0x5c, 3, 0x5f, 0xff, 1]).1 & 0xff00, 0x6100);
    assert_eq!(card.status(0xfb, 0, 0, &[]), 0x6985);
    assert_eq!(card.raw(&[0, 0xc0, 0, 0]).1, WRONG_DATA);
}

#[test]
fn a_long_command_comes_in_a_chain() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    let data = [CHUID, &tlv(0x53, &[3; 600])].concat();
    let parts: Vec<&[u8]> = data.chunks(255).collect();
    for (number, part) in parts.iter().enumerate() {
        let cla = if number + 1 < parts.len() { 0x10 } else { 0 };
        let header = [cla, 0xdb, 0x3f, 0xff, u8::try_from(part.len()).unwrap()];
        assert_eq!(card.raw(&[&header, *part].concat()), (vec![], OK));
    }
    assert_eq!(card.ask(0xcb, 0x3f, 0xff, CHUID), tlv(0x53, &[3; 600]));
}

#[test]
fn a_chain_that_another_command_breaks_is_forgotten() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.raw(&[0x10, 0xcb, 0x3f, 0xff, 2, 0x5c, 1]).1, OK);
    assert_eq!(card.tries(), 0x63c3, "nothing is put before the other command");
    assert_eq!(card.raw(&[0, 0xcb, 0x3f, 0xff, 1, 0x7e]).1, WRONG_DATA);
}

#[test]
fn the_management_application_tells_what_the_device_is() {
    let mut card = yubikey(Firmware::V5_7);
    assert_eq!(card.ask(0xa4, 4, 0, b"\xa0\x00\x00\x05\x27\x47\x11\x17"), b"Virtual mgr - FW version 5.7.4");
    let config = card.ask(0x1d, 0, 0, &[]);
    assert_eq!(usize::from(config[0]), config.len() - 1);
    assert!(config.windows(6).any(|window| *window == *b"\x02\x04\x00\x4c\x50\x12"), "serial number 5001234");
}

#[test]
fn a_cards_handles_are_one_card() {
    let mut card = yubikey(Firmware::V5_4);
    let mut other = card.yubikey.clone();
    card.verify(PIN);
    assert_eq!(other.transmit(&extended(0x20, 0, 0x80, &[])), Some(vec![0x90, 0]));
}
