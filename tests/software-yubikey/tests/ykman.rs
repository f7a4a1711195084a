//! ykman, unmodified, with software YubiKeys of every firmware.

#[macro_use]
mod support;

use software_yubikey::{Desk, Firmware, YubiKey};
use support::{MANAGEMENT_KEY, PIN, PUK, Ran, run};

at_both_desks! {
    tells_serial_number_and_firmware,
    warns_of_factory_defaults_where_the_firmware_can_tell,
    counts_wrong_pins_down_and_the_puk_unblocks,
    wrong_puks_lock_it_until_a_reset,
    a_reset_is_refused_before_pin_and_puk_are_blocked_but_ykman_blocks_them,
    generates_keys_that_it_attests,
    a_new_management_key_replaces_the_old_one,
    finds_each_of_two_by_its_serial_number,
    fails_when_it_is_pulled_out_in_the_middle,
    waits_for_a_touch_that_comes_late,
}

const FIRMWARES: [(Firmware, &str); 4] =
    [(Firmware::V4_3, "4.3.5"), (Firmware::V5_2, "5.2.7"), (Firmware::V5_4, "5.4.3"), (Firmware::V5_7, "5.7.4")];
const WRONG: &str = "111111";

fn plugged(desk: &Desk, firmware: Firmware) -> YubiKey {
    let key = YubiKey::new(5_001_234, firmware);
    desk.plug(&key);
    key
}

#[track_caller]
fn ykman(desk: &Desk, words: &[&str]) -> Ran {
    run(desk, &[&["ykman"], words].concat())
}

/// By serial number: ykman counts the real pcscd's empty reader as a second YubiKey.
#[track_caller]
fn piv(desk: &Desk, words: &[&str]) -> Ran {
    run(desk, &[&["ykman", "--device", "5001234", "piv"], words].concat())
}

fn tells_serial_number_and_firmware(desk: &Desk) {
    for (firmware, version) in FIRMWARES {
        let key = plugged(desk, firmware);
        ykman(desk, &["list"]).ok().says(&format!("({version})")).says("Serial: 5001234");
        ykman(desk, &["--device", "5001234", "info"])
            .ok()
            .says("Serial number: 5001234")
            .says(&format!("Firmware version: {version}"));
        piv(desk, &["info"]).ok().says(&format!("PIV version: {version}"));
        desk.unplug(&key);
    }
    ykman(desk, &["list"]).ok().never_says("YubiKey 5").never_says("YubiKey 4");
}

fn warns_of_factory_defaults_where_the_firmware_can_tell(desk: &Desk) {
    let old = plugged(desk, Firmware::V5_2);
    piv(desk, &["info"])
        .ok()
        .says("PIN tries remaining: 3")
        .never_says("WARNING: Using")
        .says("Management key algorithm: TDES");
    desk.unplug(&old);
    let middle = plugged(desk, Firmware::V5_4);
    let info = piv(desk, &["info"]).ok().says("PIN tries remaining: 3/3").says("Management key algorithm: TDES");
    info.says("WARNING: Using default PIN!").says("WARNING: Using default Management key!");
    piv(desk, &["access", "change-pin", "-P", PIN, "-n", "654321"]).ok();
    piv(desk, &["info"]).ok().never_says("default PIN").says("WARNING: Using default Management key!");
    desk.unplug(&middle);
    plugged(desk, Firmware::V5_7);
    piv(desk, &["info"]).ok().says("Management key algorithm: AES192");
}

fn counts_wrong_pins_down_and_the_puk_unblocks(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    let change = ["access", "change-pin", "-P", WRONG, "-n", "654321"];
    piv(desk, &change).fails().says("2 tries left");
    piv(desk, &change).fails().says("1 tries left");
    piv(desk, &["info"]).ok().says("PIN tries remaining: 1/3");
    piv(desk, &change).fails().says("PIN is blocked");
    piv(desk, &["info"]).ok().says("PIN tries remaining: 0/3");
    piv(desk, &["access", "change-pin", "-P", PIN, "-n", "654321"]).fails().says("PIN is blocked");
    piv(desk, &["access", "unblock-pin", "-p", "87654321", "-n", "654321"]).fails();
    piv(desk, &["access", "unblock-pin", "-p", PUK, "-n", "654321"]).ok();
    piv(desk, &["info"]).ok().says("PIN tries remaining: 3/3");
    piv(desk, &["access", "change-pin", "-P", "654321", "-n", PIN]).ok();
}

fn wrong_puks_lock_it_until_a_reset(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    for _ in 0..3 {
        piv(desk, &["access", "change-pin", "-P", WRONG, "-n", "654321"]).fails();
    }
    for _ in 0..3 {
        piv(desk, &["access", "unblock-pin", "-p", "87654321", "-n", PIN]).fails();
    }
    piv(desk, &["access", "unblock-pin", "-p", PUK, "-n", PIN]).fails();
    piv(desk, &["reset", "-f"]).ok();
    piv(desk, &["access", "change-pin", "-P", PIN, "-n", "654321"]).ok();
}

fn a_reset_is_refused_before_pin_and_puk_are_blocked_but_ykman_blocks_them(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    let generate = ["keys", "generate", "-m", MANAGEMENT_KEY, "-a", "ECCP256", "9a", "public.pem"];
    piv(desk, &generate).ok();
    piv(desk, &["keys", "attest", "9a", "attestation.pem"]).ok();
    run(desk, &["opensc-tool", "-s", "00a4040005a000000308", "-s", "00fb0000"]).says("SW1=0x69");
    piv(desk, &["keys", "attest", "9a", "attestation.pem"]).ok();
    piv(desk, &["reset", "-f"]).ok();
    piv(desk, &["keys", "attest", "9a", "attestation.pem"]).fails();
    piv(desk, &["info"]).ok().says("PIN tries remaining: 3/3");
    assert_eq!(key.serial(), 5_001_234);
}

fn generates_keys_that_it_attests(desk: &Desk) {
    for (firmware, _) in FIRMWARES {
        let key = plugged(desk, firmware);
        for (slot, algorithm) in [("9a", "ECCP256"), ("9c", "ECCP384")] {
            piv(desk, &["keys", "generate", "-m", MANAGEMENT_KEY, "-a", algorithm, slot, "public.pem"]).ok();
            piv(desk, &["keys", "attest", slot, "attestation.pem"]).ok();
            run(desk, &["openssl", "x509", "-in", "attestation.pem", "-noout", "-pubkey", "-out", "attested.pem"]).ok();
            assert_eq!(support::read(desk, "public.pem"), support::read(desk, "attested.pem"));
        }
        piv(desk, &["keys", "attest", "9d", "attestation.pem"]).fails();
        desk.unplug(&key);
    }
}

fn a_new_management_key_replaces_the_old_one(desk: &Desk) {
    const NEW: &str = "112233445566778811223344556677881122334455667788";
    for firmware in [Firmware::V4_3, Firmware::V5_7] {
        let key = plugged(desk, firmware);
        piv(desk, &["access", "change-management-key", "-m", MANAGEMENT_KEY, "-n", NEW]).ok();
        let generate = |with| piv(desk, &["keys", "generate", "-m", with, "-a", "ECCP256", "9a", "public.pem"]);
        generate(MANAGEMENT_KEY).fails().says("management key");
        generate(NEW).ok();
        desk.unplug(&key);
    }
    plugged(desk, Firmware::V5_4);
    piv(desk, &["access", "change-management-key", "-m", MANAGEMENT_KEY, "-n", NEW, "-a", "AES192"]).ok();
    piv(desk, &["info"]).ok().says("Management key algorithm: AES192");
    piv(desk, &["keys", "generate", "-m", NEW, "-a", "ECCP256", "9a", "public.pem"]).ok();
}

fn finds_each_of_two_by_its_serial_number(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    let second = YubiKey::new(28_000_001, Firmware::V5_7);
    desk.plug(&second);
    ykman(desk, &["list"]).ok().says("Serial: 5001234").says("Serial: 28000001");
    ykman(desk, &["piv", "info"]).fails().says("--device");
    ykman(desk, &["--device", "28000001", "piv", "info"]).ok().says("PIV version: 5.7.4");
    ykman(desk, &["--device", "5001234", "piv", "info"]).ok().says("PIV version: 5.4.3");
    desk.unplug(&second);
    ykman(desk, &["list"]).ok().says("Serial: 5001234").never_says("28000001");
    ykman(desk, &["--device", "28000001", "piv", "info"]).fails();
}

fn fails_when_it_is_pulled_out_in_the_middle(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    let generate = ["keys", "generate", "-m", MANAGEMENT_KEY, "-a", "ECCP256", "9a", "public.pem"];
    key.unplug_before("GENERATE");
    piv(desk, &generate).fails();
    desk.unplug(&key);
    desk.plug(&key);
    piv(desk, &["keys", "attest", "9a", "attestation.pem"]).fails();
    key.unplug_after("GENERATE");
    piv(desk, &generate).fails();
    desk.unplug(&key);
    desk.plug(&key);
    piv(desk, &["keys", "attest", "9a", "attestation.pem"]).ok();
}

fn waits_for_a_touch_that_comes_late(desk: &Desk) {
    use software_yubikey::Touch;
    use std::time::Duration;
    let key = plugged(desk, Firmware::V5_4);
    let generate = ["keys", "generate", "-m", MANAGEMENT_KEY, "-a", "ECCP256", "--touch-policy", "ALWAYS", "9a", "public.pem"];
    piv(desk, &generate).ok();
    let certify = ["certificates", "generate", "-m", MANAGEMENT_KEY, "-P", PIN, "-s", "CN=late", "9a", "public.pem"];
    key.touch(Touch::Withheld);
    piv(desk, &certify).fails();
    key.touch_time_limit(Duration::from_secs(200));
    key.touch(Touch::After(Duration::from_millis(500)));
    piv(desk, &certify).ok();
}
