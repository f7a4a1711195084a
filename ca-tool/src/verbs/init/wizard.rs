//! What a person is asked who typed `ca-tool init` and nothing else.

use ::yubikey::piv::SlotId;
use clap::ValueEnum;

use super::question::{ask, choose};
use super::{NewSecrets, Plan};
use crate::backend::yubikey::device::{self, Device};
use crate::error::{Error, Result};
use crate::talk;
use crate::verbs::key::generate::{Algorithm, Kind, Pin, Touch};
use crate::verbs::key::{Which, slot_id};

/// The YubiKey that is meant; asked for only if there are several.
pub(super) fn device(which: &Which) -> Result<Device> {
    if which.serial.is_some() {
        return which.open();
    }
    let mut found = device::readers()?.into_iter().filter_map(|reader| reader.device.ok()).collect::<Vec<_>>();
    if found.len() < 2 {
        drop(found);
        return which.open();
    }
    for device in &found {
        talk::say(format_args!("{}, firmware {}", device.name(), device.firmware()));
    }
    loop {
        let answer = ask("Serial number of the one that becomes a CA")?;
        if let Some(place) = found.iter().position(|device| device.serial().to_string() == answer) {
            return Ok(found.swap_remove(place));
        }
    }
}

pub(super) fn plan(device: &Device) -> Result<Plan> {
    talk::say(format_args!(
        "{} (firmware {}) becomes a CA. Enter takes what stands in brackets.",
        device.name(),
        device.firmware()
    ));
    let slot = slot()?;
    let algorithms: &[&str] = match device.at_least(5, 7) {
        true => &["p384", "p256", "ed25519", "rsa2048", "rsa3072", "rsa4096"],
        false => &["p384", "p256", "rsa2048"],
    };
    let kind = Kind {
        algorithm: value::<Algorithm>("Type of the key", algorithms)?,
        pin_policy: value::<Pin>("PIN before a signature", &["always", "once", "never"])?,
        touch_policy: value::<Touch>("Touch for a signature", &["always", "cached", "never"])?,
    };
    let secrets = match choose(
        "PIN and PUK that are still the factory's: type new ones, or have them drawn at random",
        &["type", "random"],
    )? {
        word if word == "random" => NewSecrets::Shown,
        _ => NewSecrets::Asked,
    };
    match choose("Make it a CA now", &["yes", "no"])?.as_str() {
        "yes" => Ok(Plan { slot, kind, secrets }),
        _ => Err(Error::new("Cancelled.", "Nothing was changed.")),
    }
}

fn slot() -> Result<SlotId> {
    loop {
        let answer = ask("Slot [9c]")?;
        if answer.is_empty() {
            return Ok(SlotId::Signature);
        }
        match slot_id(&answer) {
            Ok(slot) => return Ok(slot),
            Err(why) => talk::say(why),
        }
    }
}

fn value<T: ValueEnum>(question: &str, choices: &[&str]) -> Result<T> {
    T::from_str(&choose(question, choices)?, true).map_err(|why| Error::new(why, "Run it again."))
}
