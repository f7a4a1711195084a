//! A YubiKey in software, for tests: what a reader sees of it (`Card`), the applications on it, and ways to plug it in.

pub mod card;

pub use card::{Firmware, Touch, YubiKey};

/// A smart card as its reader sees it.
pub trait Card: Send {
    /// The answer to reset.
    fn atr(&self) -> Vec<u8>;
    /// Powers the card up anew: nothing is selected, no PIN is verified. A card that was pulled out is in the reader again.
    fn reset(&mut self);
    /// One command APDU (short or extended), one response with its status word; `None` when the card is gone, now and until `reset`.
    fn transmit(&mut self, command: &[u8]) -> Option<Vec<u8>>;
}
