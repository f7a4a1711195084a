//! yubico-piv-tool 2.2 (Debian 12's) and 2.7 (13's), unmodified. Its signing of certificates and requests is broken with OpenSSL 3, so it is not here. It opens the only YubiKey there is, or the reader that `-r` names.

#[macro_use]
mod support;

use software_yubikey::{Desk, Firmware, YubiKey};
use support::{PIN, PUK, Ran, run};

at_both_desks! {
    tells_version_and_status,
    generates_and_attests,
    counts_wrong_pins_down_and_the_puk_unblocks,
    sets_a_new_management_key,
    authenticates_to_firmware_5_7_if_it_knows_aes,
    opens_the_reader_it_is_told,
    fails_when_the_yubikey_is_pulled_out,
}

fn plugged(desk: &Desk, firmware: Firmware) -> YubiKey {
    let key = YubiKey::new(5_001_234, firmware);
    desk.plug(&key);
    key
}

#[track_caller]
fn tool(desk: &Desk, words: &[&str]) -> Ran {
    run(desk, &[&["yubico-piv-tool"], words].concat())
}

fn tells_version_and_status(desk: &Desk) {
    for (firmware, version) in [(Firmware::V4_3, "4.3.5"), (Firmware::V5_2, "5.2.7"), (Firmware::V5_7, "5.7.4")] {
        let key = plugged(desk, firmware);
        tool(desk, &["-a", "version"]).ok().says(&format!("Application version {version} found."));
        tool(desk, &["-a", "status"]).ok().says("Serial Number: 5001234").says("PIN tries left: 3");
        desk.unplug(&key);
    }
    tool(desk, &["-a", "version"]).fails();
}

fn generates_and_attests(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    for algorithm in ["ECCP256", "ECCP384", "RSA2048"] {
        tool(desk, &["-a", "generate", "-s", "9a", "-A", algorithm, "-o", "public.pem"])
            .ok()
            .says("generated a new private key");
        tool(desk, &["-a", "attest", "-s", "9a", "-o", "attestation.pem"]).ok();
        run(desk, &["openssl", "x509", "-in", "attestation.pem", "-noout", "-pubkey", "-out", "attested.pem"]).ok();
        assert_eq!(support::read(desk, "public.pem"), support::read(desk, "attested.pem"));
    }
}

fn counts_wrong_pins_down_and_the_puk_unblocks(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    tool(desk, &["-a", "verify-pin", "-P", PIN]).ok().says("Successfully verified PIN");
    tool(desk, &["-a", "verify-pin", "-P", "111111"]).fails().says("2 tries left");
    tool(desk, &["-a", "verify-pin", "-P", "111111"]).fails().says("1 tries left");
    tool(desk, &["-a", "status"]).ok().says("PIN tries left: 1");
    tool(desk, &["-a", "verify-pin", "-P", "111111"]).fails().says("Pin code blocked");
    tool(desk, &["-a", "verify-pin", "-P", PIN]).fails().says("Pin code blocked");
    tool(desk, &["-a", "unblock-pin", "-P", PUK, "-N", "654321"]).ok();
    tool(desk, &["-a", "verify-pin", "-P", "654321"]).ok();
    tool(desk, &["-a", "change-pin", "-P", "654321", "-N", PIN]).ok();
    tool(desk, &["-a", "verify-pin", "-P", PIN]).ok();
}

fn sets_a_new_management_key(desk: &Desk) {
    const NEW: &str = "112233445566778811223344556677881122334455667788";
    plugged(desk, Firmware::V5_4);
    tool(desk, &["-a", "set-mgm-key", "-n", NEW]).ok();
    let generate = ["-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", "public.pem"];
    tool(desk, &generate).fails().says("Failed authentication");
    let key = format!("--key={NEW}");
    tool(desk, &[&[key.as_str()], &generate[..]].concat()).ok();
}

/// Its management key is AES-192, and this version of the tool knows 3DES only.
fn authenticates_to_firmware_5_7_if_it_knows_aes(desk: &Desk) {
    plugged(desk, Firmware::V5_7);
    let generated = tool(desk, &["-a", "generate", "-s", "9a", "-A", "ECCP256"]);
    if tool(desk, &["--version"]).stdout.contains("yubico-piv-tool 2.2.") {
        generated.fails().says("Failed authentication");
    } else {
        generated.ok().says("generated a new private key");
    }
}

fn opens_the_reader_it_is_told(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    desk.plug(&YubiKey::new(28_000_001, Firmware::V5_7));
    let readers = desk.readers();
    assert_eq!(readers.len(), 2);
    tool(desk, &["-r", &readers[0].name, "-a", "status"]).ok().says("Serial Number: 5001234");
    tool(desk, &["-r", &readers[1].name, "-a", "status"]).ok().says("Serial Number: 28000001");
}

fn fails_when_the_yubikey_is_pulled_out(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    key.unplug_before("VERIFY");
    tool(desk, &["-a", "verify-pin", "-P", PIN]).fails().never_says("Successfully");
    desk.unplug(&key);
    desk.plug(&key);
    tool(desk, &["-a", "verify-pin", "-P", PIN]).ok();
}
