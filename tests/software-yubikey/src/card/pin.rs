//! A PIN or PUK: eight bytes, padded with ff, and the tries that are left.

use super::status::Status;

/// The shortest value a YubiKey lets somebody choose.
const SHORTEST: usize = 6;

/// One secret with its retry counter.
pub(super) struct Pin {
    default: [u8; 8],
    value: [u8; 8],
    tries: u8,
    left: u8,
}

impl Pin {
    /// A secret at its factory default, with the factory's three tries.
    pub(super) fn new(default: [u8; 8]) -> Self {
        Self { default, value: default, tries: 3, left: 3 }
    }

    /// Compares, and counts: 63cx while tries are left, 6983 once there are none and for the last wrong one on.
    pub(super) fn verify(&mut self, given: &[u8]) -> Result<(), Status> {
        if self.left == 0 {
            return Err(Status::BLOCKED);
        }
        if given != self.value {
            self.left -= 1;
            return Err(self.refusal());
        }
        self.left = self.tries;
        Ok(())
    }

    /// What a wrong value, or the question for the tries left, is answered with.
    pub(super) fn refusal(&self) -> Status {
        if self.left == 0 { Status::BLOCKED } else { Status::tries_left(self.left) }
    }

    /// A new value, with all tries: six to eight bytes padded with ff, or 6a80.
    pub(super) fn set(&mut self, value: &[u8]) -> Result<(), Status> {
        let value: [u8; 8] = value.try_into().map_err(|_| Status::WRONG_DATA)?;
        let length = value.iter().position(|byte| *byte == 0xff).unwrap_or(8);
        if length < SHORTEST || value.iter().skip(length).any(|byte| *byte != 0xff) {
            return Err(Status::WRONG_DATA);
        }
        (self.value, self.left) = (value, self.tries);
        Ok(())
    }

    /// Back to the default value, with so many tries.
    pub(super) fn set_tries(&mut self, tries: u8) {
        (self.value, self.tries, self.left) = (self.default, tries, tries);
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.left == 0
    }

    pub(super) fn is_default(&self) -> bool {
        self.value == self.default
    }

    /// As many tries as there can be, and as many as are left.
    pub(super) fn tries(&self) -> [u8; 2] {
        [self.tries, self.left]
    }
}
