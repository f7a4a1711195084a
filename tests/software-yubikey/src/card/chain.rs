//! Long commands and long answers: command chaining (ISO 7816-4 section 5.1.1.1) and GET RESPONSE.

use super::{Answer, apdu::Command, status::Status};

/// Bit of the class byte: more parts of this command follow.
const CHAINED: u8 = 0x10;

/// The command that is still coming, and what is left of the answer that is still going.
#[derive(Default)]
pub(super) struct Chain {
    parts: Option<Command>,
    rest: Vec<u8>,
}

impl Chain {
    /// Puts chained commands together: `None` until the last part is here. A part of another command forgets the earlier ones.
    pub(super) fn collect(&mut self, mut part: Command) -> Option<Command> {
        self.rest.clear();
        if let Some(earlier) = self.parts.take()
            && (earlier.ins, earlier.p1, earlier.p2) == (part.ins, part.p1, part.p2)
        {
            part.data.splice(0..0, earlier.data);
        }
        if part.cla & CHAINED == 0 {
            return Some(part);
        }
        self.parts = Some(part);
        None
    }

    /// The first response to a command: all of the answer, or as much as fits and 61xx.
    pub(super) fn first_response(&mut self, answer: Answer, le: usize) -> Vec<u8> {
        match answer {
            Ok(data) => self.rest = data,
            Err(status) => return status.to_vec(),
        }
        self.response(le)
    }

    /// What GET RESPONSE brings; 6a80 when nothing is left (seen in the SDK's page on signing).
    pub(super) fn next_response(&mut self, le: usize) -> Vec<u8> {
        if self.rest.is_empty() { Status::WRONG_DATA.to_vec() } else { self.response(le) }
    }

    fn response(&mut self, le: usize) -> Vec<u8> {
        let mut response: Vec<u8> = self.rest.drain(..le.min(self.rest.len())).collect();
        let status = if self.rest.is_empty() { Status::OK } else { Status::bytes_remaining(self.rest.len()) };
        response.extend(status.to_vec());
        response
    }
}
