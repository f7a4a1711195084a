//! A CA in a PIV slot of a YubiKey.
//!
//! ```text
//! device      finding, opening, running a command    slot         what a slot holds
//! pin         asked once a run, tries counted        management   the management key
//! new_secret  new PINs and PUKs                      trouble      errors, for a person
//! signature   what is signed, as PIV and as SSH      public_key   X.509's way to write a key, as SSH's
//! ```

pub(crate) mod device;
pub(crate) mod management;
pub(crate) mod new_secret;
pub(crate) mod pin;
pub(crate) mod public_key;
mod signature;
pub(crate) mod slot;
pub(crate) mod trouble;

use std::time::{Duration, Instant};

use ::yubikey::piv::{self, SlotId};
use ::yubikey::{Error as Trouble, PinPolicy, TouchPolicy};
use ssh_key::PublicKey;

use super::CaSigner;
use crate::error::{Error, Result};
use crate::setting::Setting;
use crate::talk;
use device::Device;
use pin::Pin;
use slot::SlotKey;

/// A touch counts for fifteen seconds under the policy "cached"; a prompt too many does no harm, one too few does.
const TOUCH_CACHED: Duration = Duration::from_secs(10);

struct YubiKeySigner<'s> {
    device: Device,
    key: SlotKey,
    public_key: PublicKey,
    setting: &'s Setting,
    pin: Option<Pin>,
    touched: Option<Instant>,
}

/// Opens the slot of the YubiKey with this serial number, or of the only one. The PIN is asked for at the first signature.
pub(super) fn open(number: u8, serial: Option<u32>, setting: &Setting) -> Result<Box<dyn CaSigner + '_>> {
    let slot = slot_id(number)?;
    let mut device = device::open(serial, |serial| format!("-s 'yubikey:slot={number:02x};serial={serial}'"))?;
    let key = key_in(&mut device, slot)?;
    let public_key = public_key(&device, &key)?;
    Ok(Box::new(YubiKeySigner { device, key, public_key, setting, pin: None, touched: None }))
}

/// PIV's name for a slot's number.
pub(crate) fn slot_id(number: u8) -> Result<SlotId> {
    SlotId::try_from(number)
        .map_err(|_| Error::usage(format!("{number:02x} is no slot for keys."), "The slots are 9a, 9c, 9d, 9e and 82 to 95."))
}

/// The key in the slot, which has to hold one.
pub(crate) fn key_in(device: &mut Device, slot: SlotId) -> Result<SlotKey> {
    device.run("looking at its keys", |card| slot::read(card, slot))?.ok_or_else(|| {
        let advice = match device.at_least(5, 3) {
            true => "ca-tool key list shows what it holds; ca-tool init makes a CA of it.",
            false => "Firmware before 5.3 shows an imported key only by its certificate: import that too. ca-tool init makes a new CA.",
        };
        Error::new(format!("Slot {} of {} holds no key.", slot::number(slot), device.name()), advice)
    })
}

/// As it goes into TrustedUserCAKeys: the comment is `Y` and the serial number.
pub(crate) fn public_key(device: &Device, key: &SlotKey) -> Result<PublicKey> {
    let data = key.public_key.clone().ok_or_else(|| {
        Error::new(
            format!("The key in slot {} of {} is of a type that SSH does not know.", slot::number(key.slot), device.name()),
            "Use a P-384 key: ca-tool key generate makes one.",
        )
    })?;
    Ok(PublicKey::new(data, format!("Y{}", device.serial())))
}

impl CaSigner for YubiKeySigner<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&mut self, message: &[u8], what: &str) -> Result<Vec<u8>> {
        let input = signature::input(self.key.algorithm, message)?;
        let raw = match self.attempt(&input, what)? {
            Attempt::Signed(raw) => raw,
            // Another program may have selected another application after the PIN was verified.
            Attempt::NotAllowed if !self.may_want_touch() => match self.attempt(&input, what)? {
                Attempt::Signed(raw) => raw,
                Attempt::NotAllowed => {
                    return Err(trouble::explain(Trouble::AuthenticationError, &self.device.name(), "signing"));
                }
            },
            Attempt::NotAllowed => return Err(not_touched(&self.device)),
        };
        self.touched = Some(Instant::now());
        signature::blob(self.key.algorithm, &raw)
    }
}

enum Attempt {
    Signed(Vec<u8>),
    /// PIN not verified, or the touch did not come: PIV has one status word for both.
    NotAllowed,
}

impl YubiKeySigner<'_> {
    fn attempt(&mut self, input: &[u8], what: &str) -> Result<Attempt> {
        self.verify_pin(what)?;
        self.ask_for_touch(what);
        let (pin, slot, algorithm) = (&self.pin, self.key.slot, self.key.algorithm);
        let mut first = true;
        let signed = self.device.try_run(|card| {
            if !std::mem::take(&mut first) {
                // The card was reset in between, and has forgotten the PIN.
                pin.as_ref().map_or(Ok(()), |pin| card.verify_pin(pin))?;
            }
            piv::sign_data(card, input, algorithm, slot)
        });
        match signed {
            Ok(raw) => Ok(Attempt::Signed(raw.to_vec())),
            Err(Trouble::AuthenticationError) => Ok(Attempt::NotAllowed),
            Err(trouble) => Err(trouble::explain(trouble, &self.device.name(), "signing")),
        }
    }

    /// Under "always" right before each signature, under "once" as well: another program may have used the card since.
    fn verify_pin(&mut self, what: &str) -> Result<()> {
        if self.key.pin_policy() == PinPolicy::Never {
            return Ok(());
        }
        match &self.pin {
            Some(pin) => pin::verify_again(&mut self.device, pin),
            None => {
                self.pin = Some(pin::ask(&mut self.device, self.setting, &format!("to sign {what}"))?);
                Ok(())
            }
        }
    }

    fn may_want_touch(&self) -> bool {
        self.key.touch_policy != Some(TouchPolicy::Never)
    }

    fn ask_for_touch(&self, what: &str) {
        let name = self.device.name();
        match self.key.touch_policy {
            Some(TouchPolicy::Never) => {}
            Some(TouchPolicy::Cached) if self.touched.is_some_and(|touched| touched.elapsed() < TOUCH_CACHED) => {}
            Some(TouchPolicy::Always | TouchPolicy::Cached) => talk::say(format_args!("Touch {name} to sign {what}")),
            Some(TouchPolicy::Default) | None => talk::say(format_args!("Touch {name} if it blinks, to sign {what}")),
        }
    }
}

fn not_touched(device: &Device) -> Error {
    Error::new(
        format!("{} was not touched in time. Nothing was signed.", device.name()),
        "Try again, and touch it while it blinks.",
    )
}
