//! The messages between libpcsclite and its service: a header, a structure of 32-bit words in the machine's own order, then
//! perhaps bytes. Every answer is the request's own structure with some words changed; the last word is the result.
//!
//! Source: winscard_msg.h, eventhandler.h (READER_STATE) and pcsclite.h of pcsc-lite 1.9.9 to 2.5.0.

use std::io::{self, ErrorKind, Read};

/// A result: `SCARD_S_SUCCESS` or what went wrong.
pub(super) type Rv = u32;

/// `enum pcsc_msg_commands`.
pub(super) mod command {
    pub(in crate::pcsc) const ESTABLISH_CONTEXT: u32 = 0x01;
    pub(in crate::pcsc) const RELEASE_CONTEXT: u32 = 0x02;
    pub(in crate::pcsc) const CONNECT: u32 = 0x04;
    pub(in crate::pcsc) const RECONNECT: u32 = 0x05;
    pub(in crate::pcsc) const DISCONNECT: u32 = 0x06;
    pub(in crate::pcsc) const BEGIN_TRANSACTION: u32 = 0x07;
    pub(in crate::pcsc) const END_TRANSACTION: u32 = 0x08;
    pub(in crate::pcsc) const TRANSMIT: u32 = 0x09;
    pub(in crate::pcsc) const CONTROL: u32 = 0x0a;
    pub(in crate::pcsc) const STATUS: u32 = 0x0b;
    pub(in crate::pcsc) const CANCEL: u32 = 0x0d;
    pub(in crate::pcsc) const GET_ATTRIB: u32 = 0x0f;
    pub(in crate::pcsc) const VERSION: u32 = 0x11;
    pub(in crate::pcsc) const GET_READERS_STATE: u32 = 0x12;
    pub(in crate::pcsc) const WAIT_READER_STATE_CHANGE: u32 = 0x13;
    pub(in crate::pcsc) const STOP_WAITING_READER_STATE_CHANGE: u32 = 0x14;
    pub(in crate::pcsc) const GET_READER_EVENTS: u32 = 0x15;
}

/// The results that this service gives (pcsclite.h).
pub(super) mod rv {
    use super::Rv;
    pub(in crate::pcsc) const SUCCESS: Rv = 0;
    pub(in crate::pcsc) const E_CANCELLED: Rv = 0x8010_0002;
    pub(in crate::pcsc) const E_INVALID_HANDLE: Rv = 0x8010_0003;
    pub(in crate::pcsc) const E_INSUFFICIENT_BUFFER: Rv = 0x8010_0008;
    pub(in crate::pcsc) const E_UNKNOWN_READER: Rv = 0x8010_0009;
    pub(in crate::pcsc) const E_SHARING_VIOLATION: Rv = 0x8010_000b;
    pub(in crate::pcsc) const E_PROTO_MISMATCH: Rv = 0x8010_000f;
    pub(in crate::pcsc) const E_INVALID_VALUE: Rv = 0x8010_0011;
    pub(in crate::pcsc) const E_NOT_TRANSACTED: Rv = 0x8010_0016;
    pub(in crate::pcsc) const E_READER_UNAVAILABLE: Rv = 0x8010_0017;
    pub(in crate::pcsc) const E_SERVICE_STOPPED: Rv = 0x8010_001e;
    pub(in crate::pcsc) const E_UNSUPPORTED_FEATURE: Rv = 0x8010_001f;
    pub(in crate::pcsc) const W_RESET_CARD: Rv = 0x8010_0068;
}

pub(super) const SHARE_EXCLUSIVE: u32 = 1;
pub(super) const SHARE_DIRECT: u32 = 3;
pub(super) const LEAVE_CARD: u32 = 0;
pub(super) const EJECT_CARD: u32 = 3;
pub(super) const PROTOCOL_T1: u32 = 2;
pub(super) const PROTOCOL_RAW: u32 = 4;

/// `MAX_READERNAME`: a name and its NULs.
pub(super) const NAME_LENGTH: usize = 128;
/// `PCSCLITE_MAX_READERS_CONTEXTS`: the table of readers has always so many entries.
pub(super) const MAX_READERS: usize = 16;
/// `sizeof(READER_STATE)`.
pub(super) const STATE_LENGTH: usize = 184;
/// `MAX_BUFFER_SIZE`: the bytes that `getset_struct` has room for.
pub(super) const ATTRIBUTE_LENGTH: usize = 264;
/// `MAX_BUFFER_SIZE_EXTENDED`.
const LONGEST: usize = 4 + 3 + (1 << 16) + 3 + 2;

/// `SCARD_ABSENT`, `SCARD_PRESENT`, and `SCARD_PRESENT | SCARD_POWERED | SCARD_NEGOTIABLE`.
pub(super) const ABSENT: u32 = 0x02;
pub(super) const PRESENT: u32 = 0x04;
pub(super) const READY: u32 = 0x34;

/// One request: its structure, and the bytes that follow it (APDUs).
pub(super) struct Request {
    pub(super) command: u32,
    pub(super) fields: Fields,
    pub(super) data: Vec<u8>,
}

/// A structure, read and written by byte offset.
pub(super) struct Fields(Vec<u8>);

impl Fields {
    /// A structure of zeroes, for messages that answer no structure.
    pub(super) fn zero(length: usize) -> Self {
        Self(vec![0; length])
    }

    /// The first word, which is the handle or the context of most structures; 0 if there is none.
    pub(super) fn first(&self) -> u32 {
        if self.0.is_empty() { 0 } else { self.word(0) }
    }

    pub(super) fn word(&self, offset: usize) -> u32 {
        let bytes = &self.0[offset..offset + 4];
        u32::from_ne_bytes(bytes.try_into().expect("four bytes"))
    }

    pub(super) fn set(&mut self, offset: usize, word: u32) {
        self.put(offset, &word.to_ne_bytes());
    }

    pub(super) fn put(&mut self, offset: usize, bytes: &[u8]) {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The C string at this offset.
    pub(super) fn name(&self, offset: usize) -> String {
        let bytes = self.0[offset..offset + NAME_LENGTH].split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The structure with its result, ready to be sent.
    pub(super) fn result(mut self, rv: Rv) -> Vec<u8> {
        self.set(self.0.len() - 4, rv);
        self.0
    }
}

/// The length of a request's structure; `None` for commands that this service does not have.
fn length(command: u32) -> Option<usize> {
    Some(match command {
        command::ESTABLISH_CONTEXT | command::DISCONNECT | command::END_TRANSACTION | command::VERSION => 12,
        command::RELEASE_CONTEXT | command::BEGIN_TRANSACTION | command::STATUS | command::CANCEL => 8,
        command::CONNECT => 24 + NAME_LENGTH,
        command::RECONNECT | command::CONTROL => 24,
        command::TRANSMIT => 32,
        command::GET_ATTRIB => 16 + ATTRIBUTE_LENGTH,
        command::GET_READERS_STATE
        | command::WAIT_READER_STATE_CHANGE
        | command::STOP_WAITING_READER_STATE_CHANGE
        | command::GET_READER_EVENTS => 0,
        _ => return None,
    })
}

/// The next request. A client that speaks otherwise is an error, as a client that has gone is.
pub(super) fn read(stream: &mut impl Read) -> io::Result<Request> {
    let mut header = [0; 8];
    stream.read_exact(&mut header)?;
    let header = Fields(header.to_vec());
    let command = header.word(4);
    let known = length(command) == Some(header.word(0) as usize);
    let wrong = || io::Error::new(ErrorKind::InvalidData, format!("command {command:#x}, {} bytes", header.word(0)));
    let mut fields = Fields::zero(if known { header.word(0) as usize } else { return Err(wrong()) });
    stream.read_exact(&mut fields.0)?;
    let follows = match command {
        command::TRANSMIT => fields.word(12),
        command::CONTROL => fields.word(8),
        _ => 0,
    } as usize;
    let mut data = vec![0; if follows <= LONGEST { follows } else { return Err(wrong()) }];
    stream.read_exact(&mut data)?;
    Ok(Request { command, fields, data })
}

/// A request without data, as a client writes it.
pub(super) fn write(command: u32, fields: &[u8]) -> Vec<u8> {
    let length = u32::try_from(fields.len()).expect("a short message");
    [&length.to_ne_bytes(), &command.to_ne_bytes(), fields].concat()
}
