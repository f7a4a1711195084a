//! What a PIV slot holds. Asked of the metadata (firmware 5.3), else of the attestation (4.3), else of the X.509
//! certificate in the slot: none needs to be there for the first two.

use ::yubikey::piv::{self, AlgorithmId, Origin, SlotAlgorithmId, SlotId};
use ::yubikey::{Certificate, Error as Trouble, PinPolicy, TouchPolicy, YubiKey};
use ssh_key::public::KeyData;

use super::public_key;
use crate::attestation::statement::Statement;

/// A key in a slot; policies and origin as far as the device tells.
#[derive(Clone, Debug)]
pub(crate) struct SlotKey {
    pub(crate) slot: SlotId,
    pub(crate) algorithm: AlgorithmId,
    /// `None`: a key that SSH does not know (X25519).
    pub(crate) public_key: Option<KeyData>,
    pub(crate) pin_policy: Option<PinPolicy>,
    pub(crate) touch_policy: Option<TouchPolicy>,
    pub(crate) origin: Option<Origin>,
}

impl SlotKey {
    /// The PIN policy; untold, it is the one that the slot has by default.
    pub(crate) fn pin_policy(&self) -> PinPolicy {
        match (self.pin_policy, self.slot) {
            (Some(PinPolicy::Default) | None, SlotId::Signature) => PinPolicy::Always,
            (Some(PinPolicy::Default) | None, SlotId::CardAuthentication) => PinPolicy::Never,
            (Some(PinPolicy::Default) | None, _) => PinPolicy::Once,
            (Some(policy), _) => policy,
        }
    }
}

/// The slots that hold a CA's key, in the order in which they are shown.
pub(crate) fn slots() -> impl Iterator<Item = SlotId> {
    [0x9a, 0x9c, 0x9d, 0x9e].into_iter().chain(0x82..=0x95).filter_map(|number| SlotId::try_from(number).ok())
}

/// As it is typed and printed: `9c`.
pub(crate) fn number(slot: SlotId) -> String {
    format!("{:02x}", u8::from(slot))
}

/// What is in the slot; `None` when nothing is. Before firmware 5.3 an imported key without a certificate is not seen.
pub(crate) fn read(card: &mut YubiKey, slot: SlotId) -> ::yubikey::Result<Option<SlotKey>> {
    match piv::metadata(card, slot) {
        Err(Trouble::NotFound) => return Ok(None),
        Err(trouble @ Trouble::PcscError { .. }) => return Err(trouble),
        Ok(piv::SlotMetadata {
            algorithm: SlotAlgorithmId::Asymmetric(algorithm),
            public: Some(public),
            policy,
            origin,
            ..
        }) => {
            return Ok(Some(SlotKey {
                slot,
                algorithm,
                public_key: public_key::from_spki(&public).map(|(_, key)| key),
                pin_policy: policy.map(|(pin, _)| pin),
                touch_policy: policy.map(|(_, touch)| touch),
                origin,
            }));
        }
        _ => {}
    }
    match attested(card, slot)? {
        Some(key) => Ok(Some(key)),
        None => certified(card, slot),
    }
}

fn attested(card: &mut YubiKey, slot: SlotId) -> ::yubikey::Result<Option<SlotKey>> {
    let certificate = match piv::attest(card, slot) {
        Ok(certificate) => certificate,
        Err(trouble @ Trouble::PcscError { .. }) => return Err(trouble),
        Err(_) => return Ok(None),
    };
    Ok(Statement::parse(&certificate).and_then(|statement| {
        let (algorithm, key) = public_key::from_spki(statement.public_key())?;
        Some(SlotKey {
            slot,
            algorithm,
            public_key: Some(key),
            pin_policy: statement.pin_policy,
            touch_policy: statement.touch_policy,
            origin: Some(Origin::Generated),
        })
    }))
}

fn certified(card: &mut YubiKey, slot: SlotId) -> ::yubikey::Result<Option<SlotKey>> {
    let certificate = match Certificate::read(card, slot) {
        Ok(certificate) => certificate,
        Err(trouble @ Trouble::PcscError { .. }) => return Err(trouble),
        Err(_) => return Ok(None),
    };
    let key = public_key::from_spki(certificate.cert.tbs_certificate().subject_public_key_info());
    Ok(key.map(|(algorithm, key)| SlotKey {
        slot,
        algorithm,
        public_key: Some(key),
        pin_policy: None,
        touch_policy: None,
        origin: None,
    }))
}

/// As typed after `--algorithm`, and printed.
pub(crate) fn algorithm(algorithm: AlgorithmId) -> &'static str {
    match algorithm {
        AlgorithmId::Rsa1024 => "rsa1024",
        AlgorithmId::Rsa2048 => "rsa2048",
        AlgorithmId::Rsa3072 => "rsa3072",
        AlgorithmId::Rsa4096 => "rsa4096",
        AlgorithmId::EccP256 => "p256",
        AlgorithmId::EccP384 => "p384",
        AlgorithmId::Ed25519 => "ed25519",
        AlgorithmId::X25519 => "x25519",
    }
}

/// As typed after `--pin-policy`, and printed.
pub(crate) fn pin_policy(policy: PinPolicy) -> &'static str {
    match policy {
        PinPolicy::Default => "default",
        PinPolicy::Never => "never",
        PinPolicy::Once => "once",
        PinPolicy::Always => "always",
    }
}

/// As typed after `--touch-policy`, and printed.
pub(crate) fn touch_policy(policy: TouchPolicy) -> &'static str {
    match policy {
        TouchPolicy::Default => "default",
        TouchPolicy::Never => "never",
        TouchPolicy::Always => "always",
        TouchPolicy::Cached => "cached",
    }
}
