//! Attestations of real devices (see vectors/README.md), judged.

use ::yubikey::piv::SlotId;
use ::yubikey::{PinPolicy, TouchPolicy};
use ssh_key::public::KeyData;

use super::chain::{Link, Trust, judge};
use super::refuse_another;
use super::roots::{Anchor, Roots, pem_blocks};
use super::statement::Statement;
use crate::backend::yubikey::public_key;

const DEVICE_5: &str = include_str!("vectors/5.4.3-device.pem");
const KEY_5: &str = include_str!("vectors/5.4.3-key.pem");
const DEVICE_4: &str = include_str!("vectors/4.3.7-device.pem");
/// Made with openssl: key, device and root, all signatures good, but the device has basicConstraints CA:FALSE.
const NO_AUTHORITY: &str = include_str!("vectors/no-authority.pem");
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

#[test]
fn an_attestation_of_another_key_or_device_proves_nothing() {
    let (one, other) = (Statement::parse(&der(KEY_5)).unwrap(), Statement::parse(&der(KEY_4)).unwrap());
    let key = |statement: &Statement| public_key::from_spki(statement.public_key()).unwrap().1;
    let refused = |statement: &Statement, key: KeyData, serial| {
        refuse_another(statement, &key, serial, SlotId::Authentication).err().map(|error| error.to_string())
    };
    assert_eq!(refused(&one, key(&one), 15_732_500), None);
    assert!(refused(&one, key(&other), 15_732_500).unwrap().contains("another key"));
    assert!(refused(&one, key(&one), 15_732_501).unwrap().contains("an attestation of YubiKey 15732500"));
    assert_eq!(refused(&other, key(&other), 7), None, "firmware 4.3 tells no serial number");
}

#[test]
fn a_device_certificate_that_says_it_is_no_authority_is_none() {
    let [key, device, root] = pem_blocks(NO_AUTHORITY).try_into().unwrap();
    let anchors = vec![Anchor { link: Link::parse(&root).unwrap(), named: true }];
    let roots = Roots { anchors, intermediates: vec![] };
    let (key, device) = (Link::parse(&key).unwrap(), Link::parse(&device).unwrap());
    assert!(key.is_signed_by(&device) && device.is_signed_by(&roots.anchors[0].link));
    assert!(matches!(judge(&key, &device, &roots), Trust::BadSignature(_)));
}
