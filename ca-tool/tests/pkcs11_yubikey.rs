//! `pkcs11:` CAs through unmodified libykcs11, on software YubiKeys: the PIN at each signature, and its tries.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;
mod yubikeys;

use room::Done;
use yubikeys::{Bench, Firmware, PIN, SERIAL, YubiKey};

fn module() -> String {
    let found = std::fs::read_dir("/usr/lib").unwrap().filter_map(|entry| {
        let path = entry.unwrap().path().join("libykcs11.so");
        path.exists().then(|| path.display().to_string())
    });
    found.last().expect("libykcs11.so: install ykcs11")
}

/// A YubiKey that is a CA in slot 9c, where the PIN is wanted for every signature.
fn ca(bench: &Bench, algorithm: &str) -> YubiKey {
    bench.ca(Firmware::V5_4, &["--algorithm", algorithm, "--touch-policy", "never"])
}

fn sign(bench: &Bench, uri: &str, more: &[&str]) -> Done {
    let uri = format!("{uri}?module-path={}", module());
    bench.room.ca_tool(&[&["sign", "-s", &uri, "-I", "alice", "-n", "alice"][..], more, &["id.pub"]].concat())
}

#[test]
fn slot_9c_signs_and_the_attestation_key_is_not_taken_for_a_ca() {
    for (algorithm, name) in [("p256", "ecdsa-sha2-nistp256"), ("p384", "ecdsa-sha2-nistp384"), ("rsa2048", "rsa-sha2-512")] {
        let bench = Bench::new();
        ca(&bench, algorithm);
        bench.give("pin", PIN);
        for uri in ["pkcs11:", "pkcs11:id=%02", "pkcs11:token=YubiKey%20PIV%20%235001234;type=private"] {
            sign(&bench, uri, &[]).done();
            assert!(bench.room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]).contains(&format!("(using {name})")), "{uri}");
        }
    }
}

#[test]
fn several_keys_take_one_pin() {
    let bench = Bench::new();
    ca(&bench, "p256");
    bench.room.key("other", "ecdsa");
    let uri = format!("pkcs11:?module-path={}", module());
    let words = ["sign", "-s", &uri, "-I", "alice", "-n", "alice", "id.pub", "other.pub"];
    let mut terminal = room::Terminal::start(&bench.room.command(&words));
    terminal.reads("PIN of token \"YubiKey PIV #5001234\", to sign \"alice\" for alice").types(PIN);
    let (code, screen) = terminal.ends();
    assert!(code == 0 && screen.matches("PIN of").count() == 1 && !screen.contains(PIN), "{screen}");
}

#[test]
fn the_last_try_is_spent_when_that_is_asked_for_and_a_locked_pin_is_told() {
    let bench = Bench::new();
    ca(&bench, "p256");
    bench.give("pin", "999999");
    sign(&bench, "pkcs11:", &[]).refused("The PIN given for token \"YubiKey PIV #5001234\" is wrong.");
    sign(&bench, "pkcs11:", &[]).refused("one try is left");
    // The right one is not tried either, unless that is asked for: nobody knows that it is right.
    bench.take("pin").give("pin", PIN);
    sign(&bench, "pkcs11:", &[]).refused("one try left: if that is wrong too, it is locked");
    sign(&bench, "pkcs11:", &["--last-try"]).done();
    // That gave all tries back.
    sign(&bench, "pkcs11:", &[]).done();
    bench.take("pin").give("pin", "999999");
    for _ in 0..3 {
        let done = sign(&bench, "pkcs11:", &["--last-try"]);
        assert_eq!(done.code, 1, "{done:?}");
    }
    sign(&bench, "pkcs11:", &["--last-try"]).refused("is locked");
}

#[test]
fn two_yubikeys_are_told_apart_by_serial_and_a_pulled_one_is_missed() {
    let bench = Bench::new();
    let first = ca(&bench, "p256");
    bench.plug(SERIAL + 1, Firmware::V5_7);
    bench.give("pin", PIN);
    sign(&bench, "pkcs11:serial=5001234", &[]).done();
    sign(&bench, "pkcs11:serial=5001235", &[]).refused("No key is what the pkcs11: URI names");
    bench.desk.unplug(&first);
    sign(&bench, "pkcs11:serial=5001234", &[]).refused("No key is what the pkcs11: URI names");
}
