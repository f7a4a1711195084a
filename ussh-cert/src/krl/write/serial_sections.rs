//! Serial numbers as lists, ranges and bitmaps, whichever is shortest (krl.c: revoked_certs_generate).
//!
//! The choices are ssh-keygen's, so that the bytes are, too. With one exception: ssh-keygen lets a bitmap grow beyond
//! 16384 bits, and then neither it nor sshd loads the list ("bignum is too large"; seen with 9.2). Here another begins.

use super::{TooLarge, framed, subsection};
use crate::plain_key::put_mpint;

/// As in OpenSSH (sshbuf.h: SSHBUF_MAX_BIGNUM).
const MAX_BITS: u64 = 16384;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    List,
    Range,
    Bitmap,
}

/// How to go on: in this form, in a section of its own or in the one that is open.
struct Choice {
    form: Form,
    restart: bool,
}

/// Where in the row a range stands.
struct Position {
    /// How many serial numbers it has.
    contiguous: u64,
    /// From the end of the one before, if a section is open.
    last_gap: u64,
    /// To the beginning of the next, unless it is the last.
    next_gap: Option<u64>,
}

/// Appends the sections for these ranges, which are sorted and do not touch.
pub(super) fn write(out: &mut Vec<u8>, ranges: &[(u64, u64)]) -> Result<(), TooLarge> {
    let mut open: Option<Section> = None;
    let mut last = None;
    for (index, &(min, max)) in ranges.iter().enumerate() {
        let position = Position {
            contiguous: 1 + (max - min),
            last_gap: last.map_or(0, |last| min - last),
            next_gap: ranges.get(index + 1).map(|(next, _)| next - max),
        };
        let Choice { form, restart } = choose(open.as_ref().map(Section::form), &position);
        open = match open {
            Some(section) if section.form() == form && !restart && section.has_room(max) => Some(section),
            done => {
                done.map_or(Ok(()), |section| section.write(out))?;
                Some(Section::new(form, min))
            }
        };
        if let Some(section) = &mut open {
            section.add(min, max);
        }
        last = Some(max);
    }
    open.map_or(Ok(()), |section| section.write(out))
}

/// A cost model in bits, which compares bytes (krl.c: choose_next_state). Its estimates are rough in places; they stay
/// so, because others would give other bytes.
fn choose(current: Option<Form>, position: &Position) -> Choice {
    // Enough for all choices, and no sum overflows.
    const MAX: u64 = 1 << 31;
    const HEADER: u64 = 8;
    const SERIAL: u64 = 64;
    let contiguous = position.contiguous.min(MAX);
    let last_gap = position.last_gap.min(MAX);
    let (after, after_bitmap) = match position.next_gap {
        Some(gap) => (HEADER + SERIAL, gap.min(HEADER + SERIAL)),
        None => (0, 0),
    };
    let (to_list, to_bitmap, to_new_bitmap) = match current {
        Some(Form::List) => (0, HEADER + SERIAL, HEADER + SERIAL),
        Some(Form::Bitmap) => (HEADER, 0, HEADER + SERIAL),
        Some(Form::Range) | None => (HEADER, HEADER + SERIAL, HEADER + SERIAL),
    };
    let list = to_list + SERIAL * contiguous + after;
    let range = HEADER + 2 * SERIAL + after;
    let bitmap = to_bitmap + last_gap + contiguous + after_bitmap;
    let new_bitmap = to_new_bitmap + contiguous + after_bitmap;
    let mut best = (bitmap.div_ceil(8), Choice { form: Form::Bitmap, restart: false });
    for (bits, form, restart) in [(range, Form::Range, false), (list, Form::List, false), (new_bitmap, Form::Bitmap, true)] {
        if bits.div_ceil(8) < best.0 {
            best = (bits.div_ceil(8), Choice { form, restart });
        }
    }
    best.1
}

/// A section that is being written.
enum Section {
    List(Vec<u8>),
    Range(u64, u64),
    /// The lowest byte comes first.
    Bitmap {
        offset: u64,
        bits: Vec<u8>,
    },
}

impl Section {
    fn new(form: Form, min: u64) -> Self {
        match form {
            Form::List => Self::List(Vec::new()),
            Form::Range => Self::Range(min, min),
            Form::Bitmap => Self::Bitmap { offset: min, bits: Vec::new() },
        }
    }

    fn form(&self) -> Form {
        match self {
            Self::List(_) => Form::List,
            Self::Range(..) => Form::Range,
            Self::Bitmap { .. } => Form::Bitmap,
        }
    }

    /// Whether serial numbers up to `max` can still come into it.
    fn has_room(&self, max: u64) -> bool {
        match self {
            Self::List(_) => true,
            Self::Range(..) => false,
            Self::Bitmap { offset, .. } => max - offset < MAX_BITS,
        }
    }

    fn add(&mut self, min: u64, max: u64) {
        match self {
            Self::List(serials) => (min..=max).for_each(|serial| serials.extend_from_slice(&serial.to_be_bytes())),
            Self::Range(first, last) => (*first, *last) = (min, max),
            Self::Bitmap { offset, bits } => (min - *offset..=max - *offset).for_each(|index| set(bits, index)),
        }
    }

    fn write(self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        match self {
            Self::List(serials) => framed(out, subsection::SERIAL_LIST, |out| {
                out.extend_from_slice(&serials);
                Ok(())
            }),
            Self::Range(min, max) => framed(out, subsection::SERIAL_RANGE, |out| {
                out.extend_from_slice(&min.to_be_bytes());
                out.extend_from_slice(&max.to_be_bytes());
                Ok(())
            }),
            Self::Bitmap { offset, mut bits } => framed(out, subsection::SERIAL_BITMAP, |out| {
                out.extend_from_slice(&offset.to_be_bytes());
                bits.reverse();
                put_mpint(out, &bits);
                Ok(())
            }),
        }
    }
}

/// Sets a bit that is not before the last one.
fn set(bits: &mut Vec<u8>, index: u64) {
    let Ok(byte) = usize::try_from(index / 8) else { return };
    if bits.len() <= byte {
        bits.resize(byte + 1, 0);
    }
    if let Some(byte) = bits.last_mut() {
        *byte |= 1 << (index % 8);
    }
}
