//! The CA in a YubiKey's PIV slot: signing with it, and everything that can come in between.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

mod room;
mod yubikeys;

use std::time::Duration;

use software_yubikey::Touch;
use yubikeys::{Bench, Desk, Firmware, PIN, PUK, SERIAL, count};

const NO_TOUCH: &[&str] = &["--touch-policy", "never"];

#[test]
fn every_algorithm_signs_what_ssh_keygen_reads() {
    let algorithms = [
        (Firmware::V5_4, "p256", "ecdsa-sha2-nistp256"),
        (Firmware::V5_4, "p384", "ecdsa-sha2-nistp384"),
        (Firmware::V5_4, "rsa2048", "rsa-sha2-512"),
        (Firmware::V5_7, "rsa3072", "rsa-sha2-512"),
        (Firmware::V5_7, "ed25519", "ssh-ed25519"),
    ];
    for (firmware, algorithm, name) in algorithms {
        let bench = Bench::new();
        bench.ca(firmware, &["--algorithm", algorithm, "--touch-policy", "never"]);
        bench.give("pin", PIN).sign(&[]).done();
        let said = bench.certificate();
        assert!(said.contains(&format!("(using {name})")), "{algorithm}: {said}");
    }
}

#[test]
fn every_firmware_signs_and_no_certificate_needs_to_be_in_the_slot() {
    for firmware in [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7] {
        let bench = Bench::new();
        let key = bench.ca(firmware, &[]);
        let done = bench.give("pin", PIN).sign(&[]).done();
        assert!(
            done.stderr.contains("Touch YubiKey 5001234 to sign \"alice\" for alice, valid until "),
            "{firmware:?} {done:?}"
        );
        assert!(bench.certificate().contains("Key ID: \"alice\""));
        assert_eq!((key.touches(), count(&key, "PUT DATA 5fc10a")), (1, 0), "{firmware:?}");
    }
}

#[test]
fn the_same_over_the_real_pcscd() {
    let bench = Bench::at(Desk::with_pcscd());
    let key = bench.ca(Firmware::V5_4, &[]);
    bench.give("pin", PIN).sign(&[]).done();
    key.touch(Touch::Withheld);
    bench.sign(&[]).refused("YubiKey 5001234 was not touched in time. Nothing was signed.");
    key.touch(Touch::Given);
    key.unplug_before("GENERAL AUTHENTICATE 9c");
    let done = bench.sign(&[]);
    assert!(done.code == 1 && done.stderr.contains("lug it in and try again"), "{done:?}");
}

#[test]
fn the_pin_is_asked_with_the_tries_that_are_left_and_the_last_one_is_not_spent_unawares() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, NO_TOUCH);
    let mut terminal = bench.sign_at_terminal(&[]);
    terminal.reads("PIN of YubiKey 5001234 (3 tries left) to sign \"alice\" for alice, valid until ").types("111222");
    terminal.reads("Wrong PIN: 2 tries left.").reads("(2 tries left)").types("111333");
    terminal.reads("has one try left").reads("--last-try");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 1, "{screen}");
    assert!(!screen.contains("111222"), "the PIN was echoed: {screen}");
    assert!(!bench.room.path("id-cert.pub").exists());

    let before = count(&key, "VERIFY");
    bench.give("pin", PIN).sign(&[]).refused("one try left");
    assert!(count(&key, "VERIFY") <= before + 1, "only the question how many are left");
    bench.sign(&["--last-try"]).done();
    bench.sign(&[]).done();
}

#[test]
fn a_wrong_pin_from_a_program_is_tried_once() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    bench.give("pin", "999888").sign(&[]).refused("Wrong PIN for YubiKey 5001234: 2 tries left.");
    bench.give("pin", "12").sign(&[]).refused("no try was spent");
    bench.give("pin", PIN).sign(&[]).done();
}

#[test]
fn a_blocked_pin_is_told_as_such_and_the_puk_sets_a_new_one() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    bench.give("pin", "999888");
    for _ in 0..2 {
        bench.sign(&[]).refused("Wrong PIN");
    }
    bench.sign(&["--last-try"]).refused("The PIN of YubiKey 5001234 is blocked.").refused("ca-tool key unblock");
    bench.give("pin", PIN).sign(&[]).refused("is blocked");

    bench.give("puk", "00000000").give("new-pin", "161803");
    bench.room.ca_tool(&["key", "unblock"]).refused("Wrong PUK for YubiKey 5001234: 2 tries left.");
    bench.give("puk", PUK);
    bench.room.ca_tool(&["key", "unblock"]).done();
    bench.give("pin", "161803").sign(&[]).done();
}

#[test]
fn a_default_pin_is_refused_before_it_is_asked_for_or_sent() {
    for firmware in [Firmware::V5_2, Firmware::V5_4] {
        let bench = Bench::new();
        let key = bench.plug(SERIAL, firmware);
        let mut ykman = bench.desk.command("ykman");
        ykman.args(
            "piv keys generate -a ECCP256 --touch-policy never -m 010203040506070801020304050607080102030405060708 9c -"
                .split(' '),
        );
        room::Done::of(ykman).done();
        let before = count(&key, "VERIFY");
        if firmware == Firmware::V5_4 {
            bench.sign(&[]).refused("The PIN of YubiKey 5001234 is the factory's"); // and nobody could be asked
        }
        bench.give("pin", "123456").sign(&[]).refused("The PIN of YubiKey 5001234 is the factory's");
        // One to see how many tries are left, on firmware that does not tell what the PIN is.
        assert!(count(&key, "VERIFY") <= before + 1, "{firmware:?}: {:?}", key.commands());
    }
}

#[test]
fn one_pin_signs_many_keys_and_is_verified_before_each() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, NO_TOUCH);
    bench.room.key("one", "ed25519");
    bench.room.key("two", "ecdsa");
    let mut terminal = bench.sign_at_terminal(&["one.pub", "two.pub"]);
    terminal.reads("PIN of YubiKey 5001234").types(PIN);
    let (code, screen) = terminal.ends();
    assert_eq!((code, screen.matches("PIN of").count()), (0, 1), "{screen}");
    assert_eq!(count(&key, "GENERAL AUTHENTICATE 9c"), 3);
    for name in ["id-cert.pub", "one-cert.pub", "two-cert.pub"] {
        bench.room.ok("ssh-keygen", &["-L", "-f", name]);
    }
}

#[test]
fn no_pin_is_asked_for_where_the_policy_wants_none() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, &["--pin-policy", "never", "--touch-policy", "never"]);
    bench.sign(&[]).done();
}

#[test]
fn a_touch_may_come_late_and_is_missed_in_a_sentence() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, &[]);
    key.touch_time_limit(Duration::from_secs(60));
    key.touch(Touch::After(Duration::from_millis(600)));
    bench.give("pin", PIN).sign(&[]).done();
    key.touch_time_limit(Duration::from_millis(100));
    key.touch(Touch::Withheld);
    bench.sign(&["-o", "other-cert.pub"]).refused("YubiKey 5001234 was not touched in time. Nothing was signed.");
    assert!(!bench.room.path("other-cert.pub").exists());
    assert_eq!(key.touches(), 2, "nobody is asked to touch twice for one signature");
}

#[test]
fn a_cached_touch_is_asked_for_once() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, &["--touch-policy", "cached"]);
    bench.room.key("one", "ed25519");
    let done = bench.give("pin", PIN).sign(&["one.pub"]).done();
    assert_eq!((key.touches(), done.stderr.matches("Touch YubiKey").count()), (1, 1), "{done:?}");
}

#[test]
fn pulled_out_in_the_middle_it_says_so_and_nothing_is_delivered() {
    for moment in ["VERIFY", "GENERAL AUTHENTICATE 9c", "GET METADATA"] {
        let bench = Bench::new();
        let key = bench.ca(Firmware::V5_4, NO_TOUCH);
        key.unplug_before(moment);
        let done = bench.give("pin", PIN).sign(&[]);
        assert!(
            done.code == 1 && done.stderr.contains("YubiKey 5001234 ") && done.stderr.contains("lug it in"),
            "{moment}: {done:?}"
        );
        assert!(!bench.room.path("id-cert.pub").exists());
        bench.desk.unplug(&key);
        bench.desk.plug(&key);
        bench.sign(&[]).done();
    }
}

#[test]
fn pulled_out_while_it_waits_for_the_touch_it_says_so() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, &[]);
    key.touch_time_limit(Duration::from_secs(60));
    key.touch(Touch::Withheld);
    let mut terminal = bench.sign_at_terminal(&[]);
    terminal.reads("PIN of YubiKey 5001234").types(PIN).reads("Touch YubiKey 5001234 to sign");
    while key.touches() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    bench.desk.unplug(&key);
    let (code, screen) = terminal.ends();
    assert!(code == 1 && screen.contains("lug it in and try again"), "{screen}");
    assert!(!bench.room.path("id-cert.pub").exists());
}

#[test]
fn another_program_may_reset_the_card_in_between() {
    for desk in [Desk::new(), Desk::with_pcscd()] {
        let bench = Bench::at(desk);
        bench.ca(Firmware::V5_4, NO_TOUCH);
        let mut terminal = bench.sign_at_terminal(&[]);
        terminal.reads("PIN of YubiKey 5001234");
        bench.room.ca_tool(&["key", "list"]).done();
        terminal.types(PIN);
        let (code, screen) = terminal.ends();
        assert_eq!(code, 0, "{screen}");
    }
}

#[test]
fn the_pin_comes_from_a_file_descriptor_too() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    let signing = bench.sign_command(&["--secret-fd", "pin=3"]);
    let mut shell = bench.room.program("sh");
    shell.args(["-c", &format!("printf '{PIN}\\n' | \"$@\" 3<&0 0</dev/null"), "sh"]).args(signing.get_args().skip(1));
    room::Done::of(shell).done();
}

#[test]
fn of_several_none_is_guessed_at_and_each_is_opened_by_its_number() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_4, NO_TOUCH);
    let second = bench.plug(7_654_321, Firmware::V5_7);
    bench.give("new-pin", "161803").give("new-puk", "16180339");
    let line = bench.room.ca_tool(&["init", "--serial", "7654321", "--touch-policy", "never", "--root", "root.pem"]).done();
    assert!(line.stdout.contains(" Y7654321\n"), "{line:?}");

    let done = bench.give("pin", PIN).sign(&[]).refused("2 YubiKeys are plugged in: ");
    for words in ["5001234 (firmware 5.4.3)", "-s 'yubikey:slot=9c;serial=5001234' or ", "-s 'yubikey:slot=9c;serial=7654321'"]
    {
        assert!(done.stderr.contains(words), "{words}: {done:?}");
    }
    let sign = |serial: &str| {
        bench.room.ca_tool(&["sign", "-s", &format!("yubikey:slot=9c;serial={serial}"), "-I", "a", "-n", "a", "id.pub"])
    };
    sign("5001234").done();
    assert_eq!(count(&second, "GENERAL AUTHENTICATE 9c"), 0);
    bench.give("pin", "161803");
    sign("7654321").done();
    sign("7").refused("YubiKey 7 is not plugged in, but ");
}

#[test]
fn what_is_missing_is_named() {
    let mut bench = Bench::new();
    bench.sign(&[]).refused("No YubiKey is plugged in.");
    bench.plug(SERIAL, Firmware::V5_4);
    bench.sign(&[]).refused("Slot 9c of YubiKey 5001234 holds no key.");
    let nowhere = bench.room.path("no-such-socket");
    bench.room.set("PCSCLITE_CSOCK_NAME", nowhere);
    bench.sign(&[]).refused("The smart card service (pcscd) is not running.");
}

#[test]
fn a_certificate_too_large_for_ed25519_is_refused_in_a_sentence() {
    let bench = Bench::new();
    bench.ca(Firmware::V5_7, &["--algorithm", "ed25519", "--touch-policy", "never"]);
    let many = (0..100).map(|number| format!("user-{number}")).collect::<Vec<_>>().join(",");
    bench.give("pin", PIN);
    let args = ["sign", "-s", "yubikey:slot=9c", "-I", "alice", "-n", &many, "id.pub"];
    let done = bench.room.ca_tool(&args).refused("takes at most 1014");
    assert!(!done.stderr.contains("panicked"), "{done:?}");
}
