//! Attestation, judged by OpenSSL.

use crate::reader::*;
use software_yubikey::{Firmware, attestation_root, attestation_root_pem};
use std::path::Path;
use std::process::Command;

/// The certificate in slot f9's object.
fn attestation_certificate(card: &mut Reader) -> Vec<u8> {
    let object = card.ask(0xcb, 0x3f, 0xff, b"\x5c\x03\x5f\xff\x01");
    inside(inside(&object)).to_vec()
}

/// Runs openssl in the folder; what it wrote to stdout, or both outputs when it failed.
fn openssl(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().expect("openssl is installed");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

/// Verifies leaf, the certificates between, and a root.
fn verify(leaf: &[u8], between: &[Vec<u8>], root: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let pem = |name: &str, der: &[u8]| {
        std::fs::write(folder.path().join("der"), der).unwrap();
        openssl(folder.path(), &["x509", "-inform", "DER", "-in", "der", "-out", name]).unwrap();
        std::fs::read_to_string(folder.path().join(name)).unwrap()
    };
    pem("leaf", leaf);
    let chain: String = between.iter().map(|der| pem("one", der)).collect();
    std::fs::write(folder.path().join("chain"), chain).unwrap();
    std::fs::write(folder.path().join("root"), root).unwrap();
    let mut arguments = vec!["verify", "-CAfile", "root"];
    if !between.is_empty() {
        arguments.extend(["-untrusted", "chain"]);
    }
    openssl(folder.path(), &[&arguments[..], &["leaf"]].concat())
}

fn text(certificate: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("der"), certificate).unwrap();
    openssl(folder.path(), &["x509", "-inform", "DER", "-in", "der", "-noout", "-text", "-nameopt", "RFC2253"]).unwrap()
}

#[test]
fn a_generated_key_chains_to_the_makers_root_on_every_firmware() {
    for firmware in [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7] {
        let mut card = yubikey(firmware);
        card.become_manager();
        card.generate(0x9c, P384, &[]);
        let leaf = card.ask(0xf9, 0x9c, 0, &[]);
        let mut between = vec![attestation_certificate(&mut card)];
        between.extend(card.yubikey.attestation_intermediates());
        assert!(verify(&leaf, &between, &attestation_root_pem()).unwrap().contains("OK"), "{firmware:?}");
        verify(&leaf, &between[1..], &attestation_root_pem()).unwrap_err();
    }
}

#[test]
fn from_5_7_on_the_chain_needs_an_intermediate_that_is_not_on_the_card() {
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    card.generate(0x9a, ED25519, &[]);
    let leaf = card.ask(0xf9, 0x9a, 0, &[]);
    let own = attestation_certificate(&mut card);
    verify(&leaf, &[own], &attestation_root_pem()).unwrap_err();
}

/// Whether the certificate has Yubico's extension of this number with this value.
fn says(certificate: &[u8], number: u8, value: &[u8]) -> bool {
    let extension = [b"\x06\x0a\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03", &[number][..], &tlv(0x04, value)].concat();
    certificate.windows(extension.len()).any(|window| window == extension)
}

#[test]
fn an_attestation_says_who_made_the_key_and_how_it_is_guarded() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    let public = card.generate(0x9c, P256, &[0xaa, 1, 2, 0xab, 1, 3]);
    let leaf = card.ask(0xf9, 0x9c, 0, &[]);
    let text = text(&leaf);
    assert!(text.contains("Issuer: CN=Yubico PIV Attestation\n"), "{text}");
    assert!(text.contains("Subject: CN=YubiKey PIV Attestation 9c\n"), "{text}");
    assert!(text.contains("Signature Algorithm: sha256WithRSAEncryption"), "{text}");
    for (number, value) in [(3, &b"\x05\x04\x03"[..]), (7, b"\x02\x03\x4c\x50\x12"), (8, b"\x02\x03"), (9, b"\x01")] {
        assert!(says(&leaf, number, value), "extension {number} in {text}");
    }
    let point = inside(&public);
    assert!(leaf.windows(point.len()).any(|window| window == point));
}

#[test]
fn a_yubikey_4_does_not_tell_its_form_factor() {
    let mut card = yubikey(Firmware::V4_3);
    card.become_manager();
    card.generate(0x9c, P256, &[]);
    let leaf = card.ask(0xf9, 0x9c, 0, &[]);
    assert!(says(&leaf, 3, b"\x04\x03\x05") && says(&leaf, 8, b"\x03\x01"));
    assert!(!says(&leaf, 9, b"\x01"));
}

#[test]
fn imported_keys_and_empty_slots_are_not_attested() {
    let mut card = yubikey(Firmware::V5_7);
    assert_eq!(card.status(0xf9, 0x9a, 0, &[]), WRONG_DATA);
    card.become_manager();
    card.ask(0xfe, P256, 0x9a, &tlv(6, &[7; 32]));
    assert_eq!(card.status(0xf9, 0x9a, 0, &[]), WRONG_DATA);
}

#[test]
fn without_its_certificate_the_attestation_key_attests_nothing() {
    let mut card = yubikey(Firmware::V5_7);
    card.become_manager();
    card.generate(0x9a, P256, &[]);
    card.ask(0xdb, 0x3f, 0xff, b"\x5c\x03\x5f\xff\x01\x53\x00");
    assert_eq!(card.status(0xf9, 0x9a, 0, &[]), WRONG_DATA);
}

#[test]
fn a_replaced_attestation_certificate_no_longer_chains() {
    let mut card = yubikey(Firmware::V5_4);
    card.become_manager();
    card.generate(0xf9, P256, &[]);
    card.generate(0x9a, P256, &[]);
    let leaf = card.ask(0xf9, 0x9a, 0, &[]);
    let own = attestation_certificate(&mut card);
    verify(&leaf, &[own], &attestation_root_pem()).unwrap_err();
}

#[test]
fn the_root_is_the_same_each_time_and_pem_and_der_say_the_same() {
    assert_eq!(attestation_root(), attestation_root());
    assert_eq!(verify(&attestation_root(), &[], &attestation_root_pem()).unwrap(), "leaf: OK\n");
}
