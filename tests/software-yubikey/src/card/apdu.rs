//! Command APDUs, short and extended (ISO 7816-4 section 5.1), and what they are called.

pub(super) const SELECT: u8 = 0xa4;
pub(super) const GET_RESPONSE: u8 = 0xc0;

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) cla: u8,
    pub(super) ins: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: Vec<u8>,
    /// How many bytes one response may hold. A card gives data even when Le is absent.
    pub(super) le: usize,
}

impl Command {
    /// `None` when the length fields do not add up.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk::<4>()?;
        let (data, le) = match *body {
            [] => (vec![], 256),
            [le] => (vec![], short_le(le)),
            [0, hi, lo] => (vec![], extended_le([hi, lo])),
            [0, hi, lo, ref rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(u16::from_be_bytes([hi, lo])))?;
                let le = match *le {
                    [] => 65536,
                    [hi, lo] => extended_le([hi, lo]),
                    _ => return None,
                };
                (data.to_vec(), le)
            }
            [lc, ref rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(lc))?;
                let le = match *le {
                    [] => 256,
                    [le] => short_le(le),
                    _ => return None,
                };
                (data.to_vec(), le)
            }
        };
        Some(Self { cla, ins, p1, p2, data, le })
    }

    /// What `YubiKey::commands` calls it: for commands about a key, with its slot.
    pub(super) fn name(&self) -> String {
        let name = match self.ins {
            0x01 => "OTP",
            0x1c => "WRITE CONFIG",
            0x1d => "READ CONFIG",
            0x20 => "VERIFY",
            0x24 => "CHANGE REFERENCE",
            0x2c => "RESET RETRY COUNTER",
            0x47 => "GENERATE",
            0x87 => "GENERAL AUTHENTICATE",
            SELECT => "SELECT",
            GET_RESPONSE => "GET RESPONSE",
            0xcb => "GET DATA",
            0xdb => "PUT DATA",
            0xf6 => "MOVE KEY",
            0xf7 => "GET METADATA",
            0xf8 => "GET SERIAL",
            0xf9 => "ATTEST",
            0xfa => "SET PIN RETRIES",
            0xfb => "RESET",
            0xfd => "GET VERSION",
            0xfe => "IMPORT KEY",
            0xff => "SET MANAGEMENT KEY",
            other => return format!("{other:02x}"),
        };
        match self.ins {
            0x47 | 0x87 | 0xf6 | 0xf7 | 0xfe => format!("{name} {:02x}", self.p2),
            0xf9 => format!("{name} {:02x}", self.p1),
            _ => name.into(),
        }
    }
}

fn short_le(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

fn extended_le(le: [u8; 2]) -> usize {
    match u16::from_be_bytes(le) {
        0 => 65536,
        le => usize::from(le),
    }
}
