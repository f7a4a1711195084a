//! PIN and PUK.

use crate::reader::*;
use software_yubikey::{Card, Firmware};

#[test]
fn a_fresh_card_has_three_tries_and_the_default_pin() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.tries(), 0x63c3);
    assert_eq!(card.verify(PIN), OK);
    assert_eq!(card.tries(), OK);
}

#[test]
fn wrong_pins_count_down_and_then_even_the_right_one_is_blocked() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!([card.verify(WRONG), card.verify(WRONG), card.verify(WRONG)], [0x63c2, 0x63c1, BLOCKED]);
    assert_eq!(card.verify(PIN), BLOCKED);
    assert_eq!(card.tries(), BLOCKED);
}

#[test]
fn the_try_that_blocks_a_yubikey_4_is_answered_with_no_tries_left() {
    let mut card = yubikey(Firmware::V4_3);
    assert_eq!([card.verify(WRONG), card.verify(WRONG), card.verify(WRONG)], [0x63c2, 0x63c1, 0x63c0]);
    assert_eq!(card.verify(PIN), BLOCKED);
    assert_eq!(card.tries(), BLOCKED);
}

#[test]
fn the_right_pin_gives_the_tries_back() {
    let mut card = yubikey(Firmware::V5_4);
    card.verify(WRONG);
    card.verify(WRONG);
    assert_eq!(card.verify(PIN), OK);
    card.select_piv();
    assert_eq!(card.tries(), 0x63c3);
}

#[test]
fn a_wrong_pin_forgets_that_the_right_one_was_given() {
    let mut card = yubikey(Firmware::V5_4);
    card.verify(PIN);
    card.verify(WRONG);
    assert_eq!(card.tries(), 0x63c2);
}

#[test]
fn the_verified_pin_is_forgotten_on_request_on_select_and_without_power() {
    let mut card = yubikey(Firmware::V5_4);
    card.verify(PIN);
    assert_eq!(card.status(0x20, 0xff, 0x80, &[]), OK);
    assert_eq!(card.tries(), 0x63c3);
    card.verify(PIN);
    card.select_piv();
    assert_eq!(card.tries(), 0x63c3);
    card.verify(PIN);
    card.yubikey.reset();
    assert_eq!(card.tries(), 0x6d00, "nothing is selected after power up");
    card.select_piv();
    assert_eq!(card.tries(), 0x63c3);
}

#[test]
fn a_pin_of_another_length_is_no_try() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.status(0x20, 0, 0x80, b"123456"), WRONG_DATA);
    assert_eq!(card.tries(), 0x63c3);
    assert_eq!(card.status(0x20, 0, 0x81, PUK), REFERENCE_NOT_FOUND);
}

#[test]
fn pin_and_puk_are_changed_by_who_knows_them() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.status(0x24, 0, 0x80, &[*WRONG, *b"abcdefgh"].concat()), 0x63c2);
    assert_eq!(card.status(0x24, 0, 0x80, &[*PIN, *b"abcdefgh"].concat()), OK);
    assert_eq!(card.verify(PIN), 0x63c2);
    assert_eq!(card.verify(b"abcdefgh"), OK);
    assert_eq!(card.status(0x24, 0, 0x81, &[*PUK, *b"87654321"].concat()), OK);
    assert_eq!(card.status(0x2c, 0, 0x80, &[*PUK, *PIN].concat()), 0x63c2);
    assert_eq!(card.status(0x2c, 0, 0x80, &[*b"87654321", *PIN].concat()), OK);
    assert_eq!(card.verify(PIN), OK);
}

#[test]
fn a_new_pin_has_six_to_eight_characters() {
    let mut card = yubikey(Firmware::V5_4);
    for bad in [b"12345\xff\xff\xff", b"\xff\xff\xff\xff\xff\xff\xff\xff", b"123456\xff7"] {
        assert_eq!(card.status(0x24, 0, 0x80, &[PIN, &bad[..]].concat()), WRONG_DATA);
    }
    assert_eq!(card.verify(PIN), OK);
}

#[test]
fn the_puk_unblocks_the_pin() {
    let mut card = yubikey(Firmware::V5_4);
    while card.verify(WRONG) != BLOCKED {}
    assert_eq!(card.status(0x24, 0, 0x80, &[*PIN, *PIN].concat()), BLOCKED);
    assert_eq!(card.status(0x2c, 0, 0x80, &[*PUK, *b"newpin\xff\xff"].concat()), OK);
    assert_eq!(card.tries(), 0x63c3);
    assert_eq!(card.verify(b"newpin\xff\xff"), OK);
}

#[test]
fn the_puk_unblocks_nothing_but_the_pin() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.status(0x2c, 0, 0x81, &[*PUK, *WRONG].concat()), REFERENCE_NOT_FOUND);
    assert_eq!(card.status(0x24, 0, 0x9b, &[*PUK, *WRONG].concat()), REFERENCE_NOT_FOUND);
    assert_eq!(card.status(0x2c, 0, 0x80, PUK), WRONG_DATA);
    assert_eq!(card.verify(PIN), OK);
}

#[test]
fn wrong_puks_block_it_too() {
    let mut card = yubikey(Firmware::V5_4);
    let wrong = [*WRONG, *PIN].concat();
    let answers = [(); 3].map(|()| card.status(0x2c, 0, 0x80, &wrong));
    assert_eq!(answers, [0x63c2, 0x63c1, BLOCKED]);
    assert_eq!(card.status(0x2c, 0, 0x80, &[*PUK, *PIN].concat()), BLOCKED);
}

#[test]
fn reset_is_for_cards_whose_pin_and_puk_are_blocked() {
    let mut card = yubikey(Firmware::V5_4);
    assert_eq!(card.status(0xfb, 0, 0, &[]), 0x6985);
    while card.verify(WRONG) != BLOCKED {}
    assert_eq!(card.status(0xfb, 0, 0, &[]), 0x6985, "the PUK is not blocked");
    card.ask(0x2c, 0, 0x80, &[*PUK, *PIN].concat());
    while card.status(0x2c, 0, 0x80, &[*WRONG, *PIN].concat()) != BLOCKED {}
    assert_eq!(card.status(0xfb, 0, 0, &[]), 0x6985, "the PIN is not blocked");
    card.block_both();
    assert_eq!(card.status(0xfb, 0, 0, &[]), OK);
    assert_eq!(card.verify(PIN), OK);
}

#[test]
fn reset_takes_keys_and_objects_but_not_what_attests() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    card.generate(0x9a, P256, &[]);
    card.ask(0xdb, 0x3f, 0xff, b"\x5c\x03\x5f\xc1\x02\x53\x01x");
    let attestation_key = card.ask(0xf7, 0, 0xf9, &[]);
    card.block_both();
    card.ask(0xfb, 0, 0, &[]);
    assert_eq!(card.status(0xf7, 0, 0x9a, &[]), REFERENCE_NOT_FOUND);
    assert_eq!(card.status(0xcb, 0x3f, 0xff, b"\x5c\x03\x5f\xc1\x02"), 0x6a82);
    assert_eq!(card.ask(0xf7, 0, 0xf9, &[]), attestation_key);
    assert_eq!(card.status(0xcb, 0x3f, 0xff, b"\x5c\x03\x5f\xff\x01"), OK);
    assert_eq!(card.status(0x47, 0, 0x9a, b"\xac\x03\x80\x01\x11"), SECURITY_NOT_SATISFIED);
}

#[test]
fn set_pin_retries_needs_management_key_and_pin_and_restores_the_defaults() {
    let mut card = yubikey(Firmware::V5_4);
    card.ask(0x24, 0, 0x80, &[*PIN, *b"abcdefgh"].concat());
    card.verify(b"abcdefgh");
    assert_eq!(card.status(0xfa, 5, 7, &[]), SECURITY_NOT_SATISFIED);
    card.select_piv();
    card.become_manager();
    assert_eq!(card.status(0xfa, 5, 7, &[]), SECURITY_NOT_SATISFIED);
    card.verify(b"abcdefgh");
    assert_eq!([card.status(0xfa, 0, 7, &[]), card.status(0xfa, 5, 0, &[])], [WRONG_DATA; 2]);
    assert_eq!(card.status(0xfa, 5, 7, &[]), OK);
    card.select_piv();
    assert_eq!(card.tries(), 0x63c5);
    assert_eq!(card.verify(PIN), OK);
    assert_eq!(card.status(0x2c, 0, 0x80, &[*WRONG, *PIN].concat()), 0x63c6);
}
