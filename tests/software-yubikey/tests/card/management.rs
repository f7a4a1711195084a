//! The management key.

use crate::reader::*;
use software_yubikey::{Firmware, Touch};

const NEW: [u8; 32] = [7; 32];

#[test]
fn the_default_is_3des_before_firmware_5_7_and_aes_192_from_it_on() {
    for (firmware, default, other) in [(Firmware::V5_4, 0x03, 0x0a), (Firmware::V5_7, 0x0a, 0x03)] {
        let mut card = yubikey(firmware);
        assert_eq!(card.authenticate(other, &DEFAULT_MANAGEMENT_KEY), WRONG_DATA);
        assert_eq!(card.authenticate(default, &DEFAULT_MANAGEMENT_KEY), OK);
    }
}

#[test]
fn a_wrong_management_key_manages_nothing() {
    let mut card = yubikey(Firmware::V5_7);
    assert_eq!(card.authenticate(0x0a, &NEW[..24]), SECURITY_NOT_SATISFIED);
    assert_eq!(card.status(0x47, 0, 0x9a, b"\xac\x03\x80\x01\x11"), SECURITY_NOT_SATISFIED);
}

#[test]
fn one_challenge_is_answered_once() {
    let mut card = yubikey(Firmware::V5_7);
    let answer = card.ask(0x87, 0x0a, 0x9b, &[0x7c, 2, 0x81, 0]);
    let response = encrypt(0x0a, &DEFAULT_MANAGEMENT_KEY, &answer[4..]);
    let mut wrong = response.clone();
    wrong[0] ^= 1;
    assert_eq!(card.status(0x87, 0x0a, 0x9b, &tlv(0x7c, &tlv(0x82, &wrong))), SECURITY_NOT_SATISFIED);
    assert_eq!(card.status(0x87, 0x0a, 0x9b, &tlv(0x7c, &tlv(0x82, &response))), WRONG_DATA);
}

#[test]
fn single_authentication_is_enough() {
    for (firmware, cipher, length) in [(Firmware::V4_3, 0x03, 8), (Firmware::V5_7, 0x0a, 16)] {
        let mut card = yubikey(firmware);
        let answer = card.ask(0x87, cipher, 0x9b, &[0x7c, 2, 0x81, 0]);
        assert_eq!(answer.len(), 4 + length);
        let response = encrypt(cipher, &DEFAULT_MANAGEMENT_KEY, &answer[4..]);
        assert_eq!(card.status(0x87, cipher, 0x9b, &tlv(0x7c, &tlv(0x82, &response))), OK);
        card.generate(0x9a, P256, &[]);
    }
}

#[test]
fn every_cipher_can_be_set_and_used() {
    for (cipher, length) in [(0x03, 24), (0x08, 16), (0x0a, 24), (0x0c, 32)] {
        let mut card = yubikey(Firmware::V5_4);
        let key = &NEW[..length];
        let set = [&[cipher, 0x9b, u8::try_from(length).unwrap()], key].concat();
        assert_eq!(card.status(0xff, 0xff, 0xff, &set), SECURITY_NOT_SATISFIED);
        card.become_manager();
        assert_eq!(card.status(0xff, 0xff, 0xff, &set), OK);
        card.select_piv();
        assert_eq!(card.authenticate(cipher, key), OK);
    }
}

#[test]
fn a_key_of_the_wrong_length_an_unknown_cipher_or_touch_policy_is_refused() {
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    for (cipher, said, length) in
        [(0x03, 16, 16), (0x08, 24, 24), (0x0c, 24, 24), (0x0b, 24, 24), (0x0a, 24, 16), (0x0a, 16, 24)]
    {
        let set = [&[cipher, 0x9b, said], &NEW[..length]].concat();
        assert_eq!(card.status(0xff, 0xff, 0xff, &set), WRONG_DATA, "{cipher:02x} {said} {length}");
    }
    let set = [&[0x0a, 0x9b, 24], &NEW[..24]].concat();
    assert_eq!([card.status(0xff, 0xff, 0xfc, &set), card.status(0xff, 0, 0xff, &set)], [0x6b00; 2]);
}

#[test]
fn aes_management_keys_came_with_firmware_5_4() {
    for (cipher, length) in [(0x08, 16), (0x0a, 24), (0x0c, 32)] {
        let mut card = yubikey(Firmware::V5_2);
        card.become_manager();
        let set = [&[cipher, 0x9b, u8::try_from(length).unwrap()], &NEW[..length]].concat();
        assert_eq!(card.status(0xff, 0xff, 0xff, &set), WRONG_DATA);
    }
}

#[test]
fn a_management_key_with_touch_asks_for_it() {
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    card.ask(0xff, 0xff, 0xfe, &[&[0x0a, 0x9b, 24], &NEW[..24]].concat());
    card.select_piv();
    card.yubikey.touch(Touch::Withheld);
    assert_eq!(card.authenticate(0x0a, &NEW[..24]), SECURITY_NOT_SATISFIED);
    card.yubikey.touch(Touch::Given);
    assert_eq!(card.authenticate(0x0a, &NEW[..24]), OK);
    assert_eq!(card.yubikey.touches(), 2);
}

#[test]
fn being_manager_ends_with_the_session() {
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    card.select_piv();
    assert_eq!(card.status(0x47, 0, 0x9a, b"\xac\x03\x80\x01\x11"), SECURITY_NOT_SATISFIED);
}
