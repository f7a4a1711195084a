//! ATTEST, from firmware 4.3: a certificate that says which device made a key, and under which policies
//! (<https://docs.yubico.com/hardware/oid/oid-piv-arc.html>).

use super::keys::Origin;
use super::private_key::PrivateKey;
use super::{ATTESTATION, Answer, Piv, Status, der, factory, objects};
use crate::card::tlv::tlv;
use crate::card::{Firmware, apdu::Command};
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};

/// 1.3.6.1.4.1.41482.3, Yubico's arc for these extensions.
const YUBICO_PIV: &[u8] = b"\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03";
const FIRMWARE: u8 = 3;
const SERIAL: u8 = 7;
const POLICY: u8 = 8;
const FORM_FACTOR: u8 = 9;
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
/// The DigestInfo that goes before a SHA-256 digest (RFC 8017 section 9.2).
const SHA256_DIGEST_INFO: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
/// A YubiKey with a USB-A plug, for the keychain.
pub(in crate::card) const USB_A_KEYCHAIN: u8 = 0x01;

/// What a certificate is to say of its subject.
pub(super) struct Profile<'a> {
    name: String,
    key: &'a PrivateKey,
    extensions: Vec<Vec<u8>>,
}

impl<'a> Profile<'a> {
    /// An authority, with so many more below it.
    pub(super) fn authority(name: &str, key: &'a PrivateKey, path_length: u8) -> Self {
        let constraints = der::sequence(&[tlv(0x01, [0xff]), der::integer(&[path_length])]);
        Self { name: name.into(), key, extensions: vec![der::extension(BASIC_CONSTRAINTS, true, &constraints)] }
    }
}

impl Piv {
    /// 6a80 when there is no key, or one that was imported.
    pub(super) fn attest(&mut self, command: &Command) -> Answer {
        let slot = self.slots.get(&command.p1).filter(|slot| slot.origin == Origin::Generated).ok_or(Status::WRONG_DATA)?;
        let issuer = self.slots.get(&ATTESTATION).ok_or(Status::WRONG_DATA)?;
        self.certificate(objects::ATTESTATION_CERTIFICATE).ok_or(Status::WRONG_DATA)?;
        let yubico = |number: u8, value: &[u8]| der::extension(&[YUBICO_PIV, &[number]].concat(), false, value);
        let mut extensions = vec![
            yubico(FIRMWARE, &self.firmware.version()),
            yubico(SERIAL, &der::integer(&self.serial.to_be_bytes())),
            yubico(POLICY, &[slot.pin_policy as u8, slot.touch_policy as u8]),
        ];
        // The description of 2016, for firmware 4.3, does not have it yet (yubico-piv-tool, doc/Attestation.adoc).
        if self.firmware >= Firmware::V5_2 {
            extensions.push(yubico(FORM_FACTOR, &[USB_A_KEYCHAIN]));
        }
        let name = format!("YubiKey PIV Attestation {:02x}", command.p1);
        Ok(certificate(&Profile { name, key: &slot.key, extensions }, factory::ATTESTATION_NAME, &issuer.key))
    }
}

/// An X.509 certificate, signed with SHA-256. Its serial number hangs on what it says, so that the same one is made twice.
pub(super) fn certificate(profile: &Profile<'_>, issuer_name: &str, issuer: &PrivateKey) -> Vec<u8> {
    let algorithm = match issuer {
        PrivateKey::Rsa(_) => der::sha256_with_rsa(),
        _ => der::ecdsa_with_sha256(),
    };
    let public_key_info = profile.key.public_key_info();
    let mut serial = Sha256::digest([profile.name.as_bytes(), &public_key_info].concat())[..16].to_vec();
    serial[0] &= 0x7f;
    let to_be_signed = der::sequence(&[
        tlv(0xa0, der::integer(&[2])),
        der::integer(&serial),
        algorithm.clone(),
        der::name(issuer_name),
        der::validity(),
        der::name(&profile.name),
        public_key_info,
        tlv(0xa3, der::sequence(&profile.extensions)),
    ]);
    let signature = issuer.sign(&sha256_input(issuer, &to_be_signed)).expect("the issuer can sign");
    der::sequence(&[to_be_signed, algorithm, der::bits(&signature)])
}

/// What the key takes for a signature over the SHA-256 digest: the digest, for RSA with PKCS #1 v1.5 padding.
fn sha256_input(issuer: &PrivateKey, message: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(message);
    let PrivateKey::Rsa(key) = issuer else { return digest.to_vec() };
    let padding = vec![0xff; key.size() - 3 - SHA256_DIGEST_INFO.len() - digest.len()];
    [&[0, 1], &*padding, &[0], SHA256_DIGEST_INFO, &digest].concat()
}
