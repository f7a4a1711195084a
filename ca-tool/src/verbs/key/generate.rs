//! `ca-tool key generate`: a new key, made on the device.

use ::yubikey::piv::{self, AlgorithmId, SlotId};
use ::yubikey::{PinPolicy, TouchPolicy};
use clap::ValueEnum;

use super::{Slot, Which, export};
use crate::backend::yubikey::device::Device;
use crate::backend::yubikey::management::{self, Place};
use crate::backend::yubikey::{self, pin, slot};
use crate::error::{Error, Result};
use crate::setting::Setting;
use crate::talk;

/// Make a key on a YubiKey that has a PIN and a management key of its own
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    slot: Slot,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    kind: Kind,
    /// Overwrite the key that the slot holds
    #[arg(long)]
    force: bool,
}

/// What key is made.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Kind {
    /// Type of the key; ed25519, rsa3072 and rsa4096 need firmware 5.7
    #[arg(long, value_enum, default_value = "p384")]
    pub(crate) algorithm: Algorithm,
    /// When the PIN is wanted: before each signature, once a session, or never
    #[arg(long, value_enum, default_value = "always")]
    pub(crate) pin_policy: Pin,
    /// When a touch is wanted: for each signature, once in 15 seconds, or never
    #[arg(long, value_enum, default_value = "always")]
    pub(crate) touch_policy: Touch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    P256,
    P384,
    Ed25519,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pin {
    Always,
    Once,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Touch {
    Always,
    Cached,
    Never,
}

pub(super) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let mut device = args.which.open()?;
    refuse_firmware(&device, args.kind.algorithm)?;
    refuse_overwriting(&mut device, args.slot.slot, args.force)?;
    let place = management::place(&mut device)?;
    if place == Place::Default || pin::is_default(&mut device)? == Some(true) {
        return Err(Error::new(
            format!("{} still has its factory PIN or management key.", device.name()),
            "ca-tool init sets new ones and makes the key.",
        ));
    }
    if place == Place::Protected {
        pin::ask(&mut device, setting, "to make a key")?;
    }
    management::authenticate(&mut device, place, &setting.secrets)?;
    generate(&mut device, args.slot.slot, args.kind)?;
    let key = yubikey::key_in(&mut device, args.slot.slot)?;
    export::print(&device, args.slot.slot, &yubikey::public_key(&device, &key)?, None, setting)
}

/// A slot that holds a key is not overwritten unawares: every certificate of that CA would lose its CA.
pub(crate) fn refuse_overwriting(device: &mut Device, slot: SlotId, force: bool) -> Result<()> {
    let held = device.run("looking at its keys", |card| slot::read(card, slot))?;
    match held {
        Some(_) if !force => Err(Error::new(
            format!("Slot {} of {} holds a key, which would be lost for ever.", slot::number(slot), device.name()),
            "Name another slot with --slot, or overwrite it with --force.",
        )),
        None if !device.at_least(5, 3) && !force => {
            talk::warn(
                "Firmware before 5.3 does not show an imported key that has no certificate: such a one will be overwritten.",
            );
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Refuses what the device would refuse, but before anything is changed.
pub(crate) fn refuse_firmware(device: &Device, algorithm: Algorithm) -> Result<()> {
    let new = matches!(algorithm, Algorithm::Ed25519 | Algorithm::Rsa3072 | Algorithm::Rsa4096);
    if new && !device.at_least(5, 7) {
        return Err(Error::new(
            format!("{} has firmware {}, which has no {}.", device.name(), device.firmware(), slot::algorithm(algorithm.piv())),
            "Firmware 5.7 has it, and none can be updated. P-384 works on all: --algorithm p384",
        ));
    }
    Ok(())
}

/// Makes the key; the device is authenticated.
pub(crate) fn generate(device: &mut Device, slot: SlotId, kind: Kind) -> Result<()> {
    if matches!(kind.algorithm, Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096) {
        talk::say("An RSA key takes the YubiKey a while, some minutes for a long one.");
    }
    device.run("making the key", |card| {
        piv::generate(card, slot, kind.algorithm.piv(), kind.pin_policy.piv(), kind.touch_policy.piv()).map(drop)
    })
}

impl Algorithm {
    fn piv(self) -> AlgorithmId {
        match self {
            Self::P256 => AlgorithmId::EccP256,
            Self::P384 => AlgorithmId::EccP384,
            Self::Ed25519 => AlgorithmId::Ed25519,
            Self::Rsa2048 => AlgorithmId::Rsa2048,
            Self::Rsa3072 => AlgorithmId::Rsa3072,
            Self::Rsa4096 => AlgorithmId::Rsa4096,
        }
    }
}

impl Pin {
    fn piv(self) -> PinPolicy {
        match self {
            Self::Always => PinPolicy::Always,
            Self::Once => PinPolicy::Once,
            Self::Never => PinPolicy::Never,
        }
    }
}

impl Touch {
    fn piv(self) -> TouchPolicy {
        match self {
            Self::Always => TouchPolicy::Always,
            Self::Cached => TouchPolicy::Cached,
            Self::Never => TouchPolicy::Never,
        }
    }
}
