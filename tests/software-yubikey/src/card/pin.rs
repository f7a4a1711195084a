//! A PIN or PUK: eight bytes, padded with ff, and the tries that are left.

use super::status::Status;

/// One secret with its retry counter.
pub(super) struct Pin {
    value: [u8; 8],
    default: [u8; 8],
    tries: u8,
    left: u8,
}

impl Pin {
    /// A secret at its factory default, with the factory's three tries.
    pub(super) fn new(default: [u8; 8]) -> Self {
        Self { value: default, default, tries: 3, left: 3 }
    }

    /// Compares, and counts: 63cx while tries are left, 6983 when none are.
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
}
