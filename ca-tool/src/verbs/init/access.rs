//! PUK, PIN and management key: none stays the factory's. Those that are somebody's own already are left alone.

use ::yubikey::Error as Trouble;
use ::yubikey::piv::ManagementSlotId;

use super::NewSecrets;
use crate::backend::yubikey::device::Device;
use crate::backend::yubikey::management::{self, Place};
use crate::backend::yubikey::pin::{self, DEFAULT_PIN, DEFAULT_PUK};
use crate::error::{Error, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;
use crate::verbs::key::pin::explain_puk;

/// Changes what is still the factory's. Afterwards the device is authenticated: keys may be made.
pub(super) fn secure(device: &mut Device, new: &NewSecrets, setting: &Setting) -> Result<()> {
    let pin_is_default = pin_is_default(device, setting)?;
    let puk_is_default = puk_is_default(device, pin_is_default, setting)?;
    let place = management::place(device)?;
    let (puk, pin) = new.get(&device.name(), puk_is_default, pin_is_default, setting)?;

    if let Some(puk) = puk {
        device.try_run(|card| card.change_puk(DEFAULT_PUK, &puk)).map_err(|trouble| not_default(trouble, device))?;
        talk::say("The PUK is set.");
    }
    match pin {
        Some(pin) => {
            device.run("changing its PIN", |card| card.change_pin(DEFAULT_PIN, &pin))?;
            talk::say("The PIN is set.");
            device.run("verifying the PIN", |card| card.verify_pin(&pin))?;
        }
        None if place != Place::Elsewhere => {
            pin::ask(device, setting, "to make it a CA")?;
        }
        None => {}
    }
    if place == Place::Default {
        management::authenticate_default(device)?;
        management::protect(device)?;
        talk::say("The management key is set; it is kept on the YubiKey, for whoever has the PIN.");
        return management::authenticate(device, Place::Protected, &setting.secrets);
    }
    management::authenticate(device, place, &setting.secrets)
}

/// Before firmware 5.3 only a try tells; it is made only while all three are left and nobody gave a PIN.
fn pin_is_default(device: &mut Device, setting: &Setting) -> Result<bool> {
    if let Some(known) = pin::is_default(device)? {
        return Ok(known);
    }
    if setting.secrets.is_ready(Kind::Pin) || pin::tries(device)? < 3 {
        return Ok(false);
    }
    match device.try_run(|card| card.verify_pin(DEFAULT_PIN)) {
        Ok(()) => Ok(true),
        Err(Trouble::WrongPin { .. }) => {
            talk::say("The PIN is not the factory's; one try was spent to find out, and the right one brings it back.");
            Ok(false)
        }
        Err(other) => Err(crate::backend::yubikey::trouble::explain(other, &device.name(), "verifying the PIN")),
    }
}

/// Before firmware 5.3: with the factory's PIN, the factory's PUK as well; with another one, whoever set it is asked.
fn puk_is_default(device: &mut Device, pin_is_default: bool, setting: &Setting) -> Result<bool> {
    if let Some(known) = pin::is_default_reference(device, ManagementSlotId::Puk)? {
        return Ok(known);
    }
    if pin_is_default {
        return Ok(true);
    }
    let prompt = format!("PUK of {} (its firmware does not tell whether it is the factory's)", device.name());
    let puk = setting.secrets.ask(Kind::Puk, &prompt)?;
    if puk.bytes() == DEFAULT_PUK {
        return Ok(true);
    }
    // Changed to itself: it is right, and so it is not the factory's.
    device.try_run(|card| card.change_puk(puk.bytes(), puk.bytes())).map_err(|trouble| explain_puk(trouble, device))?;
    Ok(false)
}

fn not_default(trouble: Trouble, device: &Device) -> Error {
    match trouble {
        Trouble::WrongPin { tries: 1.. } => Error::new(
            format!(
                "The PUK of {} is not the factory's, although its PIN is. Nothing was changed; a PUK that was shown just now is void.",
                device.name()
            ),
            "Set a PIN first: ca-tool key pin. Then run this again; it asks for the PUK.",
        ),
        other => explain_puk(other, device),
    }
}
