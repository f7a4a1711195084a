//! A PIN or PUK: eight bytes, padded with ff, and the tries that are left.

use super::{Firmware, status::Status};

/// The shortest value a YubiKey lets somebody choose.
const SHORTEST: usize = 6;

/// One secret with its retry counter.
pub(super) struct Pin {
    default: [u8; 8],
    value: [u8; 8],
    tries: u8,
    left: u8,
    last_failure: Status,
}

impl Pin {
    /// A secret at its factory default, with the factory's three tries.
    ///
    /// Some firmware answers the try that blocks with 63c0, as SP 800-73-4 part 2 section 3.2.1 has it, some at once with 6983
    /// (libykpiv: `ykpiv_util_block_puk`). Which does which could not be looked up; here firmware 4 does the former, so that programs
    /// meet both.
    pub(super) fn new(default: [u8; 8], firmware: Firmware) -> Self {
        let last_failure = if firmware < Firmware::V5_2 { Status::tries_left(0) } else { Status::BLOCKED };
        Self { default, value: default, tries: 3, left: 3, last_failure }
    }

    /// Compares, and counts: 63cx while tries are left, then 6983 whatever is given.
    pub(super) fn verify(&mut self, given: &[u8]) -> Result<(), Status> {
        if self.left == 0 {
            return Err(Status::BLOCKED);
        }
        if given != self.value {
            self.left -= 1;
            return Err(if self.left == 0 { self.last_failure } else { self.refusal() });
        }
        self.left = self.tries;
        Ok(())
    }

    /// What the question for the tries left is answered with.
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
