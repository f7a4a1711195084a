//! A YubiKey in software, for tests: what a reader sees of it (`Card`), the applications on it, and ways to plug it in.

pub mod card;
pub mod desk;
pub mod pcsc;
pub mod pcscd;
pub mod vpcd;

pub use card::{Firmware, Touch, YubiKey, attestation_root, attestation_root_pem};
pub use desk::Desk;

/// What a YubiKey's reader is called, before the service adds its numbers.
pub const READER_NAME: &str = "Yubico YubiKey OTP+FIDO+CCID";

/// A smart card as its reader sees it.
pub trait Card: Send {
    /// The answer to reset.
    fn atr(&self) -> Vec<u8>;
    /// Powers the card up anew: nothing is selected, no PIN is verified. A card that was pulled out is in the reader again.
    fn reset(&mut self);
    /// One command APDU (short or extended), one response with its status word; `None` when the card is gone, now and until `reset`.
    fn transmit(&mut self, command: &[u8]) -> Option<Vec<u8>>;
}
