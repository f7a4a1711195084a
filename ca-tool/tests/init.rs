//! `ca-tool init`: a YubiKey fresh from the factory becomes a CA, and nothing of the factory's stays.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

mod room;
mod yubikeys;

use std::os::unix::fs::PermissionsExt;

use room::{Done, Terminal};
use yubikeys::{Bench, Desk, Firmware, PIN, PUK, SERIAL, YubiKey, count, is_pin, is_puk};

const FIRMWARE: [Firmware; 4] = [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7];

/// Whether ykman, with the factory's management key, may do something that needs one.
fn ykman_has_the_default_management_key(bench: &Bench) -> bool {
    let mut ykman = bench.desk.command("ykman");
    ykman.args("piv keys generate -a ECCP256 -m 010203040506070801020304050607080102030405060708 9a -".split(' '));
    let done = Done::of(ykman);
    assert!(done.code == 0 || done.stderr.contains("Authentication"), "{done:?}");
    done.code == 0
}

/// Nothing of the factory's is left.
fn is_secured(bench: &Bench, key: &YubiKey) -> bool {
    let listed = bench.room.ca_tool(&["key", "list", "--json"]).done().stdout;
    listed.contains("\"default_management_key\": false") && is_pin(key, PIN) && is_puk(key, PUK)
}

#[test]
fn nothing_stays_the_factorys_and_the_lines_are_printed() {
    for firmware in FIRMWARE {
        let bench = Bench::new();
        let key = bench.plug(SERIAL, firmware);
        assert!(ykman_has_the_default_management_key(&bench), "the check itself");
        let done = bench.init(&[]).done();
        let lines: Vec<&str> = done.stdout.lines().collect();
        assert!(
            lines[0].starts_with("# YubiKey 5001234, firmware ") && lines[0].contains("PIN always, touch always"),
            "{done:?}"
        );
        assert!(lines[1].starts_with("ecdsa-sha2-nistp384 AAAA") && lines[1].ends_with(" Y5001234"), "{done:?}");
        assert_eq!(lines[2], format!("@cert-authority * {}", lines[1]));
        bench.room.write("ca.pub", lines[1]);
        bench.room.ok("ssh-keygen", &["-l", "-f", "ca.pub"]);
        assert!(!ykman_has_the_default_management_key(&bench) && is_secured(&bench, &key), "{firmware:?}");
        assert!(!is_pin(&key, "123456") && !is_puk(&key, "12345678"), "{firmware:?}");
        for secret in [PIN, PUK] {
            assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret), "{done:?}");
        }
    }
}

#[test]
fn the_management_key_is_where_ykman_finds_it() {
    for firmware in [Firmware::V5_2, Firmware::V5_7] {
        let bench = Bench::new();
        bench.ca(firmware, &[]);
        let mut ykman = bench.desk.command("ykman");
        ykman.args(["piv", "keys", "generate", "-a", "ECCP256", "-P", PIN, "9a", "-"]);
        Done::of(ykman).done();
    }
}

#[test]
fn the_same_over_the_real_pcscd() {
    let bench = Bench::at(Desk::with_pcscd());
    let key = bench.plug(SERIAL, Firmware::V5_7);
    bench.init(&[]).done();
    assert!(is_secured(&bench, &key));
    bench.init(&[]).refused("holds a key");
}

#[test]
fn a_slot_that_holds_a_key_is_not_overwritten_without_force() {
    for firmware in FIRMWARE {
        let bench = Bench::new();
        let key = bench.ca(firmware, &[]);
        let made = count(&key, "GENERATE");
        bench.give("pin", PIN).give("puk", PUK);
        bench.init(&[]).refused("Slot 9c of YubiKey 5001234 holds a key, which would be lost for ever.");
        assert_eq!(count(&key, "GENERATE"), made);
        bench.init(&["--force"]).done();
        assert_eq!(count(&key, "GENERATE"), made + 1, "{firmware:?}");
    }
}

#[test]
fn a_factory_secret_is_not_taken_for_a_new_one() {
    let bench = Bench::new();
    let key = bench.plug(SERIAL, Firmware::V5_4);
    bench.give("new-pin", "123456").give("new-puk", PUK);
    let init = ["init", "--slot", "9c", "--root", "root.pem"];
    bench.room.ca_tool(&init).refused("is the factory's");
    bench.give("new-pin", PIN).give("new-puk", "12345678");
    bench.room.ca_tool(&init).refused("is the factory's");
    bench.give("new-pin", "31415926");
    bench.give("new-puk", "31415926");
    bench.room.ca_tool(&init).refused("PIN and PUK are the same");
    assert_eq!(count(&key, "CHANGE REFERENCE"), 0, "{:?}", key.commands());
}

#[test]
fn interrupted_anywhere_it_claims_nothing_and_goes_on_when_started_again() {
    let moments = ["CHANGE REFERENCE", "VERIFY", "SET MANAGEMENT KEY", "PUT DATA", "GENERATE", "ATTEST"];
    for firmware in [Firmware::V5_2, Firmware::V5_4, Firmware::V5_7] {
        for (moment, after) in moments.into_iter().flat_map(|moment| [(moment, false), (moment, true)]) {
            let bench = Bench::new();
            let key = bench.plug(SERIAL, firmware);
            if after {
                key.unplug_after(moment)
            } else {
                key.unplug_before(moment)
            }
            let done = bench.init(&[]);
            assert!(done.code == 1 && done.stdout.is_empty(), "{firmware:?} {moment} {after}: {done:?}");
            assert!(done.stderr.contains("lug it in"), "{firmware:?} {moment} {after}: {done:?}");
            bench.desk.unplug(&key);
            bench.desk.plug(&key);
            go_on(&bench, &key, moment);
        }
    }
}

fn go_on(bench: &Bench, key: &YubiKey, moment: &str) {
    // Before 5.3 the device does not tell which secrets were set already; who started it knows.
    let pin_is_set = !is_pin(key, "123456");
    let puk_is_set = !is_puk(key, "12345678");
    assert!(!pin_is_set || is_pin(key, PIN));
    assert!(!puk_is_set || is_puk(key, PUK));
    bench.give("puk", PUK);
    if pin_is_set {
        bench.give("pin", PIN);
    } else if puk_is_set && key.firmware() < Firmware::V5_4 {
        bench.init(&[]).refused("Set a PIN first: ca-tool key pin.");
        bench.give("pin", "123456").give("new-pin", PIN);
        bench.room.ca_tool(&["key", "pin"]).done();
        bench.give("pin", PIN);
    }
    let done = bench.init(&["--force"]);
    assert!(done.code == 0 && is_secured(bench, key), "{:?} {moment}: {done:?}", key.firmware());
}

#[test]
fn an_untrusted_attestation_is_said_loudly_and_no_line_is_printed() {
    let bench = Bench::new();
    bench.plug(SERIAL, Firmware::V5_4);
    bench.give("new-pin", PIN).give("new-puk", PUK);
    let done = bench.room.ca_tool(&["init", "--slot", "9c"]).refused("NOT TRUSTED");
    assert_eq!(done.stdout, "");
}

#[test]
fn drawn_secrets_are_written_where_it_was_said_and_nowhere_else() {
    let bench = Bench::new();
    let key = bench.plug(SERIAL, Firmware::V5_4);
    let init = ["init", "--root", "root.pem", "--touch-policy", "never"];
    bench.room.ca_tool(&[&init[..], &["--generate-secrets"]].concat()).refused("There is no terminal to show PIN and PUK on");
    bench.room.write("there", "");
    bench.room.ca_tool(&[&init[..], &["--secrets-file", "there"]].concat()).refused("there exists already");
    assert_eq!((count(&key, "CHANGE REFERENCE"), count(&key, "GENERATE")), (0, 0));

    let done = bench.room.ca_tool(&[&init[..], &["--secrets-file", "secrets"]].concat()).done();
    let mode = bench.room.path("secrets").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let written = bench.room.read("secrets");
    let secret = |name: &str| written.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (pin, puk) = (secret("PIN "), secret("PUK "));
    assert!(is_pin(&key, &pin) && is_puk(&key, &puk));
    for secret in [&pin, &puk] {
        assert!(!done.stdout.contains(secret.as_str()) && !done.stderr.contains(secret.as_str()));
    }
    bench.give("pin", &pin).sign(&[]).done();
}

#[test]
fn the_wizard_asks_for_everything_and_shows_drawn_secrets_once() {
    let bench = Bench::new();
    bench.plug(SERIAL, Firmware::V5_4);
    bench.plug(7, Firmware::V5_7);
    let mut terminal = Terminal::start(&bench.room.command(&["init", "--root", "root.pem"]));
    terminal.reads("YubiKey 7, firmware 5.7.4").reads("Serial number of the one that becomes a CA: ").types("8");
    terminal.reads("Serial number of").types("5001234").reads("YubiKey 5001234 (firmware 5.4.3) becomes a CA.");
    terminal.reads("Slot [9c]: ").types("99").reads("the slots for keys are").reads("Slot [9c]: ").types("");
    terminal.reads("Type of the key (p384, p256, rsa2048) [p384]: ").types("").reads("PIN before a signature").types("once");
    terminal.reads("Touch for a signature").types("never").reads("at random (type, random) [type]: ").types("random");
    terminal.reads("Make it a CA now (yes, no) [yes]: ").types("");
    terminal.reads("\r\nPIN ").reads("\r\nPUK ").reads("Write this down now").reads("@cert-authority * ecdsa-sha2-nistp384 ");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    let pin = screen.lines().filter_map(|line| line.strip_prefix("PIN ")).find(|pin| pin.len() == 8).unwrap();
    assert_eq!(screen.matches(pin).count(), 1, "{screen}");
    let sign = ["sign", "-s", "yubikey:serial=5001234", "-I", "a", "-n", "a", "id.pub"];
    bench.give("pin", pin).room.ca_tool(&sign).done();
    let journal = std::fs::read(bench.room.path("journal.db")).unwrap();
    assert!(!journal.windows(pin.len()).any(|bytes| bytes == pin.as_bytes()), "the journal holds the PIN");
}

#[test]
fn the_wizard_has_secrets_typed_and_a_no_changes_nothing() {
    let bench = Bench::new();
    let key = bench.plug(SERIAL, Firmware::V5_7);
    let start = |answers: [&str; 6]| {
        let mut terminal = Terminal::start(&bench.room.command(&["init", "--root", "root.pem"]));
        for (question, answer) in ["Slot", "Type of", "PIN before", "Touch for", "random", "now"].into_iter().zip(answers) {
            terminal.reads(question).reads("]: ").types(answer);
        }
        terminal
    };
    let mut terminal = start(["", "", "", "", "", "no"]);
    terminal.reads("Nothing was changed.");
    assert_eq!(terminal.ends().0, 1);
    assert!(count(&key, "CHANGE REFERENCE") == 0 && count(&key, "GENERATE") == 0);

    let mut terminal = start(["82", "ed25519", "", "", "", ""]);
    terminal.reads("New PUK of YubiKey 5001234").types(PUK).reads("once more").types(PUK);
    terminal.reads("New PIN of YubiKey 5001234").types(PIN).reads("once more").types(PIN);
    terminal.reads("slot 82").reads("@cert-authority * ssh-ed25519 ");
    let (code, screen) = terminal.ends();
    assert!(code == 0 && !screen.contains(PIN) && !screen.contains(PUK), "{screen}");
}

#[test]
fn a_reset_is_confirmed_by_the_serial_number() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, &[]);
    assert_eq!(bench.init(&["--reset"]).code, 2, "nobody can be asked");
    let mut terminal = Terminal::start(&bench.room.command(&["init", "--reset", "--root", "root.pem"]));
    terminal.reads("are destroyed by the reset").reads("Type its serial number to go on: ").types("5001235");
    terminal.reads("Nothing was changed.");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 1, "{screen}");
    assert_eq!(count(&key, "RESET"), 0, "{:?}", key.commands());

    let old = bench.room.ca_tool(&["key", "export"]).done().stdout;
    let done = bench.init(&["--reset", "--yes"]).done();
    assert!(!done.stdout.contains(old.trim()), "{done:?}");
    bench.give("pin", PIN).sign(&[]).done();
}

#[test]
fn a_device_pulled_out_in_its_reset_ends_the_reset() {
    let bench = Bench::new();
    let key: YubiKey = bench.ca(Firmware::V5_4, &[]);
    key.unplug_before("CHANGE REFERENCE");
    bench.init(&["--reset", "--yes"]).refused("was pulled out");
}

#[test]
fn firmware_that_cannot_is_told_before_anything_is_changed() {
    let bench = Bench::new();
    let key = bench.plug(SERIAL, Firmware::V5_4);
    bench.init(&["--algorithm", "ed25519"]).refused("firmware 5.4.3, which has no ed25519");
    assert_eq!(count(&key, "CHANGE REFERENCE"), 0);
}
