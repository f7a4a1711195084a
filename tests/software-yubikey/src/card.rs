//! The YubiKey as a test holds it: a card for the reader, a finger for the touch sensor, a hand that pulls it out.
//!
//! A command APDU is parsed (`apdu`), chained parts are put together, the selected application answers (`piv`, `management`, `otp`),
//! and an answer that is too long for one response waits for GET RESPONSE.

mod apdu;
mod chain;
mod hands;
mod management;
mod otp;
mod pin;
mod piv;
mod status;
mod tlv;

use crate::Card;
use apdu::Command;
use base64::prelude::{BASE64_STANDARD as STANDARD, Engine};
use chain::Chain;
use hands::Hands;
pub use hands::Touch;
use piv::Piv;
use status::Status;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What an application says to a command: data, or a status word other than 9000.
type Answer = Result<Vec<u8>, Status>;

/// The firmware of a YubiKey; it decides what the PIV application can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Firmware {
    /// 4.3.5: attestation, but neither metadata nor a serial number in PIV.
    V4_3,
    /// 5.2.7: serial number in PIV, no metadata.
    V5_2,
    /// 5.4.3: metadata, AES management keys on request.
    V5_4,
    /// 5.7.4: AES-192 management key by default, Ed25519, X25519, RSA-3072 and RSA-4096, moving and deleting keys.
    V5_7,
}

impl Firmware {
    /// Major, minor and patch version, as GET VERSION answers.
    pub fn version(self) -> [u8; 3] {
        match self {
            Self::V4_3 => [4, 3, 5],
            Self::V5_2 => [5, 2, 7],
            Self::V5_4 => [5, 4, 3],
            Self::V5_7 => [5, 7, 4],
        }
    }
}

/// A YubiKey. Clones are handles of the same device: a test keeps one, the reader gets another.
#[derive(Clone)]
pub struct YubiKey {
    serial: u32,
    firmware: Firmware,
    hands: Arc<Hands>,
    state: Arc<Mutex<State>>,
}

/// What the card remembers.
struct State {
    serial: u32,
    firmware: Firmware,
    selected: Application,
    chain: Chain,
    piv: Piv,
}

/// The applications that SELECT finds.
#[derive(Clone, Copy, PartialEq)]
enum Application {
    Nothing,
    Piv,
    Management,
    Otp,
}

/// The certificate (DER) of this maker's root, the same for every card in every process: where chains of attestation end.
pub fn attestation_root() -> Vec<u8> {
    piv::root_certificate()
}

/// The same as PEM, as programs want to be told of it.
pub fn attestation_root_pem() -> String {
    let base64 = STANDARD.encode(attestation_root());
    let lines: Vec<&str> = base64.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

impl YubiKey {
    /// A YubiKey fresh from the factory: default PIN, PUK and management key, no keys but the attestation key.
    pub fn new(serial: u32, firmware: Firmware) -> Self {
        let hands = Arc::new(Hands::new());
        let piv = Piv::new(serial, firmware, Arc::clone(&hands));
        let state = State { serial, firmware, selected: Application::Nothing, chain: Chain::default(), piv };
        Self { serial, firmware, hands, state: Arc::new(Mutex::new(state)) }
    }

    /// The serial number printed on the device.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The firmware it was made with.
    pub fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// What the finger does from now on, a touch that is being waited for included.
    pub fn touch(&self, touch: Touch) {
        self.hands.touch(touch);
    }

    /// How long the card waits for a touch before it answers 6982 (a real one: 15 s; this one, unless told: 0.2 s).
    pub fn touch_time_limit(&self, limit: Duration) {
        self.hands.touch_time_limit(limit);
    }

    /// How long a touch counts for keys with the touch policy "cached" (as on a real one, unless told: 15 s).
    pub fn touch_cached_for(&self, time: Duration) {
        self.hands.touch_cached_for(time);
    }

    /// How many touches were asked for, the one that is being waited for included.
    pub fn touches(&self) -> usize {
        self.hands.touches()
    }

    /// The commands so far, by name ("GENERAL AUTHENTICATE 9c"), without data.
    pub fn commands(&self) -> Vec<String> {
        self.hands.commands()
    }

    /// Pulls the card out now, in the middle of a touch if need be. `Card::reset` puts it in again.
    pub fn unplug(&self) {
        self.hands.unplug();
    }

    /// Pulls the card out just before the next command whose name (see `commands`) starts so: the command is not carried out.
    pub fn unplug_before(&self, command: &str) {
        self.hands.unplug_before(command);
    }

    /// Pulls the card out just after the next command whose name starts so: it is carried out, its answer is lost.
    pub fn unplug_after(&self, command: &str) {
        self.hands.unplug_after(command);
    }

    /// The certificates (DER) between the card's own attestation certificate and the root: none before firmware 5.7, one from it on.
    pub fn attestation_intermediates(&self) -> Vec<Vec<u8>> {
        piv::intermediate_certificates(self.firmware)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for YubiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "YubiKey {} {:?}", self.serial, self.firmware)
    }
}

impl Card for YubiKey {
    /// The ATRs of real devices, T=1 (<https://ludovic.rousseau.free.fr/softs/pcsc-tools/smartcard_list.txt>).
    fn atr(&self) -> Vec<u8> {
        const YUBIKEY_4: &[u8] = b"\x3b\xf8\x13\x00\x00\x81\x31\xfe\x15Yubikey4\xd4";
        const YUBIKEY_5: &[u8] = b"\x3b\xfd\x13\x00\x00\x81\x31\xfe\x15\x80\x73\xc0\x21\xc0\x57YubiKey\x40";
        if self.firmware == Firmware::V4_3 { YUBIKEY_4.to_vec() } else { YUBIKEY_5.to_vec() }
    }

    fn reset(&mut self) {
        self.hands.plug_in();
        self.state().power_up();
    }

    fn transmit(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let parsed = Command::parse(command);
        let name = parsed.as_ref().map_or_else(|| "malformed APDU".into(), Command::name);
        let pulled_before = self.hands.command_arrives(&name)?;
        let response = match parsed {
            Some(command) => self.state().respond(command),
            None => Status::WRONG_LENGTH.to_vec(),
        };
        self.hands.command_ends(&name, pulled_before)?;
        Some(response)
    }
}

impl State {
    fn power_up(&mut self) {
        self.selected = Application::Nothing;
        self.chain = Chain::default();
        self.piv.forget_session();
    }

    fn respond(&mut self, command: Command) -> Vec<u8> {
        if command.ins == apdu::GET_RESPONSE {
            return self.chain.next_response(command.le);
        }
        let Some(command) = self.chain.collect(command) else { return Status::OK.to_vec() };
        let le = command.le;
        let answer = self.answer(&command);
        self.chain.first_response(answer, le)
    }

    fn answer(&mut self, command: &Command) -> Answer {
        if command.ins == apdu::SELECT {
            return self.select(command);
        }
        match self.selected {
            Application::Nothing => Err(Status::NOT_SUPPORTED),
            Application::Piv => self.piv.answer(command),
            Application::Management => management::answer(self.serial, self.firmware, command),
            Application::Otp => otp::answer(self.serial, command),
        }
    }

    /// SELECT by application identifier; a truncated one finds the application whose identifier starts so.
    fn select(&mut self, command: &Command) -> Answer {
        let wanted = |aid: &[u8]| command.p1 == 4 && command.data.len() >= 5 && aid.starts_with(&command.data);
        let (application, answer) = if wanted(piv::AID) {
            (Application::Piv, self.piv.application_template())
        } else if wanted(management::AID) {
            (Application::Management, management::selected(self.firmware))
        } else if wanted(otp::AID) {
            (Application::Otp, otp::selected(self.firmware))
        } else {
            return Err(Status::NOT_FOUND);
        };
        self.selected = application;
        self.piv.forget_session();
        Ok(answer)
    }
}
