//! The PKCS#11 modules libykcs11 and opensc-pkcs11, unmodified, under pkcs11-tool and OpenSSH.

#[macro_use]
mod support;

use software_yubikey::{Desk, Firmware, Touch, YubiKey};
use std::time::Duration;
use support::{MANAGEMENT_KEY, PIN, Ran, finish, module, run, start};

at_both_desks! {
    libykcs11_lists_the_key_by_its_attestation_alone,
    libykcs11_signs_with_every_kind_of_key,
    libykcs11_refuses_a_wrong_pin,
    libykcs11_signs_once_touched_and_not_without,
    libykcs11_fails_when_the_yubikey_is_pulled_out,
    opensc_needs_a_certificate_in_the_slot_and_signs_then,
    opensc_tool_sees_the_card,
    ssh_keygen_exports_the_key_and_signs_certificates_with_it,
}

/// libykcs11's numbers for slots 9a and 9c.
const ID_9A: &str = "01";
const ID_9C: &str = "02";

fn plugged(desk: &Desk, firmware: Firmware) -> YubiKey {
    let key = YubiKey::new(5_001_234, firmware);
    desk.plug(&key);
    key
}

#[track_caller]
fn generate(desk: &Desk, slot: &str, algorithm: &str, touch: &str) {
    let piv = ["ykman", "--device", "5001234", "piv", "keys", "generate", "-m", MANAGEMENT_KEY];
    run(desk, &[&piv[..], &["-a", algorithm, "--touch-policy", touch, slot, "public.pem"]].concat()).ok();
}

/// Signs a file of 32 bytes, which stands for a hash.
fn signing<'w>(module: &'w str, id: &'w str, pin: &'w str, mechanism: &'w str) -> Vec<&'w str> {
    let tool = ["pkcs11-tool", "--module", module, "--login", "--pin", pin, "--sign", "--id", id, "-m", mechanism];
    [&tool[..], &["--signature-format", "openssl", "-i", "hash", "-o", "signature"]].concat()
}

#[track_caller]
fn sign(desk: &Desk, module: &str, id: &str, pin: &str) -> Ran {
    support::write(desk, "hash", [7; 32]);
    run(desk, &signing(module, id, pin, "ECDSA"))
}

/// By the public key that the generation wrote.
#[track_caller]
fn verify_signature(desk: &Desk) {
    let verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "hash", "-sigfile", "signature"];
    run(desk, &verify).ok();
}

fn libykcs11_lists_the_key_by_its_attestation_alone(desk: &Desk) {
    let ykcs11 = module("libykcs11.so");
    for firmware in [Firmware::V4_3, Firmware::V5_4, Firmware::V5_7] {
        let key = plugged(desk, firmware);
        generate(desk, "9c", "ECCP384", "NEVER");
        let listed = run(desk, &["pkcs11-tool", "--module", &ykcs11, "--list-slots", "--list-objects"]).ok();
        listed.says("YubiKey PIV #5001234").says("Public Key Object; EC EC_POINT 384 bits").says("ID: 02");
        desk.unplug(&key);
    }
}

fn libykcs11_signs_with_every_kind_of_key(desk: &Desk) {
    let ykcs11 = module("libykcs11.so");
    plugged(desk, Firmware::V5_4);
    for algorithm in ["ECCP256", "ECCP384"] {
        generate(desk, "9a", algorithm, "NEVER");
        sign(desk, &ykcs11, ID_9A, PIN).ok();
        verify_signature(desk);
    }
    // Slot 9c wants the PIN for every signature.
    generate(desk, "9c", "ECCP256", "NEVER");
    sign(desk, &ykcs11, ID_9C, PIN).ok();
    verify_signature(desk);
    generate(desk, "9a", "RSA2048", "NEVER");
    run(desk, &signing(&ykcs11, ID_9A, PIN, "SHA256-RSA-PKCS")).ok();
    run(desk, &["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "hash"]).ok();
}

fn libykcs11_refuses_a_wrong_pin(desk: &Desk) {
    plugged(desk, Firmware::V5_4);
    generate(desk, "9a", "ECCP256", "NEVER");
    sign(desk, &module("libykcs11.so"), ID_9A, "111111").fails().says("CKR_PIN_INCORRECT");
    run(desk, &["yubico-piv-tool", "-a", "status"]).ok().says("PIN tries left: 2");
}

fn libykcs11_signs_once_touched_and_not_without(desk: &Desk) {
    let ykcs11 = module("libykcs11.so");
    let key = plugged(desk, Firmware::V5_4);
    generate(desk, "9a", "ECCP256", "ALWAYS");
    key.touch(Touch::Withheld);
    sign(desk, &ykcs11, ID_9A, PIN).fails();
    key.touch_time_limit(Duration::from_secs(200));
    let before = key.touches();
    let words = signing(&ykcs11, ID_9A, PIN, "ECDSA");
    let late = start(desk, &words);
    while key.touches() == before {
        std::thread::sleep(Duration::from_millis(10));
    }
    key.touch(Touch::Given);
    finish(&words, late).ok();
    verify_signature(desk);
}

fn libykcs11_fails_when_the_yubikey_is_pulled_out(desk: &Desk) {
    let ykcs11 = module("libykcs11.so");
    let key = plugged(desk, Firmware::V5_4);
    generate(desk, "9a", "ECCP256", "ALWAYS");
    key.unplug_before("GENERAL AUTHENTICATE");
    sign(desk, &ykcs11, ID_9A, PIN).fails();
    desk.unplug(&key);
    desk.plug(&key);
    // And while the touch is being waited for.
    key.touch(Touch::Withheld);
    key.touch_time_limit(Duration::from_secs(200));
    let before = key.touches();
    let words = signing(&ykcs11, ID_9A, PIN, "ECDSA");
    let waiting = start(desk, &words);
    while key.touches() == before {
        std::thread::sleep(Duration::from_millis(10));
    }
    desk.unplug(&key);
    finish(&words, waiting).fails();
    desk.plug(&key);
    key.touch(Touch::Given);
    sign(desk, &ykcs11, ID_9A, PIN).ok();
    verify_signature(desk);
}

fn opensc_needs_a_certificate_in_the_slot_and_signs_then(desk: &Desk) {
    let opensc = module("opensc-pkcs11.so");
    plugged(desk, Firmware::V5_4);
    generate(desk, "9a", "ECCP256", "NEVER");
    sign(desk, &opensc, ID_9A, PIN).fails();
    let piv = ["ykman", "--device", "5001234", "piv", "certificates", "generate", "-m", MANAGEMENT_KEY, "-P", PIN];
    run(desk, &[&piv[..], &["-s", "CN=ca", "9a", "public.pem"]].concat()).ok();
    run(desk, &["pkcs11-tool", "--module", &opensc, "--list-objects"]).ok().says("Public Key Object; EC EC_POINT 256 bits");
    sign(desk, &opensc, ID_9A, PIN).ok();
    verify_signature(desk);
}

fn opensc_tool_sees_the_card(desk: &Desk) {
    let key = plugged(desk, Firmware::V5_4);
    run(desk, &["opensc-tool", "--list-readers"]).ok().says("0 Yes Yubico YubiKey OTP+FIDO+CCID 00 00");
    run(desk, &["opensc-tool", "--name", "--atr"])
        .ok()
        .says("3b:fd:13:00:00:81:31:fe:15:80:73:c0:21:c0:57")
        .says("Personal Identity Verification Card");
    desk.unplug(&key);
    run(desk, &["opensc-tool", "--list-readers"]).never_says("Yes");
}

fn ssh_keygen_exports_the_key_and_signs_certificates_with_it(desk: &Desk) {
    let ykcs11 = module("libykcs11.so");
    plugged(desk, Firmware::V5_4);
    generate(desk, "9a", "ECCP384", "NEVER");
    let exported = run(desk, &["ssh-keygen", "-D", &ykcs11, "-e"]).ok().stdout;
    let ca = exported.lines().find(|line| line.starts_with("ecdsa-sha2-nistp384 ")).expect("our key");
    support::write(desk, "ca.pub", ca);
    run(desk, &["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "user"]).ok();
    support::write(desk, "pin.sh", format!("#!/bin/sh\necho {PIN}\n"));
    run(desk, &["chmod", "+x", "pin.sh"]).ok();
    let pin = format!("SSH_ASKPASS={}", desk.folder().join("pin.sh").display());
    let program = ["env", &pin, "SSH_ASKPASS_REQUIRE=force", "ssh-keygen", "-q", "-D", &ykcs11];
    run(desk, &[&program[..], &["-s", "ca.pub", "-I", "alice", "-n", "alice", "-V", "+10m", "user.pub"]].concat()).ok();
    let fingerprint = run(desk, &["ssh-keygen", "-l", "-f", "ca.pub"]).ok().stdout;
    let fingerprint = fingerprint.split(' ').nth(1).expect("SHA256:...");
    run(desk, &["ssh-keygen", "-L", "-f", "user-cert.pub"]).ok().says("Key ID: \"alice\"").says(fingerprint);
}
