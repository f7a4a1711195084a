//! The PIV application (SP 800-73-4 with Yubico's extensions,
//! <https://developers.yubico.com/PIV/Introduction/Yubico_extensions.html>): what it remembers, and who answers which command.

mod algorithm;
mod attestation;
mod der;
mod factory;
mod keys;
mod management_key;
mod metadata;
mod objects;
mod private_key;
mod references;
mod signing;

use super::{Answer, Firmware, apdu::Command, hands::Hands, pin::Pin, status::Status};
use keys::Slot;
use management_key::{Challenge, ManagementKey};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use attestation::USB_A_KEYCHAIN;
pub(super) use factory::{intermediate_certificates, root_certificate};

/// The application identifier, with its version.
pub(super) const AID: &[u8] = b"\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00";

/// The reference of the management key.
const MANAGEMENT: u8 = 0x9b;
/// The slot of the attestation key.
const ATTESTATION: u8 = 0xf9;

/// See the module.
pub(super) struct Piv {
    serial: u32,
    firmware: Firmware,
    hands: Arc<Hands>,
    pin: Pin,
    puk: Pin,
    management_key: ManagementKey,
    slots: BTreeMap<u8, Slot>,
    objects: BTreeMap<Vec<u8>, Vec<u8>>,
    session: Session,
}

/// What is forgotten when the application is selected (libykpiv: selecting loses the verified PIN) or the card loses power.
#[derive(Default)]
struct Session {
    pin_verified: bool,
    /// The command before this one verified the PIN.
    pin_just_verified: bool,
    /// The management key is authenticated.
    managed: bool,
    challenge: Option<Challenge>,
}

impl Piv {
    pub(super) fn new(serial: u32, firmware: Firmware, hands: Arc<Hands>) -> Self {
        let mut piv = Self {
            serial,
            firmware,
            hands,
            pin: Pin::new(*b"123456\xff\xff", firmware),
            puk: Pin::new(*b"12345678", firmware),
            management_key: ManagementKey::default_of(firmware),
            slots: BTreeMap::new(),
            objects: BTreeMap::new(),
            session: Session::default(),
        };
        piv.load_attestation_key();
        piv
    }

    pub(super) fn forget_session(&mut self) {
        self.session = Session::default();
    }

    /// What SELECT answers: the application property template of a YubiKey (SP 800-73-4 part 2 table 3).
    pub(super) fn application_template(&self) -> Vec<u8> {
        b"\x61\x11\x4f\x06\x00\x00\x10\x00\x01\x00\x79\x07\x4f\x05\xa0\x00\x00\x03\x08".to_vec()
    }

    pub(super) fn answer(&mut self, command: &Command) -> Answer {
        let pin_just_verified = std::mem::take(&mut self.session.pin_just_verified);
        match command.ins {
            0x20 => self.verify(command),
            0x24 => self.change_reference(command),
            0x2c => self.reset_retry_counter(command),
            0x47 => self.generate(command),
            0x87 if command.p2 == MANAGEMENT => self.authenticate_management(command),
            0x87 => self.use_key(command, pin_just_verified),
            0xcb => self.get_data(command),
            0xdb => self.put_data(command),
            0xf6 if self.firmware >= Firmware::V5_7 => self.move_key(command),
            0xf7 if self.firmware >= Firmware::V5_4 => self.metadata(command),
            0xf8 if self.firmware >= Firmware::V5_2 => Ok(self.serial.to_be_bytes().to_vec()),
            0xf9 => self.attest(command),
            0xfa => self.set_pin_retries(command),
            0xfb => self.reset(),
            0xfd => Ok(self.firmware.version().to_vec()),
            0xfe => self.import(command),
            0xff => self.set_management_key(command),
            _ => Err(Status::NOT_SUPPORTED),
        }
    }

    /// 6982 unless the management key is authenticated.
    fn need_management(&self) -> Result<(), Status> {
        if self.session.managed { Ok(()) } else { Err(Status::SECURITY_NOT_SATISFIED) }
    }

    /// RESET: only when both PIN and PUK are blocked (6985); the attestation key and its certificate stay.
    fn reset(&mut self) -> Answer {
        if !self.pin.is_blocked() || !self.puk.is_blocked() {
            return Err(Status::CONDITIONS_NOT_SATISFIED);
        }
        let mut fresh = Self::new(self.serial, self.firmware, Arc::clone(&self.hands));
        fresh.slots = std::mem::take(&mut self.slots);
        fresh.slots.retain(|slot, _| *slot == ATTESTATION);
        fresh.objects = std::mem::take(&mut self.objects);
        fresh.objects.retain(|id, _| id == objects::ATTESTATION_CERTIFICATE);
        *self = fresh;
        Ok(vec![])
    }
}
