//! `--reset`: PIV as it left the factory. The device allows it only when PIN and PUK are blocked, so both are blocked first.

use ::yubikey::Error as Trouble;

use super::question;
use crate::backend::yubikey::device::Device;
use crate::backend::yubikey::trouble;
use crate::error::{Error, OrSay, Result};
use crate::talk;

/// More tries than can be configured.
const MAX_TRIES: usize = 256;

pub(super) fn reset(device: &mut Device, yes: bool) -> Result<()> {
    let name = device.name();
    if !yes {
        confirm(device)?;
    }
    until_blocked(device, |card, wrong| card.verify_pin(wrong))?;
    until_blocked(device, |card, wrong| card.change_puk(wrong, wrong))?;
    device.run("resetting it", |card| card.reset_device())?;
    talk::say(format_args!("{name} is reset."));
    Ok(())
}

fn confirm(device: &Device) -> Result<()> {
    if !question::somebody_is_there() {
        return Err(Error::usage("Nobody can be asked whether the reset is meant.", "Say so with --yes."));
    }
    talk::warn(format_args!("All PIV keys and certificates of {} are destroyed by the reset.", device.name()));
    let typed = question::ask("Type its serial number to go on")?;
    if typed == device.serial().to_string() {
        return Ok(());
    }
    Err(Error::new(format!("That is not {}.", device.serial()), "Nothing was changed."))
}

/// Wrong on purpose: eight random bytes that nobody can type.
fn until_blocked(device: &mut Device, attempt: impl Fn(&mut ::yubikey::YubiKey, &[u8]) -> ::yubikey::Result<()>) -> Result<()> {
    let mut wrong = [0; 8];
    for _ in 0..MAX_TRIES {
        getrandom::fill(&mut wrong).or_say("The kernel gives no random numbers", "Try again later.")?;
        wrong.iter_mut().for_each(|byte| *byte |= 0x80);
        match device.try_run(|card| attempt(card, &wrong)) {
            Err(Trouble::WrongPin { tries: 0 } | Trouble::PinLocked) => return Ok(()),
            Ok(()) | Err(Trouble::WrongPin { .. } | Trouble::GenericError) => {}
            Err(other) => return Err(trouble::explain(other, &device.name(), "resetting it")),
        }
    }
    Err(Error::new(format!("{} cannot be reset.", device.name()), "Its PIN cannot be blocked: try `ykman piv reset`."))
}
