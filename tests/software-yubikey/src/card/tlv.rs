//! BER-TLV, as PIV and DER have it: tags of one or two bytes, definite lengths.

use super::status::Status;

/// One element; a tag above ff is written as two bytes.
pub(super) fn tlv(tag: u16, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    let [tag_high, tag_low] = tag.to_be_bytes();
    let mut out = if tag_high == 0 { vec![tag_low] } else { vec![tag_high, tag_low] };
    match u16::try_from(value.len()).expect("elements on a card are short").to_be_bytes() {
        [0, length @ ..0x80] => out.push(length),
        [0, length] => out.extend([0x81, length]),
        [high, low] => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(value);
    out
}

/// The elements that follow each other in the data of a command.
pub(super) struct Elements<'a>(Vec<(u8, &'a [u8])>);

impl<'a> Elements<'a> {
    /// Refuses (6a80) lengths that do not add up.
    pub(super) fn parse(mut bytes: &'a [u8]) -> Result<Self, Status> {
        let mut elements = vec![];
        while let [tag, rest @ ..] = bytes {
            let (length, rest) = match *rest {
                [length @ ..=0x7f, ref rest @ ..] => (usize::from(length), rest),
                [0x81, length, ref rest @ ..] => (usize::from(length), rest),
                [0x82, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
                _ => return Err(Status::WRONG_DATA),
            };
            let (value, rest) = rest.split_at_checked(length).ok_or(Status::WRONG_DATA)?;
            elements.push((*tag, value));
            bytes = rest;
        }
        Ok(Self(elements))
    }

    /// The elements inside the one that must stand alone here.
    pub(super) fn inside(bytes: &'a [u8], tag: u8) -> Result<Self, Status> {
        Self::parse(Self::parse(bytes)?.need(tag)?)
    }

    pub(super) fn find(&self, tag: u8) -> Option<&'a [u8]> {
        self.0.iter().find(|element| element.0 == tag).map(|element| element.1)
    }

    pub(super) fn need(&self, tag: u8) -> Result<&'a [u8], Status> {
        self.find(tag).ok_or(Status::WRONG_DATA)
    }

    /// A value of one byte, if the element is there.
    pub(super) fn byte(&self, tag: u8) -> Result<Option<u8>, Status> {
        match self.find(tag) {
            None => Ok(None),
            Some(&[byte]) => Ok(Some(byte)),
            Some(_) => Err(Status::WRONG_DATA),
        }
    }
}
