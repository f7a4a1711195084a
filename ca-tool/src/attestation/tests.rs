//! Attestations of real devices (see vectors/README.md), judged.

use ::yubikey::{PinPolicy, TouchPolicy};

use super::chain::{Link, Trust, judge};
use super::roots::{Roots, pem_blocks};
use super::statement::Statement;

const DEVICE_5: &str = include_str!("vectors/5.4.3-device.pem");
const KEY_5: &str = include_str!("vectors/5.4.3-key.pem");
const DEVICE_4: &str = include_str!("vectors/4.3.7-device.pem");
const KEY_4: &str = include_str!("vectors/4.3.7-key.pem");

fn der(pem: &str) -> Vec<u8> {
    pem_blocks(pem).remove(0)
}

fn link(pem: &str) -> Link {
    Link::parse(&der(pem)).unwrap()
}

#[test]
fn a_real_device_leads_to_yubico_and_says_what_it_is() {
    let verdict = judge(&link(KEY_5), &link(DEVICE_5), &Roots::yubico());
    assert_eq!(verdict, Trust::Yubico("CN=Yubico PIV Root CA Serial 263751".into()));
    let statement = Statement::parse(&der(KEY_5)).unwrap();
    assert_eq!(statement.firmware().as_deref(), Some("5.4.3"));
    assert_eq!(statement.serial, Some(15_732_500));
    assert_eq!((statement.pin_policy, statement.touch_policy), (Some(PinPolicy::Once), Some(TouchPolicy::Never)));
    assert_eq!(statement.form_factor(), Some("USB-C nano"));
}

#[test]
fn an_old_device_says_less() {
    let statement = Statement::parse(&der(KEY_4)).unwrap();
    assert_eq!(statement.firmware().as_deref(), Some("4.3.7"));
    assert_eq!((statement.serial, statement.form_factor()), (None, None));
    assert_eq!((statement.pin_policy, statement.touch_policy), (Some(PinPolicy::Once), Some(TouchPolicy::Never)));
}

#[test]
fn an_issuer_that_is_not_listed_is_unknown_however_genuine() {
    let verdict = judge(&link(KEY_4), &link(DEVICE_4), &Roots::yubico());
    assert_eq!(verdict, Trust::UnknownIssuer("CN=Yubico U2F Root CA Serial 457200631".into()));
}

#[test]
fn one_devices_key_below_another_devices_certificate_is_a_bad_signature() {
    for (key, device) in [(KEY_4, DEVICE_5), (KEY_5, DEVICE_4)] {
        assert!(matches!(judge(&link(key), &link(device), &Roots::yubico()), Trust::BadSignature(_)));
    }
}

#[test]
fn one_changed_bit_is_a_bad_signature() {
    let mut key = der(KEY_5);
    // A digit of the firmware, in the last extension but three: the certificate stays well-formed.
    let place = key.windows(5).position(|bytes| bytes == [4, 3, 5, 4, 3]).unwrap() + 3;
    key[place] ^= 2;
    assert_eq!(Statement::parse(&key).unwrap().firmware().as_deref(), Some("5.6.3"));
    assert!(matches!(judge(&Link::parse(&key).unwrap(), &link(DEVICE_5), &Roots::yubico()), Trust::BadSignature(_)));
}

#[test]
fn a_root_is_no_device() {
    let root = Roots::yubico().anchors.remove(0).link;
    assert!(matches!(judge(&link(KEY_5), &root, &Roots::yubico()), Trust::BadSignature(_)));
    assert!(matches!(judge(&root, &link(DEVICE_5), &Roots::yubico()), Trust::BadSignature(_)));
}
