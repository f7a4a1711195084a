//! What each firmware knows and does not.

use crate::reader::*;
use software_yubikey::{Card, Firmware, YubiKey};

const ALL: [Firmware; 4] = [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7];
const UNKNOWN: u16 = 0x6d00;

#[test]
fn each_tells_its_version() {
    for (firmware, version) in ALL.into_iter().zip([[4, 3, 5], [5, 2, 7], [5, 4, 3], [5, 7, 4]]) {
        assert_eq!(yubikey(firmware).ask(0xfd, 0, 0, &[]), version);
    }
}

#[test]
fn the_serial_number_is_in_piv_from_5_on_and_in_the_otp_application_always() {
    let serial = 5_001_234_u32.to_be_bytes();
    for firmware in ALL {
        let mut card = yubikey(firmware);
        match firmware {
            Firmware::V4_3 => assert_eq!(card.status(0xf8, 0, 0, &[]), UNKNOWN),
            _ => assert_eq!(card.ask(0xf8, 0, 0, &[]), serial),
        }
        card.ask(0xa4, 4, 0, b"\xa0\x00\x00\x05\x27\x20\x01\x01");
        assert_eq!(card.ask(0x01, 0x10, 0, &[]), serial);
    }
}

#[test]
fn metadata_came_with_5_3() {
    for firmware in ALL {
        let known = firmware >= Firmware::V5_4;
        for reference in [0x80, 0x81, 0x9b, 0xf9] {
            assert_eq!(yubikey(firmware).status(0xf7, 0, reference, &[]), if known { OK } else { UNKNOWN });
        }
    }
}

#[test]
fn metadata_tell_defaults_and_tries() {
    let mut card = yubikey(Firmware::V5_7);
    assert_eq!(card.ask(0xf7, 0, 0x80, &[]), [1, 1, 0xff, 5, 1, 1, 6, 2, 3, 3]);
    assert_eq!(card.ask(0xf7, 0, 0x9b, &[]), [1, 1, 0x0a, 2, 2, 0, 1, 5, 1, 1]);
    card.verify(WRONG);
    card.ask(0x24, 0, 0x81, &[*PUK, *WRONG].concat());
    assert_eq!(card.ask(0xf7, 0, 0x80, &[]), [1, 1, 0xff, 5, 1, 1, 6, 2, 3, 2]);
    assert_eq!(card.ask(0xf7, 0, 0x81, &[]), [1, 1, 0xff, 5, 1, 0, 6, 2, 3, 3]);
    card.become_manager();
    card.ask(0xff, 0xff, 0xfe, &[&[0x08, 0x9b, 16][..], &[7; 16]].concat());
    assert_eq!(card.ask(0xf7, 0, 0x9b, &[]), [1, 1, 0x08, 2, 2, 0, 2, 5, 1, 0]);
    assert_eq!(card.status(0xf7, 0, 0x9a, &[]), REFERENCE_NOT_FOUND);
}

#[test]
fn ed25519_x25519_and_long_rsa_came_with_5_7() {
    for algorithm in [0x05, 0x16, ED25519, 0xe1] {
        for firmware in [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4] {
            let mut card = yubikey(firmware);
            card.become_manager();
            assert_eq!(card.status(0x47, 0, 0x9a, &tlv(0xac, &[0x80, 1, algorithm])), WRONG_DATA, "{algorithm:02x}");
        }
    }
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    assert_eq!(card.generate(0x9a, 0x05, &[]).len(), 4 + 384 + 5);
    assert_eq!(card.generate(0x9a, ED25519, &[]).len(), 2 + 32);
    assert_eq!(card.generate(0x9a, 0xe1, &[]).len(), 2 + 32);
}

#[test]
fn moving_keys_came_with_5_7() {
    assert_eq!(yubikey(Firmware::V5_4).status(0xf6, 0x82, 0x9a, &[]), UNKNOWN);
    assert_eq!(yubikey(Firmware::V5_7).status(0xf6, 0x82, 0x9a, &[]), SECURITY_NOT_SATISFIED);
}

#[test]
fn the_atr_speaks_of_t_1() {
    for firmware in ALL {
        let atr = YubiKey::new(1, firmware).atr();
        assert_eq!(atr[5] & 0x0f, 1, "TD1 names the first protocol");
        assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0, "TCK");
    }
}

#[test]
fn cards_with_other_serial_numbers_are_other_cards() {
    let mut cards = [7, 8].map(|serial| Reader { yubikey: YubiKey::new(serial, Firmware::V5_7) });
    let keys = cards.each_mut().map(|card| {
        card.select_piv();
        card.ask(0xf7, 0, 0xf9, &[])
    });
    assert_ne!(keys[0], keys[1]);
    assert_eq!(cards[1].ask(0xf8, 0, 0, &[]), [0, 0, 0, 8]);
}
