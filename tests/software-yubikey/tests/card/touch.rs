//! Touch, and the card pulled out.

use crate::reader::*;
use software_yubikey::{Card, Firmware, Touch};
use std::time::Duration;

const DIGEST: [u8; 32] = [0x42; 32];
/// No test ends because this is over, unless the card does not wait as told.
const LONG: Duration = Duration::from_secs(600);
const PIN_NEVER_TOUCH_ALWAYS: [u8; 6] = [0xaa, 1, 1, 0xab, 1, 2];
const PIN_NEVER_TOUCH_CACHED: [u8; 6] = [0xaa, 1, 1, 0xab, 1, 3];

fn with_key(policies: &[u8]) -> Reader {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    card.generate(0x9a, P256, policies);
    card
}

#[test]
fn a_touch_given_signs_and_is_counted() {
    let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
    card.sign(0x9a, P256, &DIGEST).unwrap();
    card.sign(0x9a, P256, &DIGEST).unwrap();
    assert_eq!(card.yubikey.touches(), 2);
}

#[test]
fn a_touch_withheld_is_security_not_satisfied() {
    let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
    card.yubikey.touch(Touch::Withheld);
    assert_eq!(card.sign(0x9a, P256, &DIGEST), Err(SECURITY_NOT_SATISFIED));
    assert_eq!(card.yubikey.touches(), 1);
}

#[test]
fn a_late_touch_signs_if_it_comes_before_the_time_limit() {
    let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
    card.yubikey.touch(Touch::After(Duration::from_millis(20)));
    card.yubikey.touch_time_limit(LONG);
    card.sign(0x9a, P256, &DIGEST).unwrap();
    for (after, limit) in [(LONG, Duration::from_millis(20)), (Duration::from_nanos(1), Duration::ZERO)] {
        card.yubikey.touch(Touch::After(after));
        card.yubikey.touch_time_limit(limit);
        assert_eq!(card.sign(0x9a, P256, &DIGEST), Err(SECURITY_NOT_SATISFIED));
    }
}

#[test]
fn a_test_can_touch_while_the_card_waits() {
    let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
    card.yubikey.touch(Touch::Withheld);
    card.yubikey.touch_time_limit(LONG);
    let finger = card.yubikey.clone();
    let signing = std::thread::spawn(move || card.sign(0x9a, P256, &DIGEST));
    while finger.touches() == 0 {
        std::thread::yield_now();
    }
    assert!(!signing.is_finished());
    finger.touch(Touch::Given);
    signing.join().unwrap().unwrap();
}

#[test]
fn the_pin_is_asked_for_before_the_touch() {
    let mut card = with_key(&[0xab, 1, 2]);
    assert_eq!(card.sign(0x9a, P256, &DIGEST), Err(SECURITY_NOT_SATISFIED));
    assert_eq!(card.yubikey.touches(), 0);
}

#[test]
fn a_cached_touch_counts_until_its_time_is_over() {
    let mut card = with_key(&PIN_NEVER_TOUCH_CACHED);
    card.yubikey.touch_cached_for(LONG);
    card.sign(0x9a, P256, &DIGEST).unwrap();
    card.yubikey.touch(Touch::Withheld);
    card.sign(0x9a, P256, &DIGEST).unwrap();
    assert_eq!(card.yubikey.touches(), 1);
    card.yubikey.touch_cached_for(Duration::ZERO);
    assert_eq!(card.sign(0x9a, P256, &DIGEST), Err(SECURITY_NOT_SATISFIED));
    assert_eq!(card.yubikey.touches(), 2);
}

#[test]
fn a_card_pulled_out_while_it_waits_is_gone_even_if_it_is_put_in_again() {
    for again in [false, true] {
        let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
        card.yubikey.touch(Touch::Withheld);
        card.yubikey.touch_time_limit(LONG);
        let mut hand = card.yubikey.clone();
        let template = tlv(0x7c, &[tlv(0x82, &[]), tlv(0x81, &DIGEST)].concat());
        let signing = std::thread::spawn(move || card.yubikey.transmit(&extended(0x87, P256, 0x9a, &template)));
        while hand.touches() == 0 {
            std::thread::yield_now();
        }
        hand.unplug();
        if again {
            hand.reset();
        }
        assert_eq!(signing.join().unwrap(), None);
    }
}

#[test]
fn a_card_pulled_out_before_a_command_did_not_carry_it_out() {
    let mut card = yubikey(Firmware::V5_4);
    card.yubikey.unplug_before("VERIFY");
    assert_eq!(card.yubikey.transmit(&extended(0xfd, 0, 0, &[])), Some(b"\x05\x04\x03\x90\x00".to_vec()));
    assert_eq!(card.yubikey.transmit(&extended(0x20, 0, 0x80, WRONG)), None);
    assert_eq!(card.yubikey.transmit(&extended(0xfd, 0, 0, &[])), None, "it stays away");
    card.yubikey.reset();
    card.select_piv();
    assert_eq!(card.tries(), 0x63c3);
}

#[test]
fn a_card_pulled_out_after_a_command_did_carry_it_out() {
    let mut card = yubikey(Firmware::V5_4);
    card.yubikey.unplug_after("VERIFY");
    assert_eq!(card.yubikey.transmit(&extended(0x20, 0, 0x80, WRONG)), None);
    card.yubikey.reset();
    card.select_piv();
    assert_eq!(card.tries(), 0x63c2);
}

#[test]
fn what_was_commanded_is_written_down_by_name_without_data() {
    let mut card = with_key(&PIN_NEVER_TOUCH_ALWAYS);
    card.verify(PIN);
    card.sign(0x9a, P256, &DIGEST).unwrap();
    let names =
        ["SELECT", "GENERAL AUTHENTICATE 9b", "GENERAL AUTHENTICATE 9b", "GENERATE 9a", "VERIFY", "GENERAL AUTHENTICATE 9a"];
    assert_eq!(card.yubikey.commands(), names);
}
