//! The PIN: asked for with the tries that are left, checked on the device, never a default one, and never its last try unawares.

use ::yubikey::Error as Trouble;
use ::yubikey::piv::{self, ManagementSlotId, SlotId};
use zeroize::Zeroizing;

use super::device::Device;
use super::trouble;
use crate::error::{Error, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;

/// What every YubiKey has when it leaves the factory.
pub(crate) const DEFAULT_PIN: &[u8] = b"123456";
pub(crate) const DEFAULT_PUK: &[u8] = b"12345678";

/// Kept for one run: a signature under the PIN policy "always" needs it each time. (The driver keeps a copy of its own,
/// which it does not overwrite; harden.rs keeps both out of core dumps and from other programs.)
pub(crate) type Pin = Zeroizing<Vec<u8>>;

/// Asks until the PIN is right; it is verified on the device then. `purpose` ends the prompt: `to sign …`.
///
/// # Errors
/// A default PIN, a blocked one, a last try without `--last-try`, and a wrong one that nobody can type again.
pub(crate) fn ask(device: &mut Device, setting: &Setting, purpose: &str) -> Result<Pin> {
    if is_default(device)? == Some(true) {
        return Err(default_pin(device));
    }
    asked(device, setting, purpose, false)
}

/// The same for who is about to change it: it may be the factory's.
pub(crate) fn ask_even_default(device: &mut Device, setting: &Setting, purpose: &str) -> Result<Pin> {
    asked(device, setting, purpose, true)
}

fn asked(device: &mut Device, setting: &Setting, purpose: &str, even_default: bool) -> Result<Pin> {
    loop {
        let tries = tries(device)?;
        refuse_last_try(device, tries, setting.last_try)?;
        let prompt = format!("PIN of {} ({}) {purpose}", device.name(), tries_left(tries));
        let pin = setting.secrets.ask(Kind::Pin, prompt.trim_end())?;
        if pin.bytes() == DEFAULT_PIN && !even_default {
            return Err(default_pin(device));
        }
        if let Err(error) = check_length(pin.bytes()) {
            if !pin.was_typed() {
                return Err(error);
            }
            talk::say(error);
            continue;
        }
        match device.try_run(|card| card.verify_pin(pin.bytes())) {
            Ok(()) => return Ok(Zeroizing::new(pin.bytes().to_vec())),
            Err(Trouble::WrongPin { tries: left @ 1.. }) if pin.was_typed() => {
                talk::say(format_args!("Wrong PIN: {}.", tries_left(left)));
            }
            Err(Trouble::WrongPin { tries: left @ 1.. }) => return Err(wrong(device, left)),
            Err(other) => return Err(trouble::explain(other, &device.name(), "verifying the PIN")),
        }
    }
}

/// Sends the PIN once more; it was right before.
pub(crate) fn verify_again(device: &mut Device, pin: &Pin) -> Result<()> {
    match device.try_run(|card| card.verify_pin(pin)) {
        Ok(()) => Ok(()),
        Err(Trouble::WrongPin { tries: left @ 1.. }) => Err(wrong(device, left)),
        Err(other) => Err(trouble::explain(other, &device.name(), "verifying the PIN")),
    }
}

/// Whether the PIN is the factory's; `None` before firmware 5.3, which does not tell.
pub(crate) fn is_default(device: &mut Device) -> Result<Option<bool>> {
    is_default_reference(device, ManagementSlotId::Pin)
}

/// The same for PIN, PUK or management key.
pub(crate) fn is_default_reference(device: &mut Device, reference: ManagementSlotId) -> Result<Option<bool>> {
    match device.try_run(|card| piv::metadata(card, SlotId::Management(reference))) {
        Ok(metadata) => Ok(metadata.default),
        Err(trouble @ Trouble::PcscError { .. }) => Err(trouble::explain(trouble, &device.name(), "looking at its PIN")),
        Err(_) => Ok(None),
    }
}

/// How many tries the PIN has left. It is not verified any more afterwards, nor is the management key.
pub(crate) fn tries(device: &mut Device) -> Result<u8> {
    device.run("looking at its PIN", |card| card.get_pin_retries())
}

/// Stops before the last try unless it was said that it may be used.
pub(crate) fn refuse_last_try(device: &Device, tries: u8, last_try: bool) -> Result<()> {
    match tries {
        0 => Err(trouble::blocked(&device.name())),
        1 if !last_try => Err(Error::new(
            format!("The PIN of {} has one try left: if that is wrong too, it is blocked.", device.name()),
            "If you are sure of it, say --last-try. If not, set a new one with the PUK: ca-tool key unblock",
        )),
        _ => Ok(()),
    }
}

pub(crate) fn tries_left(tries: u8) -> String {
    if tries == 1 { "1 try left".into() } else { format!("{tries} tries left") }
}

/// PIV's PINs have six to eight bytes: what has not would be cut or refused by the device, at the price of a try.
fn check_length(pin: &[u8]) -> Result<()> {
    if (6..=8).contains(&pin.len()) {
        return Ok(());
    }
    Err(Error::new("A PIN has six to eight characters.", "It was not sent to the YubiKey: no try was spent."))
}

fn wrong(device: &Device, tries: u8) -> Error {
    Error::new(
        format!("Wrong PIN for {}: {}.", device.name(), tries_left(tries)),
        "Look up the right one before you try again; ca-tool key unblock sets a new one with the PUK.",
    )
}

fn default_pin(device: &Device) -> Error {
    Error::new(
        format!("The PIN of {} is the factory's: everybody knows it.", device.name()),
        "Set one of your own: ca-tool key pin, or ca-tool init for a new CA.",
    )
}
