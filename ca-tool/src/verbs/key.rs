//! `ca-tool key`: the keys in YubiKeys, and the PIN that guards them.

pub(crate) mod attest;
pub(crate) mod export;
pub(crate) mod generate;
pub(crate) mod list;
pub(crate) mod pin;

use std::path::PathBuf;

use ::yubikey::piv::SlotId;

use crate::attestation::chain::Trust;
use crate::attestation::roots::Roots;
use crate::attestation::statement::Statement;
use crate::backend::yubikey::device::{self, Device};
use crate::backend::yubikey::slot;
use crate::error::{OrSay, Result};
use crate::selector::slot_number;
use crate::setting::Setting;
use crate::talk;

/// Show, make, export and attest keys in YubiKeys
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    List(list::Args),
    Generate(generate::Args),
    Export(export::Args),
    Attest(attest::Args),
    Pin(pin::PinArgs),
    Unblock(pin::UnblockArgs),
}

/// Which YubiKey is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Serial number of the YubiKey, if several are plugged in
    #[arg(long, value_name = "N")]
    pub(crate) serial: Option<u32>,
}

/// Which slot is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Slot {
    /// PIV slot: 9a, 9c, 9d, 9e, 82 to 95
    #[arg(long, value_name = "SLOT", default_value = "9c", value_parser = slot_id)]
    pub(crate) slot: SlotId,
}

/// Whom an attestation is believed from.
#[derive(Debug, clap::Args)]
pub(crate) struct Root {
    /// Believe attestations from this root as well (PEM; repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Vec<PathBuf>,
}

pub(crate) fn run(verb: Verb, setting: &Setting) -> Result<()> {
    match verb {
        Verb::List(_) => list::run(setting),
        Verb::Generate(args) => generate::run(&args, setting),
        Verb::Export(args) => export::run(&args, setting),
        Verb::Attest(args) => attest::run(&args, setting),
        Verb::Pin(args) => pin::change(&args, setting),
        Verb::Unblock(args) => pin::unblock(&args, setting),
    }
}

impl Which {
    pub(crate) fn open(&self) -> Result<Device> {
        device::open(self.serial, |serial| format!("--serial {serial}"))
    }
}

impl Root {
    pub(crate) fn roots(&self) -> Result<Roots> {
        Roots::with(&self.root)
    }
}

pub(crate) fn slot_id(text: &str) -> std::result::Result<SlotId, String> {
    slot_number(text)
        .and_then(|number| SlotId::try_from(number).ok())
        .ok_or_else(|| "the slots for keys are 9a, 9c, 9d, 9e and 82 to 95".to_owned())
}

/// What an attestation says, as printed by `key attest` and `init`.
#[derive(serde::Serialize)]
pub(crate) struct Attested {
    serial: u32,
    slot: String,
    firmware: Option<String>,
    pin_policy: Option<&'static str>,
    touch_policy: Option<&'static str>,
    form_factor: Option<&'static str>,
    trusted: bool,
    root: Option<String>,
}

impl Attested {
    pub(crate) fn new(device: &Device, slot: SlotId, statement: &Statement, trust: &Trust) -> Self {
        Self {
            serial: device.serial(),
            slot: slot::number(slot),
            firmware: statement.firmware(),
            pin_policy: statement.pin_policy.map(slot::pin_policy),
            touch_policy: statement.touch_policy.map(slot::touch_policy),
            form_factor: statement.form_factor(),
            trusted: trust.is_trusted(),
            root: match trust {
                Trust::Yubico(root) | Trust::Named(root) => Some(root.clone()),
                _ => None,
            },
        }
    }

    /// One line: `YubiKey 5001234, firmware 5.4.3, slot 9c, PIN always, touch always, USB-A keychain`.
    pub(crate) fn line(&self) -> String {
        let mut words = vec![format!("YubiKey {}", self.serial)];
        words.extend(self.firmware.as_ref().map(|firmware| format!("firmware {firmware}")));
        words.push(format!("slot {}", self.slot));
        words.extend(self.pin_policy.map(|policy| format!("PIN {policy}")));
        words.extend(self.touch_policy.map(|policy| format!("touch {policy}")));
        words.extend(self.form_factor.map(str::to_owned));
        words.join(", ")
    }
}

/// Prints JSON on stdout.
pub(crate) fn print_json(data: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(data).or_say("The data cannot be written as JSON", "Leave --json out.")?;
    talk::print(text)
}
