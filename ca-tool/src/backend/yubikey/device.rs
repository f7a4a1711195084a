//! Finding YubiKeys, opening the one that is meant, and running commands on it.

use ::yubikey::{Context, Error as Trouble, Serial, Version, YubiKey};
use pcsc::{Disposition, Error as Pcsc};

use super::trouble;
use crate::error::{Error, Result};

/// A YubiKey that is open: its PIV application is selected. Closing it resets the card, so that no PIN stays verified.
pub(crate) struct Device {
    card: YubiKey,
}

/// What a reader holds: a YubiKey, or why it could not be opened.
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) device: std::result::Result<Device, Trouble>,
}

impl Device {
    /// The number printed on the device.
    pub(crate) fn serial(&self) -> u32 {
        self.card.serial().0
    }

    pub(crate) fn firmware(&self) -> Version {
        self.card.version()
    }

    /// As it is called in sentences.
    pub(crate) fn name(&self) -> String {
        format!("YubiKey {}", self.serial())
    }

    /// Whether the firmware is at least this: GET METADATA came with 5.3.
    pub(crate) fn at_least(&self, major: u8, minor: u8) -> bool {
        self.card.version() >= Version { major, minor, patch: 0 }
    }

    /// Runs a command; a second time when another program has reset the card in between.
    /// `doing` is what a person wanted, as in "signing".
    pub(crate) fn run<T>(&mut self, doing: &str, command: impl FnMut(&mut YubiKey) -> ::yubikey::Result<T>) -> Result<T> {
        self.try_run(command).map_err(|trouble| trouble::explain(trouble, &self.name(), doing))
    }

    /// The same for who knows more about what went wrong.
    pub(crate) fn try_run<T>(&mut self, mut command: impl FnMut(&mut YubiKey) -> ::yubikey::Result<T>) -> ::yubikey::Result<T> {
        match command(&mut self.card) {
            Err(Trouble::PcscError { inner: Some(Pcsc::ResetCard | Pcsc::UnpoweredCard) }) => {
                self.card.reconnect()?;
                command(&mut self.card)
            }
            other => other,
        }
    }

    /// Closes it as it was found, for those that turn out not to be meant.
    fn leave(self) {
        let _ = self.card.disconnect(Disposition::LeaveCard);
    }
}

/// Every reader there is.
pub(crate) fn readers() -> Result<Vec<Reader>> {
    let service = |trouble| trouble::explain(trouble, "The smart card service", "listing readers");
    let mut context = Context::open().map_err(service)?;
    let readers = match context.iter() {
        Ok(readers) => readers,
        Err(Trouble::PcscError { inner: Some(Pcsc::NoReadersAvailable) }) => return Ok(Vec::new()),
        Err(trouble) => return Err(service(trouble)),
    };
    Ok(readers
        .map(|reader| Reader { name: reader.name().into_owned(), device: reader.open().map(|card| Device { card }) })
        .collect())
}

/// Opens the YubiKey with this serial number, or the only one. With several, none is guessed at: `how_to_say` turns a
/// serial number into what has to be typed.
pub(crate) fn open(serial: Option<u32>, how_to_say: impl Fn(u32) -> String) -> Result<Device> {
    let (mut found, mut in_use) = (Vec::new(), false);
    for reader in readers()? {
        match reader.device {
            Ok(device) => found.push(device),
            Err(Trouble::PcscError { inner: Some(Pcsc::SharingViolation) }) => in_use = true,
            Err(_) => {} // another card, or none
        }
    }
    let list = found.iter().map(|device| format!("{} (firmware {})", device.serial(), device.firmware())).collect::<Vec<_>>();
    let said = found.iter().map(|device| how_to_say(device.serial())).collect::<Vec<_>>();
    let meant = |device: &Device| serial.is_none_or(|serial| device.card.serial() == Serial(serial));
    let (mut meant, others): (Vec<_>, Vec<_>) = found.into_iter().partition(meant);
    others.into_iter().for_each(Device::leave);
    match (meant.pop(), meant.is_empty()) {
        (Some(device), true) => Ok(device),
        (Some(device), false) => {
            meant.into_iter().chain([device]).for_each(Device::leave);
            Err(Error::new(
                format!("{} YubiKeys are plugged in: {}.", list.len(), list.join(", ")),
                format!("Say which: {}", said.join(" or ")),
            ))
        }
        (None, _) => Err(none(serial, &list, in_use)),
    }
}

fn none(serial: Option<u32>, list: &[String], in_use: bool) -> Error {
    if in_use {
        return trouble::explain(
            Trouble::PcscError { inner: Some(Pcsc::SharingViolation) },
            "A YubiKey that is plugged in",
            "opening it",
        );
    }
    let advice = "Plug it in; `ca-tool key list` shows every reader.";
    match serial {
        Some(serial) if list.is_empty() => Error::new(format!("YubiKey {serial} is not plugged in, nor any other."), advice),
        Some(serial) => Error::new(format!("YubiKey {serial} is not plugged in, but {}.", list.join(", ")), advice),
        None => Error::new("No YubiKey is plugged in.", advice),
    }
}
