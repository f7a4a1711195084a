//! The management key: what a device wants before it makes or overwrites keys.
//!
//! ca-tool makes it at random and keeps it on the device, readable with the PIN alone (`ykman piv access
//! change-management-key --generate --protect` does the same, and the two understand each other). So there is nothing
//! to store and nothing to lose; and whoever has both the device and its PIN could sign whatever they like anyway.

use ::yubikey::piv::{self, ManagementSlotId, SlotAlgorithmId, SlotId};
use ::yubikey::{Error as Trouble, MgmAlgorithmId, MgmKey, YubiKey};
use zeroize::Zeroizing;

use super::device::Device;
use crate::error::{Error, OrSay, Result};
use crate::secret::{Kind, Secrets};

/// Object of PIN-protected data (ykman calls it PivmanProtectedData), and of what it says about itself.
const PROTECTED_DATA: u32 = 0x005f_c109;
const ADMIN_DATA: u32 = 0x005f_ff00;
const TAG_PROTECTED: u8 = 0x88;
const TAG_MANAGEMENT_KEY: u8 = 0x89;
const TAG_FLAGS: u8 = 0x81;
const FLAG_PROTECTED: u8 = 2;

/// Where the management key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the factory's, which everybody knows.
    Default,
    /// On the device, readable with the PIN.
    Protected,
    /// With somebody who has to type it.
    Elsewhere,
}

impl Place {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Protected => "protected by the PIN",
            Self::Elsewhere => "set",
        }
    }
}

/// Finds out by trying the factory's key: there is no counter that it could run down.
pub(crate) fn place(device: &mut Device) -> Result<Place> {
    let default = device.run("looking at its management key", |card| match default_key(card) {
        Ok(key) => match card.authenticate(&key) {
            Ok(()) => Ok(true),
            Err(trouble @ Trouble::PcscError { .. }) => Err(trouble),
            Err(_) => Ok(false),
        },
        Err(trouble) => Err(trouble),
    })?;
    if default {
        return Ok(Place::Default);
    }
    let protected = device.run("looking at its management key", |card| match card.fetch_object(ADMIN_DATA) {
        Ok(data) => Ok(flags(&data).is_some_and(|flags| flags & FLAG_PROTECTED != 0)),
        Err(trouble @ Trouble::PcscError { .. }) => Err(trouble),
        Err(_) => Ok(false),
    })?;
    Ok(if protected { Place::Protected } else { Place::Elsewhere })
}

/// The algorithm; firmware without metadata knows only 3DES.
pub(crate) fn algorithm(card: &mut YubiKey) -> ::yubikey::Result<MgmAlgorithmId> {
    match piv::metadata(card, SlotId::Management(ManagementSlotId::Management)) {
        Ok(piv::SlotMetadata { algorithm: SlotAlgorithmId::Management(algorithm), .. }) => Ok(algorithm),
        Err(trouble @ Trouble::PcscError { .. }) => Err(trouble),
        _ => Ok(MgmAlgorithmId::ThreeDes),
    }
}

/// Authenticates with the factory's key.
pub(crate) fn authenticate_default(device: &mut Device) -> Result<()> {
    device
        .run("authenticating with the default management key", |card| default_key(card).and_then(|key| card.authenticate(&key)))
}

/// Authenticates with the key on the device (the PIN has been verified), or with the one that is asked for.
pub(crate) fn authenticate(device: &mut Device, place: Place, secrets: &Secrets) -> Result<()> {
    match place {
        Place::Default => authenticate_default(device),
        Place::Protected => device.run("reading its management key", |card| {
            let key = MgmKey::get_protected(card)?;
            card.authenticate(&key)
        }),
        Place::Elsewhere => {
            let typed = secrets.ask(Kind::ManagementKey, &format!("Management key of {} (hexadecimal)", device.name()))?;
            let bytes = from_hex(typed.bytes()).ok_or_else(|| {
                Error::new("A management key is written in hexadecimal digits, 48 of them for most.", "Nothing was changed.")
            })?;
            let tried = device.try_run(|card| {
                let algorithm = algorithm(card)?;
                card.authenticate(&MgmKey::from_bytes(bytes.as_slice(), Some(algorithm))?)
            });
            match tried {
                Err(Trouble::AuthenticationError | Trouble::SizeError) => Err(Error::new(
                    format!("This is not the management key of {}.", device.name()),
                    "Look it up where it was noted down. If it is lost, only a reset helps: ca-tool init --reset.",
                )),
                other => other.map_err(|trouble| super::trouble::explain(trouble, &device.name(), "authenticating")),
            }
        }
    }
}

/// Sets a random key and keeps it on the device. The device is authenticated and its PIN verified.
///
/// The new key is written to its place first, and where to look for it: if the YubiKey is pulled out before the change,
/// the old one still works; if after it, the new one can be read.
pub(crate) fn protect(device: &mut Device) -> Result<()> {
    let mut bytes = Zeroizing::new([0; 24]);
    getrandom::fill(&mut *bytes).or_say("The kernel gives no random numbers", "Try again later.")?;
    let algorithm = if device.at_least(5, 7) { MgmAlgorithmId::Aes192 } else { MgmAlgorithmId::ThreeDes };
    device.run("setting its management key", |card| {
        let key = MgmKey::from_bytes(bytes.as_slice(), Some(algorithm))?;
        let flags = card.fetch_object(ADMIN_DATA).ok().and_then(|data| flags(&data)).unwrap_or(0);
        card.save_object(PROTECTED_DATA, &mut protected_data(&bytes))?;
        card.save_object(ADMIN_DATA, &mut [0x80, 3, TAG_FLAGS, 1, flags | FLAG_PROTECTED])?;
        key.set_protected(card)
    })
}

fn protected_data(key: &[u8; 24]) -> Zeroizing<Vec<u8>> {
    let mut data = Zeroizing::new(Vec::with_capacity(28));
    data.extend_from_slice(&[TAG_PROTECTED, 26, TAG_MANAGEMENT_KEY, 24]);
    data.extend_from_slice(key);
    data
}

/// ykman's PivmanData: `80 len { 81 01 flags, … }`.
fn flags(data: &[u8]) -> Option<u8> {
    let [0x80, _, items @ ..] = data else { return None };
    let mut rest = items;
    while let [tag, length, after @ ..] = rest {
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        if *tag == TAG_FLAGS {
            return value.first().copied();
        }
        rest = next;
    }
    None
}

fn default_key(card: &mut YubiKey) -> ::yubikey::Result<MgmKey> {
    const BYTES: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    let algorithm = algorithm(card)?;
    let length = match algorithm {
        MgmAlgorithmId::Aes128 => 16,
        MgmAlgorithmId::ThreeDes | MgmAlgorithmId::Aes192 => 24,
        MgmAlgorithmId::Aes256 => return Err(Trouble::NotSupported),
    };
    MgmKey::from_bytes(BYTES.get(..length).unwrap_or_default(), Some(algorithm))
}

fn from_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    for pair in text.chunks(2) {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_found_behind_other_items_and_not_elsewhere() {
        assert_eq!(flags(&[0x80, 3, 0x81, 1, 2]), Some(2));
        assert_eq!(flags(&[0x80, 6, 0x83, 1, 9, 0x81, 1, 3]), Some(3));
        for data in [&[][..], &[0x80, 3, 0x82, 1, 2], &[0x80, 3, 0x81, 9, 2], &[0x99, 3, 0x81, 1, 2], &[0x80, 2, 0x81, 0]] {
            assert_eq!(flags(data), None, "{data:?}");
        }
    }

    #[test]
    fn hexadecimal_digits_come_in_pairs() {
        assert_eq!(from_hex(b"01fF").unwrap().as_slice(), [1, 255]);
        assert!(from_hex(b"012").is_none() && from_hex(b"0g").is_none() && from_hex(b"+1").is_none());
    }
}
