//! `ca-tool key pin` and `key unblock`: a new PIN, by the old one or by the PUK.

use ::yubikey::Error as Trouble;

use super::Which;
use crate::backend::yubikey::device::Device;
use crate::backend::yubikey::{new_secret, pin, trouble};
use crate::error::{Error, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;

/// Set a new PIN, with the old one
#[derive(Debug, clap::Args)]
pub(crate) struct PinArgs {
    #[command(flatten)]
    which: Which,
}

/// Set a new PIN with the PUK, when the PIN is blocked or forgotten
#[derive(Debug, clap::Args)]
pub(crate) struct UnblockArgs {
    #[command(flatten)]
    which: Which,
}

pub(super) fn change(args: &PinArgs, setting: &Setting) -> Result<()> {
    let mut device = args.which.open()?;
    let name = device.name();
    let old = match pin::is_default(&mut device)? {
        Some(true) => {
            talk::warn(format_args!("The PIN of {name} is the factory's."));
            zeroize::Zeroizing::new(pin::DEFAULT_PIN.to_vec())
        }
        _ => pin::ask_even_default(&mut device, setting, "to change it")?,
    };
    let new = new_secret::ask(setting, Kind::NewPin, &name)?;
    device.run("changing its PIN", |card| card.change_pin(&old, &new))?;
    talk::say(format_args!("{name} has a new PIN."));
    Ok(())
}

pub(super) fn unblock(args: &UnblockArgs, setting: &Setting) -> Result<()> {
    let mut device = args.which.open()?;
    let name = device.name();
    let puk = setting.secrets.ask(Kind::Puk, &format!("PUK of {name}"))?;
    if !(6..=8).contains(&puk.bytes().len()) {
        return Err(Error::new("A PUK has six to eight characters.", "It was not sent to the YubiKey: no try was spent."));
    }
    let new = new_secret::ask(setting, Kind::NewPin, &name)?;
    match device.try_run(|card| card.unblock_pin(puk.bytes(), &new)) {
        Ok(()) => talk::say(format_args!("{name} has a new PIN, with all its tries.")),
        Err(trouble) => return Err(explain_puk(trouble, &device)),
    }
    if puk.bytes() == pin::DEFAULT_PUK {
        talk::warn(format_args!(
            "The PUK of {name} is the factory's: whoever finds it can set a PIN. ca-tool init sets a new one."
        ));
    }
    Ok(())
}

/// A refusal of the PUK, told from one of the PIN.
pub(crate) fn explain_puk(trouble: Trouble, device: &Device) -> Error {
    let name = device.name();
    match trouble {
        Trouble::PinLocked | Trouble::WrongPin { tries: 0 } => Error::new(
            format!("The PUK of {name} is blocked."),
            "Only a reset is left, which destroys the keys: ca-tool init --reset",
        ),
        Trouble::WrongPin { tries } => Error::new(
            format!("Wrong PUK for {name}: {}.", pin::tries_left(tries)),
            "Look up the right one before you try again.",
        ),
        other => trouble::explain(other, &name, "setting its PIN"),
    }
}
