//! What an attestation certificate says, in extensions below 1.3.6.1.4.1.41482.3
//! (<https://docs.yubico.com/hardware/oid/oid-piv-arc.html>). Nothing here is proven: see `chain`.

use ::yubikey::{PinPolicy, TouchPolicy};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const FIRMWARE: &str = "1.3.6.1.4.1.41482.3.3";
const SERIAL: &str = "1.3.6.1.4.1.41482.3.7";
const POLICY: &str = "1.3.6.1.4.1.41482.3.8";
const FORM_FACTOR: &str = "1.3.6.1.4.1.41482.3.9";

/// Absent is what the firmware does not say: 4.3 has no form factor, and some devices hide their serial number.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    public_key: SubjectPublicKeyInfoOwned,
    pub(crate) firmware: Option<[u8; 3]>,
    pub(crate) serial: Option<u32>,
    pub(crate) pin_policy: Option<PinPolicy>,
    pub(crate) touch_policy: Option<TouchPolicy>,
    pub(crate) form_factor: Option<u8>,
}

impl Statement {
    pub(crate) fn parse(certificate: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let body = certificate.tbs_certificate();
        let extension = |oid: &str| {
            let mut all = body.extensions().into_iter().flatten();
            all.find(|extension| extension.extn_id.to_string() == oid).map(|extension| extension.extn_value.as_bytes())
        };
        let policy = |place: usize| extension(POLICY).and_then(|bytes| bytes.get(place).copied());
        Some(Self {
            public_key: body.subject_public_key_info().clone(),
            firmware: extension(FIRMWARE).and_then(|bytes| bytes.try_into().ok()),
            serial: extension(SERIAL).and_then(integer),
            pin_policy: policy(0).and_then(|byte| PinPolicy::try_from(byte).ok()),
            touch_policy: policy(1).and_then(|byte| TouchPolicy::try_from(byte).ok()),
            form_factor: extension(FORM_FACTOR).and_then(|bytes| bytes.first().copied()),
        })
    }

    pub(crate) fn public_key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.public_key
    }

    /// `5.4.3`, or nothing.
    pub(crate) fn firmware(&self) -> Option<String> {
        self.firmware.map(|[major, minor, patch]| format!("{major}.{minor}.{patch}"))
    }

    /// The device's shape; the bit 0x80 marks FIPS devices, 0x40 those of the Security Key series.
    pub(crate) fn form_factor(&self) -> Option<&'static str> {
        Some(match self.form_factor? & 0x3f {
            1 => "USB-A keychain",
            2 => "USB-A nano",
            3 => "USB-C keychain",
            4 => "USB-C nano",
            5 => "USB-C and Lightning",
            6 => "USB-A biometric",
            7 => "USB-C biometric",
            _ => return None,
        })
    }
}

/// A DER INTEGER. Firmware writes it as four bytes, so that a large serial number looks negative.
fn integer(der: &[u8]) -> Option<u32> {
    let [2, length, bytes @ ..] = der else { return None };
    if bytes.len() != usize::from(*length) || bytes.is_empty() {
        return None;
    }
    let significant = if let [0, rest @ ..] = bytes { rest } else { bytes };
    (significant.len() <= 4).then(|| significant.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}
