//! The algorithms of asymmetric keys, by the numbers they have in PIV.

use crate::card::Firmware;

/// SP 800-78-4 table 6-2; RSA-3072 from 800-78-5; RSA-4096, Ed25519 and X25519 are Yubico's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa3072 = 0x05,
    Rsa1024 = 0x06,
    Rsa2048 = 0x07,
    P256 = 0x11,
    P384 = 0x14,
    Rsa4096 = 0x16,
    Ed25519 = 0xe0,
    X25519 = 0xe1,
}

impl Algorithm {
    /// `None` when this firmware does not know it.
    pub(super) fn of(number: u8, firmware: Firmware) -> Option<Self> {
        match number {
            0x06 => Some(Self::Rsa1024),
            0x07 => Some(Self::Rsa2048),
            0x11 => Some(Self::P256),
            0x14 => Some(Self::P384),
            _ if firmware < Firmware::V5_7 => None,
            0x05 => Some(Self::Rsa3072),
            0x16 => Some(Self::Rsa4096),
            0xe0 => Some(Self::Ed25519),
            0xe1 => Some(Self::X25519),
            _ => None,
        }
    }

    /// The size of an RSA key.
    pub(super) fn rsa_bits(self) -> Option<u32> {
        match self {
            Self::Rsa1024 => Some(1024),
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            _ => None,
        }
    }
}
