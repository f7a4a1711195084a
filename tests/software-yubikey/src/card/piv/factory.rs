//! What the maker of these cards puts on them: a root of its own, the attestation key and its certificate.
//!
//! As on real devices, a YubiKey before firmware 5.7.4 has an RSA-2048 attestation key signed by the root itself, and a newer one
//! chains to its root through intermediates that are not on the device (<https://developers.yubico.com/PKI/>). What kind of key the
//! newer ones have could not be looked up; here it is P-256.
//!
//! All keys are fixed, so that every card in every process has the same root.

use super::attestation::{Profile, certificate};
use super::keys::{Origin, PinPolicy, Slot, TouchPolicy};
use super::private_key::PrivateKey;
use super::{ATTESTATION, Piv, objects};
use crate::card::Firmware;
use sha2::{Digest, Sha256};

/// The subject of every real attestation key's certificate, and so the issuer of every attestation.
pub(super) const ATTESTATION_NAME: &str = "Yubico PIV Attestation";
const ROOT_NAME: &str = "Software YubiKey PIV Root CA";
const INTERMEDIATE_NAME: &str = "Software YubiKey PIV Attestation B 1";

/// The primes of the RSA attestation key. It protects nothing: it is published here.
const RSA_P: &str = "\
    ef561b64ad5916e7924fc525fcf5eb983c0f651eed7f5629213e2843e5121aa1c24f6bf6838cda47ea65c456c74f4bbbceb723b24c330538\
    0294bda46f373afbfbbdd72a239379666eeaba5953fcc6e04754684662bc06fc7c6e33f4d7671b8d07dee0fc886216ed75a32fa6df734f8d\
    2e8965972c45eb9c06e9365f6add5009";
const RSA_Q: &str = "\
    e61ff753c8a3ff45549fc388011e7ffccf5b620e6acc633a6ca10f928a17af976bb9c49a1fa0131655b3ba0ef9682454e15a7e117ce52cb9\
    5b3b76b2244ad84af2174901c03ef06b1003fe4d242856db0b9bd0d8a44fbebd19fad19541f284877c910e7e3eff61d32f4cd2cc933f1f58\
    bccffb0c57aa644c3e4dc20e0d44f835";

/// The self-signed certificate (DER) at the end of every chain of these cards.
pub(in crate::card) fn root_certificate() -> Vec<u8> {
    let root = fixed_key("root");
    certificate(&Profile::authority(ROOT_NAME, &root, 2), ROOT_NAME, &root)
}

/// What stands between the certificate on the card and the root, DER, the one next to the card first.
pub(in crate::card) fn intermediate_certificates(firmware: Firmware) -> Vec<Vec<u8>> {
    if firmware < Firmware::V5_7 {
        return vec![];
    }
    vec![certificate(&Profile::authority(INTERMEDIATE_NAME, &fixed_key("intermediate"), 1), ROOT_NAME, &fixed_key("root"))]
}

impl Piv {
    /// Slot f9 and its certificate.
    pub(super) fn load_attestation_key(&mut self) {
        let (key, issuer_name, issuer) = if self.firmware < Firmware::V5_7 {
            (rsa_key(), ROOT_NAME, fixed_key("root"))
        } else {
            (fixed_key(&format!("attestation {}", self.serial)), INTERMEDIATE_NAME, fixed_key("intermediate"))
        };
        let certificate = certificate(&Profile::authority(ATTESTATION_NAME, &key, 0), issuer_name, &issuer);
        self.put_certificate(objects::ATTESTATION_CERTIFICATE, &certificate);
        let slot = Slot { key, pin_policy: PinPolicy::Never, touch_policy: TouchPolicy::Never, origin: Origin::Generated };
        self.slots.insert(ATTESTATION, slot);
    }
}

/// A P-256 key that is the same every time.
fn fixed_key(purpose: &str) -> PrivateKey {
    let scalar = Sha256::digest(format!("software YubiKey, {purpose}"));
    PrivateKey::P256(p256::SecretKey::from_slice(&scalar).expect("hardly any 32 bytes are not a scalar"))
}

fn rsa_key() -> PrivateKey {
    PrivateKey::rsa(&from_hex(RSA_P), &from_hex(RSA_Q)).expect("these are primes")
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hexadecimal digits");
    hex.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
}
