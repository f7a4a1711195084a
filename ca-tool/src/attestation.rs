//! Attestation: a device's own word, signed by its maker, that it made a key and keeps it under these policies
//! (<https://developers.yubico.com/PIV/Introduction/PIV_attestation.html>).
//!
//! ```text
//! statement   what the certificate from ATTEST says    chain   whether it leads to a root    roots   Yubico's
//! ```

pub(crate) mod chain;
pub(crate) mod roots;
pub(crate) mod statement;
#[cfg(test)]
mod tests;

use ::yubikey::piv::{self, SlotId};
use ::yubikey::{Certificate, Error as Trouble};
use ssh_key::public::KeyData;
use x509_cert::der::Encode;

use crate::backend::yubikey::device::Device;
use crate::backend::yubikey::{public_key, slot, trouble};
use crate::error::{Error, OrSay, Result};
use chain::{Link, Trust};
use roots::Roots;
use statement::Statement;

/// An attestation, read from the device and judged.
pub(crate) struct Attestation {
    pub(crate) statement: Statement,
    pub(crate) trust: Trust,
}

/// Has the device attest the key in the slot. The public key is compared with `expected`, the serial number with the device's.
///
/// # Errors
/// When there is no attestation, or it is about something else. One that nobody vouches for is no error: see `trust`.
pub(crate) fn attest(device: &mut Device, slot: SlotId, expected: &KeyData, roots: &Roots) -> Result<Attestation> {
    let name = device.name();
    let leaf = device.try_run(|card| piv::attest(card, slot)).map_err(|trouble| {
        unless_pulled_out(trouble, &name, || {
            Error::new(
                format!("{name} does not attest the key in slot {}.", slot::number(slot)),
                "It attests only keys that were made on it, from firmware 4.3 on; an imported key has copies elsewhere.",
            )
        })
    })?;
    let device_certificate = device.try_run(|card| Certificate::read(card, SlotId::Attestation)).map_err(|trouble| {
        unless_pulled_out(trouble, &name, || {
            Error::new(
                format!("{name} has no attestation certificate in slot f9."),
                "It was overwritten, and cannot be had back: use another YubiKey.",
            )
        })
    })?;
    let device_certificate = device_certificate.cert.to_der().or_say("The certificate in slot f9 cannot be written", DEFECT)?;
    let statement = Statement::parse(&leaf).ok_or_else(|| {
        Error::new(format!("The attestation from {name} is not understood."), "Please report it, with the firmware.")
    })?;
    refuse_another(&statement, expected, device.serial(), slot)?;
    let trust = match (Link::parse(&leaf), Link::parse(&device_certificate)) {
        (Some(leaf), Some(device_certificate)) => chain::judge(&leaf, &device_certificate, roots),
        _ => Trust::Malformed,
    };
    Ok(Attestation { statement, trust })
}

/// An attestation that is about another key or another device proves nothing of this one. Some firmware tells no serial number.
fn refuse_another(statement: &Statement, expected: &KeyData, serial: u32, slot: SlotId) -> Result<()> {
    let advice = "It is not what it says it is: do not use it as a CA.";
    if public_key::from_spki(statement.public_key()).is_none_or(|(_, key)| key != *expected) {
        let slot = slot::number(slot);
        return Err(Error::new(format!("YubiKey {serial} attests another key than the one in slot {slot}."), advice));
    }
    match statement.serial {
        Some(other) if other != serial => {
            Err(Error::new(format!("YubiKey {serial} shows an attestation of YubiKey {other}."), advice))
        }
        _ => Ok(()),
    }
}

/// The reason that is meant, unless the card is simply gone.
fn unless_pulled_out(trouble: Trouble, device: &str, meant: impl FnOnce() -> Error) -> Error {
    match trouble {
        Trouble::PcscError { .. } => trouble::explain(trouble, device, "attesting the key"),
        _ => meant(),
    }
}

const DEFECT: &str = "This is a defect: please report it.";
