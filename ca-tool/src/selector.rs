//! Which CA is meant, as typed after `-s`: a path, `agent:`, `yubikey:`, `pkcs11:`, or a name from the configuration.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// Where a CA's key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CaSelector {
    /// A private key file, plain or of a security key.
    File(PathBuf),
    /// `agent:SHA256:…` or `agent:PATH.pub`: a key that the ssh-agent holds.
    Agent(String),
    /// `yubikey:slot=9c;serial=N`: a PIV slot. Without serial: the only YubiKey there is.
    YubiKey {
        /// The slot's number (NIST SP 800-73): 0x9a, 0x9c, 0x9d, 0x9e, 0x82 to 0x95.
        slot: u8,
        serial: Option<u32>,
    },
    /// An RFC 7512 URI.
    Pkcs11(String),
}

const FORMS: &str = "A CA is a private key file, agent:SHA256:…, agent:CA.pub, yubikey:slot=9c, yubikey:slot=9c;serial=N, a pkcs11: URI, or a name from the configuration.";

impl CaSelector {
    /// Reads what was typed; names were looked up before. A word with none of the prefixes is a path.
    pub(crate) fn parse(typed: &str) -> Result<Self> {
        if let Some(key) = typed.strip_prefix("agent:") {
            return if key.is_empty() { Err(malformed(typed, "names no key")) } else { Ok(Self::Agent(key.into())) };
        }
        if let Some(attributes) = typed.strip_prefix("yubikey:") {
            return yubikey(typed, attributes);
        }
        if typed.starts_with("pkcs11:") {
            return Ok(Self::Pkcs11(typed.into()));
        }
        if typed.is_empty() { Err(malformed(typed, "is empty")) } else { Ok(Self::File(typed.into())) }
    }
}

fn yubikey(typed: &str, attributes: &str) -> Result<CaSelector> {
    let (mut slot, mut serial) = (None, None);
    for attribute in attributes.split(';').filter(|attribute| !attribute.is_empty()) {
        match attribute.split_once('=') {
            Some(("slot", number)) if slot.is_none() => {
                slot = Some(
                    slot_number(number)
                        .ok_or_else(|| malformed(typed, "names a slot that signs nothing (9a, 9c, 9d, 9e, 82 to 95)"))?,
                )
            }
            Some(("serial", number)) if serial.is_none() => {
                serial = Some(number.parse().map_err(|_| malformed(typed, "has a serial that is not a number"))?);
            }
            _ => {
                return Err(malformed(typed, &format!("has \"{attribute}\", which is not slot=… or serial=…, or comes twice")));
            }
        }
    }
    Ok(CaSelector::YubiKey { slot: slot.unwrap_or(0x9c), serial })
}

/// PIV slots with a key that signs on request. f9 signs attestations only.
pub(crate) fn slot_number(text: &str) -> Option<u8> {
    u8::from_str_radix(text, 16).ok().filter(|slot| matches!(slot, 0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95))
}

fn malformed(typed: &str, why: &str) -> Error {
    Error::usage(format!("The CA \"{typed}\" {why}."), FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_from_the_others() {
        assert_eq!(CaSelector::parse("ca").unwrap(), CaSelector::File("ca".into()));
        assert_eq!(CaSelector::parse("agent:SHA256:abc").unwrap(), CaSelector::Agent("SHA256:abc".into()));
        assert_eq!(CaSelector::parse("yubikey:").unwrap(), CaSelector::YubiKey { slot: 0x9c, serial: None });
        assert_eq!(CaSelector::parse("yubikey:slot=82;serial=7").unwrap(), CaSelector::YubiKey { slot: 0x82, serial: Some(7) });
        assert!(matches!(CaSelector::parse("pkcs11:token=ca").unwrap(), CaSelector::Pkcs11(_)));
    }

    #[test]
    fn what_means_no_key_is_refused() {
        for typed in [
            "",
            "agent:",
            "yubikey:slot=f9",
            "yubikey:slot=9c;slot=9a",
            "yubikey:serial=x",
            "yubikey:9c",
            "yubikey:slot=9c;pin=1",
        ] {
            assert!(CaSelector::parse(typed).is_err(), "{typed}");
        }
    }
}
