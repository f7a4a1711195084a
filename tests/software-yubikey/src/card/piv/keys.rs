//! The key slots: GENERATE, IMPORT, MOVE, and the policies that a key keeps for life.

use super::algorithm::Algorithm;
use super::private_key::PrivateKey;
use super::{ATTESTATION, Answer, Piv, Status};
use crate::card::apdu::Command;
use crate::card::tlv::{Elements, tlv};

/// A slot that holds a key.
pub(super) struct Slot {
    pub(super) key: PrivateKey,
    pub(super) pin_policy: PinPolicy,
    pub(super) touch_policy: TouchPolicy,
    pub(super) origin: Origin,
}

/// When the PIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinPolicy {
    Never = 1,
    Once = 2,
    Always = 3,
}

/// When a touch is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TouchPolicy {
    Never = 1,
    Always = 2,
    /// A touch counts for the 15 seconds after it.
    Cached = 3,
}

/// Where a key came from; only the first can be attested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Generated = 1,
    Imported = 2,
}

impl PinPolicy {
    /// 0 or nothing is the slot's own: 9c always, 9e never, others once.
    fn of(policy: Option<u8>, slot: u8) -> Result<Self, Status> {
        match (policy, slot) {
            (None | Some(0), 0x9c) => Ok(Self::Always),
            (None | Some(0), 0x9e) => Ok(Self::Never),
            (None | Some(0), _) => Ok(Self::Once),
            (Some(1), _) => Ok(Self::Never),
            (Some(2), _) => Ok(Self::Once),
            (Some(3), _) => Ok(Self::Always),
            _ => Err(Status::WRONG_DATA),
        }
    }
}

impl TouchPolicy {
    fn of(policy: Option<u8>) -> Result<Self, Status> {
        match policy {
            None | Some(0 | 1) => Ok(Self::Never),
            Some(2) => Ok(Self::Always),
            Some(3) => Ok(Self::Cached),
            _ => Err(Status::WRONG_DATA),
        }
    }
}

impl Slot {
    fn new(slot: u8, key: PrivateKey, origin: Origin, elements: &Elements<'_>) -> Result<Self, Status> {
        let pin_policy = PinPolicy::of(elements.byte(0xaa)?, slot)?;
        let touch_policy = TouchPolicy::of(elements.byte(0xab)?)?;
        Ok(Self { key, pin_policy, touch_policy, origin })
    }

    /// What GET METADATA says of it.
    pub(super) fn metadata(&self) -> Vec<u8> {
        [
            tlv(0x01, [self.key.algorithm() as u8]),
            tlv(0x02, [self.pin_policy as u8, self.touch_policy as u8]),
            tlv(0x03, [self.origin as u8]),
            tlv(0x04, self.key.public_elements()),
        ]
        .concat()
    }
}

/// The slots that can hold a key: 9a, 9c, 9d, 9e, the retired ones and the one for attestation; others get 6b00 (libykpiv).
fn key_slot(number: u8) -> Result<u8, Status> {
    match number {
        0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95 | ATTESTATION => Ok(number),
        _ => Err(Status::WRONG_P1_P2),
    }
}

impl Piv {
    /// GENERATE ASYMMETRIC KEY PAIR; 6a80 for an algorithm or a policy that this firmware does not know.
    pub(super) fn generate(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        let number = key_slot(command.p2)?;
        let elements = Elements::inside(&command.data, 0xac)?;
        let algorithm =
            elements.byte(0x80)?.and_then(|number| Algorithm::of(number, self.firmware)).ok_or(Status::WRONG_DATA)?;
        let slot = Slot::new(number, PrivateKey::generate(algorithm), Origin::Generated, &elements)?;
        let public_key = tlv(0x7f49, slot.key.public_elements());
        self.slots.insert(number, slot);
        Ok(public_key)
    }

    /// IMPORT ASYMMETRIC KEY.
    pub(super) fn import(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        let number = key_slot(command.p2)?;
        let elements = Elements::parse(&command.data)?;
        let algorithm = Algorithm::of(command.p1, self.firmware).ok_or(Status::WRONG_DATA)?;
        let slot = Slot::new(number, PrivateKey::import(algorithm, &elements)?, Origin::Imported, &elements)?;
        self.slots.insert(number, slot);
        Ok(vec![])
    }

    /// MOVE KEY: from slot P2 to slot P1, which must be empty, or away when P1 is ff. The attestation key can only be deleted
    /// (<https://docs.yubico.com/yesdk/yubikey-api/Yubico.YubiKey.Piv.Commands.MoveKeyCommand.html>; the status words are a guess).
    pub(super) fn move_key(&mut self, command: &Command) -> Answer {
        self.need_management()?;
        let from = key_slot(command.p2)?;
        let to = if command.p1 == 0xff { None } else { Some(key_slot(command.p1)?) };
        if to.is_some_and(|to| from == ATTESTATION || self.slots.contains_key(&to)) {
            return Err(Status::WRONG_DATA);
        }
        let slot = self.slots.remove(&from).ok_or(Status::REFERENCE_NOT_FOUND)?;
        if let Some(to) = to {
            self.slots.insert(to, slot);
        }
        Ok(vec![])
    }
}
