//! The yubikey crate, which ca-tool stands on. It has a process of its own: libpcsclite looks for its service once a process.

#[macro_use]
mod support;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use software_yubikey::{Desk, Firmware, Touch, YubiKey};
use std::time::Duration;
use support::Dialogue;

const CLIENT: &str = env!("CARGO_BIN_EXE_yubikey-client");
const DIGEST: &str = "0707070707070707070707070707070707070707070707070707070707070707";

at_both_desks! {
    generates_attests_and_signs_on_every_firmware,
    opens_each_of_two_by_its_serial_number,
    counts_wrong_pins_down,
    signs_once_touched_and_not_without,
    notices_that_the_yubikey_was_pulled_out,
}

fn plugged(desk: &Desk, firmware: Firmware) -> YubiKey {
    let key = YubiKey::new(5_001_234, firmware);
    desk.plug(&key);
    key
}

/// A client that has opened the YubiKey and knows its management key and PIN, and the public key in 9a.
fn client_with_key(desk: &Desk) -> (Dialogue, String) {
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask("open 5001234"), "()");
    assert_eq!(client.ask("authenticate"), "()");
    let public = client.ask("generate 9a p256");
    assert_eq!(client.ask("pin 123456"), "()");
    (client, public)
}

fn bytes(quoted_hex: &str) -> Vec<u8> {
    let hex = quoted_hex.trim_matches('"');
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_else(|_| panic!("{hex}"));
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[track_caller]
fn verify(public: &str, signature: &str) {
    let public = p256::ecdsa::VerifyingKey::from_sec1_bytes(&bytes(public)).expect("a P-256 key");
    let signature = p256::ecdsa::Signature::from_der(&bytes(signature)).expect("a signature");
    public.verify_prehash(&[7; 32], &signature).expect("the signature is good");
}

fn generates_attests_and_signs_on_every_firmware(desk: &Desk) {
    for firmware in [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7] {
        let key = plugged(desk, firmware);
        let (mut client, public) = client_with_key(desk);
        let [major, minor, patch] = firmware.version();
        assert_eq!(client.ask("version"), format!("{major}.{minor}.{patch} 5001234"));
        verify(&public, &client.ask(&format!("sign 9a p256 {DIGEST}")));
        assert_eq!(client.ask("attest 9a"), "true");
        assert_eq!(client.ask("attest 9c"), "GenericError");
        let metadata = client.ask("metadata 9a");
        let has_metadata = firmware >= Firmware::V5_4;
        assert_eq!(metadata.contains("EccP256") && metadata.contains("Always"), has_metadata, "{metadata}");
        drop(client);
        desk.unplug(&key);
    }
}

fn opens_each_of_two_by_its_serial_number(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    let second = YubiKey::new(28_000_001, Firmware::V5_7);
    desk.plug(&second);
    let mut client = Dialogue::start(desk, CLIENT);
    assert_ne!(client.ask("open"), "()");
    assert_eq!(client.ask("open 28000001"), "()");
    assert_eq!(client.ask("version"), "5.7.4 28000001");
    assert_eq!(client.ask("open 5001234"), "()");
    assert_eq!(client.ask("version"), "5.4.3 5001234");
    assert_eq!(client.ask("open 77"), "NotFound");
}

fn counts_wrong_pins_down(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask("open 5001234"), "()");
    assert_eq!(client.ask("tries"), "3");
    assert_eq!(client.ask("pin 111111"), "WrongPin { tries: 2 }");
    assert_eq!(client.ask("pin 111111"), "WrongPin { tries: 1 }");
    assert_eq!(client.ask("pin 111111"), "WrongPin { tries: 0 }");
    assert_eq!(client.ask("pin 123456"), "WrongPin { tries: 0 }");
    assert_eq!(client.ask("tries"), "0");
}

fn signs_once_touched_and_not_without(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    let (mut client, public) = client_with_key(desk);
    key.touch(Touch::Withheld);
    assert_eq!(client.ask(&format!("sign 9a p256 {DIGEST}")), "AuthenticationError");
    key.touch_time_limit(Duration::from_secs(200));
    let before = key.touches();
    client.tell(&format!("sign 9a p256 {DIGEST}"));
    while key.touches() == before {
        std::thread::sleep(Duration::from_millis(10));
    }
    key.touch(Touch::Given);
    verify(&public, &client.hear());
}

fn notices_that_the_yubikey_was_pulled_out(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    let (mut client, public) = client_with_key(desk);
    key.touch(Touch::Withheld);
    key.touch_time_limit(Duration::from_secs(200));
    let before = key.touches();
    client.tell(&format!("sign 9a p256 {DIGEST}"));
    while key.touches() == before {
        std::thread::sleep(Duration::from_millis(10));
    }
    desk.unplug(&key);
    assert!(!client.hear().starts_with('"'));
    assert!(!client.ask("tries").starts_with('3'));
    desk.plug(&key);
    key.touch(Touch::Given);
    assert_eq!(client.ask("open 5001234"), "()");
    assert_eq!(client.ask("pin 123456"), "()");
    verify(&public, &client.ask(&format!("sign 9a p256 {DIGEST}")));
}
