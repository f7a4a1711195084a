//! `ca-tool key list`: every reader, and what its YubiKey holds.

use ::yubikey::Error as Trouble;
use ::yubikey::piv::{self, ManagementSlotId, Origin, SlotId};
use serde::Serialize;
use ssh_key::HashAlg;

use super::print_json;
use crate::backend::yubikey::device::{self, Device, Reader};
use crate::backend::yubikey::management::{self, Place};
use crate::backend::yubikey::slot::{self, SlotKey};
use crate::backend::yubikey::{pin, trouble};
use crate::error::Result;
use crate::setting::Setting;
use crate::talk::{self, Paint};

/// Show readers, YubiKeys and their keys
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// What `--json` prints, one for each reader. `null` is what the firmware does not tell.
#[derive(Serialize)]
pub(crate) struct Listed {
    pub(crate) reader: String,
    /// Why nothing more is known.
    pub(crate) problem: Option<String>,
    pub(crate) yubikey: Option<YubiKey>,
}

#[derive(Serialize)]
pub(crate) struct YubiKey {
    pub(crate) serial: u32,
    pub(crate) firmware: String,
    pub(crate) pin_tries: u8,
    pub(crate) puk_tries: Option<u8>,
    pub(crate) default_pin: Option<bool>,
    pub(crate) default_puk: Option<bool>,
    pub(crate) default_management_key: bool,
    pub(crate) management_key: &'static str,
    pub(crate) slots: Vec<Slot>,
}

#[derive(Serialize)]
pub(crate) struct Slot {
    pub(crate) slot: String,
    pub(crate) algorithm: &'static str,
    pub(crate) origin: Option<&'static str>,
    pub(crate) pin_policy: &'static str,
    pub(crate) touch_policy: Option<&'static str>,
    pub(crate) fingerprint: Option<String>,
    pub(crate) public_key: Option<String>,
}

pub(super) fn run(setting: &Setting) -> Result<()> {
    let listed = all()?;
    if setting.json {
        return print_json(&listed);
    }
    if listed.is_empty() {
        talk::say("No reader, and so no YubiKey, is plugged in.");
    }
    listed.iter().try_for_each(print)
}

/// Every reader there is, and what it holds.
pub(crate) fn all() -> Result<Vec<Listed>> {
    Ok(device::readers()?.into_iter().map(look).collect())
}

fn look(reader: Reader) -> Listed {
    let (problem, yubikey) = match reader.device {
        Ok(mut device) => match yubikey(&mut device) {
            Ok(yubikey) => (None, Some(yubikey)),
            Err(error) => (Some(error.to_string()), None),
        },
        Err(Trouble::PcscError { inner: Some(pcsc::Error::NoSmartcard | pcsc::Error::RemovedCard) }) => {
            (Some("no card in it".into()), None)
        }
        Err(Trouble::AppletNotFound { .. } | Trouble::NotSupported | Trouble::GenericError) => {
            (Some("not a YubiKey with PIV that this program knows".into()), None)
        }
        Err(other) => (Some(trouble::explain(other, "Its card", "opening it").to_string()), None),
    };
    Listed { reader: reader.name, problem, yubikey }
}

fn yubikey(device: &mut Device) -> Result<YubiKey> {
    let mut slots = Vec::new();
    for slot in slot::slots() {
        if let Some(key) = device.run("looking at its keys", |card| slot::read(card, slot))? {
            slots.push(listed_slot(device, &key));
        }
    }
    let place = management::place(device)?;
    Ok(YubiKey {
        serial: device.serial(),
        firmware: device.firmware().to_string(),
        default_pin: pin::is_default(device)?,
        default_puk: pin::is_default_reference(device, ManagementSlotId::Puk)?,
        puk_tries: puk_tries(device),
        default_management_key: place == Place::Default,
        management_key: place.in_words(),
        slots,
        pin_tries: pin::tries(device)?,
    })
}

fn puk_tries(device: &mut Device) -> Option<u8> {
    let metadata = device.try_run(|card| piv::metadata(card, SlotId::Management(ManagementSlotId::Puk))).ok()?;
    metadata.retries.map(|retries| retries.remaining_count)
}

fn listed_slot(device: &Device, key: &SlotKey) -> Slot {
    let public_key = key.public_key.clone().map(|data| ssh_key::PublicKey::new(data, format!("Y{}", device.serial())));
    Slot {
        slot: slot::number(key.slot),
        algorithm: slot::algorithm(key.algorithm),
        origin: key.origin.map(|origin| match origin {
            Origin::Generated => "generated",
            Origin::Imported => "imported",
        }),
        pin_policy: slot::pin_policy(key.pin_policy()),
        touch_policy: key.touch_policy.map(slot::touch_policy),
        fingerprint: public_key.as_ref().map(|key| key.fingerprint(HashAlg::Sha256).to_string()),
        public_key: public_key.and_then(|key| key.to_openssh().ok()),
    }
}

fn print(listed: &Listed) -> Result<()> {
    let Some(yubikey) = &listed.yubikey else {
        return talk::print(format_args!("{}: {}", listed.reader, listed.problem.as_deref().unwrap_or("nothing in it")));
    };
    talk::print(format_args!("YubiKey {}, firmware {}, in {}", yubikey.serial, yubikey.firmware, listed.reader))?;
    let puk = yubikey.puk_tries.map(|tries| format!(", PUK {}", pin::tries_left(tries))).unwrap_or_default();
    talk::print(format_args!("  PIN {}{puk}, management key {}", pin::tries_left(yubikey.pin_tries), yubikey.management_key))?;
    for slot in &yubikey.slots {
        talk::print(format_args!(
            "  {}  {:<8}  {:<9}  PIN {:<6}  touch {:<6}  {}",
            slot.slot,
            slot.algorithm,
            slot.origin.unwrap_or("-"),
            slot.pin_policy,
            slot.touch_policy.unwrap_or("-"),
            slot.fingerprint.as_deref().unwrap_or("-"),
        ))?;
    }
    if yubikey.slots.is_empty() {
        talk::print("  no keys")?;
    }
    warn(yubikey);
    Ok(())
}

/// What everybody knows protects nothing.
fn warn(yubikey: &YubiKey) {
    let defaults = [
        (yubikey.default_pin == Some(true), "PIN"),
        (yubikey.default_puk == Some(true), "PUK"),
        (yubikey.default_management_key, "management key"),
    ];
    let known: Vec<_> = defaults.into_iter().filter_map(|(default, name)| default.then_some(name)).collect();
    if !known.is_empty() {
        talk::warn(format_args!(
            "YubiKey {} has the factory's {}: {}",
            yubikey.serial,
            known.join(", "),
            Paint::Yellow.on("ca-tool init sets new ones.")
        ));
    }
    if yubikey.pin_tries == 0 {
        talk::warn(format_args!("The PIN of YubiKey {} is blocked: ca-tool key unblock", yubikey.serial));
    }
}
