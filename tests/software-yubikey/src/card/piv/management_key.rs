//! The management key: what it is, how it is proved (SP 800-73-4 part 2 section 3.2.4 and appendix A), and how it is changed.

use super::keys::TouchPolicy;
use super::{Answer, MANAGEMENT, Piv, Status};
use crate::card::tlv::{Elements, tlv};
use crate::card::{Firmware, apdu::Command};
use aes::{Aes128, Aes192, Aes256};
use cipher::{Block, BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

/// The same bytes whether 3DES or AES-192.
const DEFAULT: [u8; 24] = *b"\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08";

/// The ciphers, by the numbers they have in PIV (SP 800-78-4 table 6-2).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cipher {
    TripleDes = 0x03,
    Aes128 = 0x08,
    Aes192 = 0x0a,
    Aes256 = 0x0c,
}

/// The key with its touch policy.
pub(super) struct ManagementKey {
    cipher: Cipher,
    key: Vec<u8>,
    touch: TouchPolicy,
}

/// What the card has asked and not been answered yet.
pub(super) enum Challenge {
    /// The card sent this encrypted and wants it plain (mutual authentication).
    Witness(Vec<u8>),
    /// The card sent this plain and wants it encrypted (single authentication).
    Plain(Vec<u8>),
}

impl Cipher {
    /// AES came with firmware 5.4 (yubikey-manager: `set_management_key`).
    fn of(number: u8, firmware: Firmware) -> Option<Self> {
        match number {
            0x03 => Some(Self::TripleDes),
            0x08 if firmware >= Firmware::V5_4 => Some(Self::Aes128),
            0x0a if firmware >= Firmware::V5_4 => Some(Self::Aes192),
            0x0c if firmware >= Firmware::V5_4 => Some(Self::Aes256),
            _ => None,
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    fn block_length(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }
}

impl ManagementKey {
    /// The factory's: 3DES, from firmware 5.7 AES-192.
    pub(super) fn default_of(firmware: Firmware) -> Self {
        let cipher = if firmware >= Firmware::V5_7 { Cipher::Aes192 } else { Cipher::TripleDes };
        Self { cipher, key: DEFAULT.to_vec(), touch: TouchPolicy::Never }
    }

    /// What GET METADATA says of it.
    pub(super) fn metadata(&self) -> Vec<u8> {
        let default = u8::from(self.key == DEFAULT);
        [tlv(0x01, [self.cipher as u8]), tlv(0x02, [0, self.touch as u8]), tlv(0x05, [default])].concat()
    }

    fn random_block(&self) -> Vec<u8> {
        rand::random::<[u8; 16]>()[..self.cipher.block_length()].to_vec()
    }

    /// One block; 6a80 when it is not one.
    fn encrypt(&self, block: &[u8]) -> Answer {
        match self.cipher {
            Cipher::TripleDes => encrypt::<TdesEde3>(&self.key, block),
            Cipher::Aes128 => encrypt::<Aes128>(&self.key, block),
            Cipher::Aes192 => encrypt::<Aes192>(&self.key, block),
            Cipher::Aes256 => encrypt::<Aes256>(&self.key, block),
        }
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Answer {
    let mut block = Block::<C>::try_from(block).map_err(|_| Status::WRONG_DATA)?;
    C::new_from_slice(key).expect("the key has the cipher's length").encrypt_block(&mut block);
    Ok(block.to_vec())
}

impl Piv {
    /// GENERAL AUTHENTICATE with the management key: the card's challenge first, then the answer to it.
    pub(super) fn authenticate_management(&mut self, command: &Command) -> Answer {
        if command.p1 != self.management_key.cipher as u8 {
            return Err(Status::WRONG_DATA);
        }
        let template = Elements::inside(&command.data, 0x7c)?;
        match (self.session.challenge.take(), template.find(0x80), template.find(0x81), template.find(0x82)) {
            (_, Some([]), None, None) => {
                let witness = self.management_key.random_block();
                let encrypted = self.management_key.encrypt(&witness)?;
                self.session.challenge = Some(Challenge::Witness(witness));
                Ok(tlv(0x7c, tlv(0x80, encrypted)))
            }
            (_, None, Some([]), None) => {
                let challenge = self.management_key.random_block();
                self.session.challenge = Some(Challenge::Plain(challenge.clone()));
                Ok(tlv(0x7c, tlv(0x81, challenge)))
            }
            (Some(Challenge::Witness(witness)), Some(plain), Some(challenge), _) => {
                let response = self.management_key.encrypt(challenge)?;
                self.admit_manager(plain == witness)?;
                Ok(tlv(0x7c, tlv(0x82, response)))
            }
            (Some(Challenge::Plain(challenge)), None, None, Some(encrypted)) => {
                let right = encrypted == self.management_key.encrypt(&challenge)?;
                self.admit_manager(right)?;
                Ok(vec![])
            }
            _ => Err(Status::WRONG_DATA),
        }
    }

    fn admit_manager(&mut self, right: bool) -> Result<(), Status> {
        if !right {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.need_touch(self.management_key.touch)?;
        self.session.managed = true;
        Ok(())
    }

    /// SET MANAGEMENT KEY: cipher, 9b, length, key; P2 is the touch policy.
    pub(super) fn set_management_key(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        let touch = match (command.p1, command.p2) {
            (0xff, 0xff) => TouchPolicy::Never,
            (0xff, 0xfe) => TouchPolicy::Always,
            (0xff, 0xfd) => TouchPolicy::Cached,
            _ => return Err(Status::WRONG_P1_P2),
        };
        let [cipher, MANAGEMENT, length, ref key @ ..] = command.data[..] else { return Err(Status::WRONG_DATA) };
        let cipher = Cipher::of(cipher, self.firmware).ok_or(Status::WRONG_DATA)?;
        if key.len() != usize::from(length) || key.len() != cipher.key_length() {
            return Err(Status::WRONG_DATA);
        }
        self.management_key = ManagementKey { cipher, key: key.to_vec(), touch };
        Ok(vec![])
    }
}
