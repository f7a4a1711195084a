//! `ca-tool key`: what YubiKeys hold, new keys and PINs, public keys, and attestations.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

mod room;
mod yubikeys;

use room::{Done, Room, Terminal};
use serde_json::Value;
use yubikeys::{Bench, Firmware, PIN, PUK, SERIAL, count};

const NO_TOUCH: &[&str] = &["--touch-policy", "never"];
const DEFAULT_MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

fn json(done: Done) -> Value {
    serde_json::from_str(&done.done().stdout).unwrap()
}

#[test]
fn the_list_says_what_every_firmware_tells() {
    for (firmware, version) in
        [(Firmware::V4_3, "4.3.5"), (Firmware::V5_2, "5.2.7"), (Firmware::V5_4, "5.4.3"), (Firmware::V5_7, "5.7.4")]
    {
        let bench = Bench::new();
        bench.ca(firmware, &["--touch-policy", "cached"]);
        let listed = json(bench.room.ca_tool(&["key", "list", "--json"]));
        let key = &listed[0]["yubikey"];
        assert_eq!((key["serial"].as_u64(), key["firmware"].as_str()), (Some(u64::from(SERIAL)), Some(version)), "{listed}");
        let slots = key["slots"].as_array().unwrap();
        assert_eq!(slots.len(), 1, "{listed}");
        for (name, value) in [
            ("slot", "9c"),
            ("algorithm", "p256"),
            ("origin", "generated"),
            ("pin_policy", "always"),
            ("touch_policy", "cached"),
        ] {
            assert_eq!(slots[0][name], value, "{listed}");
        }
        assert_eq!((&key["pin_tries"], &key["default_management_key"]), (&3.into(), &false.into()), "{listed}");
        let told = if firmware < Firmware::V5_4 { Value::Null } else { false.into() };
        assert_eq!((&key["default_pin"], &key["default_puk"]), (&told, &told), "{listed}");
        let text = bench.room.ca_tool(&["key", "list"]).done();
        assert!(text.stdout.contains("  9c  p256      generated  PIN always  touch cached  SHA256:"), "{text:?}");
        assert_eq!(text.stderr, "", "nothing to warn of");
    }
}

#[test]
fn the_list_warns_of_what_everybody_knows_and_shows_readers_without_a_yubikey() {
    let bench = Bench::new();
    let done = bench.room.ca_tool(&["key", "list"]).done();
    assert!(done.stderr.contains("No reader"), "{done:?}");
    bench.plug(SERIAL, Firmware::V5_4);
    bench.plug(7, Firmware::V4_3);
    let done = bench.room.ca_tool(&["key", "list"]).done();
    assert!(done.stderr.contains("YubiKey 5001234 has the factory's PIN, PUK, management key: "), "{done:?}");
    assert!(done.stderr.contains("YubiKey 7 has the factory's management key: "), "{done:?}");
    assert!(done.stdout.contains("YubiKey 7, firmware 4.3.5, in Yubico YubiKey"), "{done:?}");
}

#[test]
fn a_key_is_made_only_where_pin_and_management_key_are_ones_own_and_the_slot_is_free() {
    let bench = Bench::new();
    let factory = bench.plug(7, Firmware::V5_4);
    bench.room.ca_tool(&["key", "generate"]).refused("still has its factory PIN or management key");
    bench.desk.unplug(&factory);

    let key = bench.ca(Firmware::V5_4, NO_TOUCH);
    let before = count(&key, "GENERATE");
    bench.give("pin", PIN);
    bench.room.ca_tool(&["key", "generate"]).refused("Slot 9c of YubiKey 5001234 holds a key, which would be lost for ever.");
    bench.room.ca_tool(&["key", "generate", "--slot", "9a", "--algorithm", "ed25519"]).refused("which has no ed25519");
    assert_eq!(count(&key, "GENERATE"), before);
    let made = bench.room.ca_tool(&["key", "generate", "--slot", "82", "--algorithm", "p384", "--pin-policy", "once"]).done();
    assert!(made.stdout.starts_with("ecdsa-sha2-nistp384 AAAA") && made.stdout.ends_with(" Y5001234\n"), "{made:?}");
    let old = bench.room.ca_tool(&["key", "export"]).done().stdout;
    let new = json(bench.room.ca_tool(&["key", "generate", "--force", "--json"]));
    let new = format!("{}\n", new["public_key"].as_str().unwrap());
    assert_ne!(old, new);
    assert_eq!(bench.room.ca_tool(&["key", "export"]).done().stdout, new);
}

#[test]
fn a_management_key_that_is_not_on_the_device_is_asked_for() {
    let bench = Bench::new();
    bench.plug(SERIAL, Firmware::V5_4);
    let own = "a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8c1c2c3c4c5c6c7c8";
    let mut ykman = bench.desk.command("ykman");
    ykman.args(["piv", "access", "change-management-key", "-m", DEFAULT_MANAGEMENT_KEY, "-n", own]);
    Done::of(ykman).done();
    bench.give("pin", "123456").give("new-pin", PIN);
    bench.room.ca_tool(&["key", "pin"]).done();
    bench.give("management-key", DEFAULT_MANAGEMENT_KEY);
    bench.room.ca_tool(&["key", "generate"]).refused("This is not the management key of YubiKey 5001234.");
    bench.give("management-key", "xyz");
    bench.room.ca_tool(&["key", "generate"]).refused("hexadecimal");
    bench.give("management-key", own);
    bench.room.ca_tool(&["key", "generate", "--touch-policy", "never"]).done();
    bench.give("pin", PIN).sign(&[]).done();
}

#[test]
fn the_exported_lines_are_what_ssh_reads() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_2, &["--algorithm", "p384", "--touch-policy", "never"]);
    let line = bench.room.ca_tool(&["key", "export"]).done().stdout;
    bench.room.write("ca.pub", &line);
    assert!(bench.room.ok("ssh-keygen", &["-l", "-f", "ca.pub"]).contains(" Y5001234 (ECDSA)"));
    let known = bench.room.ca_tool(&["key", "export", "--known-hosts=*.prod,10.0.0.*"]).done().stdout;
    assert_eq!(known, format!("@cert-authority *.prod,10.0.0.* {line}"));
    bench.room.write("known_hosts", &known);
    let found = bench.room.ok("ssh-keygen", &["-F", "web.prod", "-f", "known_hosts"]);
    assert!(found.contains("found: line 1 CA"), "{found}");
    let all = bench.room.ca_tool(&["key", "export", "--known-hosts"]).done().stdout;
    assert_eq!(all, format!("@cert-authority * {line}"));
    let exported = json(bench.room.ca_tool(&["key", "export", "--json"]));
    assert_eq!(format!("{}\n", exported["public_key"].as_str().unwrap()), line);
}

#[test]
fn an_attestation_is_believed_from_whom_it_is_said_and_from_nobody_else() {
    for firmware in [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7] {
        let bench = Bench::new();
        bench.ca(firmware, &["--touch-policy", "always"]);
        let done =
            bench.room.ca_tool(&["key", "attest"]).refused("NOT TRUSTED: the attestation leads to \"CN=Software YubiKey");
        assert!(done.stdout.contains("slot 9c, PIN always, touch always"), "{done:?}");
        let done = bench.room.ca_tool(&["key", "attest", "--root", "root.pem"]).done();
        assert!(done.stderr.contains("which is not Yubico's: it is believed because of --root"), "{done:?}");
        let told = json(bench.room.ca_tool(&["key", "attest", "--root", "root.pem", "--json"]));
        assert_eq!((&told["serial"], &told["trusted"]), (&SERIAL.into(), &true.into()), "{told}");
        let untold = bench.room.ca_tool(&["key", "attest", "--json"]);
        assert_eq!((untold.code, untold.stdout.contains("\"trusted\": false")), (1, true), "{untold:?}");
    }
}

#[test]
fn an_imported_key_is_listed_and_signs_but_is_not_attested() {
    for firmware in [Firmware::V5_2, Firmware::V5_4] {
        let bench = Bench::new();
        bench.plug(SERIAL, firmware);
        bench.room.ok("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.pem"]);
        bench.room.ok("openssl", &["req", "-x509", "-new", "-key", "ca.pem", "-subj", "/CN=ca", "-out", "ca.crt"]);
        for args in [["keys", "import"], ["certificates", "import"]] {
            let mut ykman = bench.desk.command("ykman");
            let file = bench.room.path(if args[0] == "keys" { "ca.pem" } else { "ca.crt" });
            ykman.arg("piv").args(args).args(["-m", DEFAULT_MANAGEMENT_KEY, "9c"]).arg(file);
            Done::of(ykman).done();
        }
        bench.room.ca_tool(&["key", "attest", "--root", "root.pem"]).refused("attests only keys that were made on it");
        bench.give("pin", "123456").give("new-pin", PIN);
        bench.room.ca_tool(&["key", "pin"]).done();
        bench.give("pin", PIN).sign(&[]).done();
        assert!(bench.certificate().contains("ecdsa-sha2-nistp256"));
        let listed = json(bench.room.ca_tool(&["key", "list", "--json"]));
        let origin = &listed[0]["yubikey"]["slots"][0]["origin"];
        assert!(origin == "imported" || (firmware == Firmware::V5_2 && origin.is_null()), "{listed}");
    }
}

#[test]
fn a_new_pin_is_typed_twice_and_is_none_that_everybody_tries() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    let mut terminal = Terminal::start(&bench.room.command(&["key", "pin"]));
    terminal.reads("PIN of YubiKey 5001234 (3 tries left) to change it: ").types(PIN);
    terminal.reads("New PIN of YubiKey 5001234 (6 to 8 characters): ").types("123456").reads("is the factory's");
    terminal.reads("New PIN of").types("161803").reads("once more").types("161804").reads("They differ.");
    terminal.reads("New PIN of").types("161803").reads("once more").types("161803");
    let (code, screen) = terminal.ends();
    assert!(code == 0 && screen.contains("has a new PIN") && !screen.contains("161803"), "{screen}");
    bench.give("pin", "161803").sign(&[]).done();
}

#[test]
fn a_blocked_puk_leaves_the_reset_and_says_so() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    bench.give("puk", "00000000").give("new-pin", "161803");
    for words in ["2 tries left", "1 try left", "The PUK of YubiKey 5001234 is blocked."] {
        bench.room.ca_tool(&["key", "unblock"]).refused(words);
    }
    bench.give("puk", PUK);
    bench.room.ca_tool(&["key", "unblock"]).refused("ca-tool init --reset");
}

#[test]
fn slots_that_hold_no_keys_are_refused_as_typed_wrong() {
    let room = Room::new();
    for slot in ["f9", "9b", "80", "96", "x"] {
        assert_eq!(room.ca_tool(&["key", "export", "--slot", slot]).code, 2, "{slot}");
    }
}
