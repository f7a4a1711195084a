//! A list's bytes as they come, read once and forwards: what is held is one string at most, and that within bounds.

use std::io::{self, BufRead};

use memchr::memchr;

use super::KrlError;

/// The SSH wire format (RFC 4251 section 5) from a stream.
pub(super) struct Source<R> {
    stream: R,
    /// Bytes from here to the end of the innermost string that was entered; at first, to the end of the list.
    left: usize,
    /// A string that does not stand in the stream's own buffer in one piece.
    held: Vec<u8>,
}

/// What follows a string that was entered. Whoever enters one leaves it.
#[must_use]
pub(super) struct After(usize);

impl<R: BufRead> Source<R> {
    /// The next `length` bytes of the stream.
    pub(super) fn new(stream: R, length: usize) -> Self {
        Self { stream, left: length, held: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    #[inline]
    fn claim(&mut self, length: usize) -> Result<(), KrlError> {
        self.left = self.left.checked_sub(length).ok_or(KrlError::Malformed)?;
        Ok(())
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], KrlError> {
        self.claim(N)?;
        self.claimed_array()
    }

    #[inline]
    fn claimed_array<const N: usize>(&mut self) -> Result<[u8; N], KrlError> {
        let mut array = [0; N];
        self.stream.read_exact(&mut array)?;
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, KrlError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, KrlError> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Result<u64, KrlError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A string's length; its bytes count as read.
    #[inline]
    fn length(&mut self) -> Result<usize, KrlError> {
        let length = usize::try_from(self.u32()?).map_err(|_| KrlError::Malformed)?;
        self.claim(length)?;
        Ok(length)
    }

    /// Reads on inside a string.
    pub(super) fn enter(&mut self) -> Result<After, KrlError> {
        let length = self.length()?;
        Ok(After(std::mem::replace(&mut self.left, length)))
    }

    /// Behind the string again: nothing of it may be left.
    pub(super) fn leave(&mut self, after: After) -> Result<(), KrlError> {
        if !self.is_empty() {
            return Err(KrlError::Malformed);
        }
        self.left = after.0;
        Ok(())
    }

    /// Hands a string over in one piece; none if it is longer than `longest`, and then it is skipped.
    #[inline]
    pub(super) fn string<T>(&mut self, longest: usize, take: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, KrlError> {
        let length = self.length()?;
        if length > longest {
            self.pieces(length, |_| Ok(()))?;
            return Ok(None);
        }
        self.whole(length, take).map(Some)
    }

    /// The same of a C string: a NUL may end it, and none may stand inside, however long it is.
    #[inline]
    pub(super) fn cstring<T>(&mut self, longest: usize, take: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, KrlError> {
        let length = self.length()?;
        if length > longest {
            self.pieces(length - 1, without_nul)?;
            self.claimed_array::<1>()?;
            return Ok(None);
        }
        self.whole(length, |string| {
            let text = string.strip_suffix(b"\0").unwrap_or(string);
            without_nul(text).map(|()| take(text))
        })?
        .map(Some)
    }

    /// A string that must have this length.
    #[inline]
    pub(super) fn exactly<const N: usize>(&mut self) -> Result<Option<[u8; N]>, KrlError> {
        match self.length()? {
            length if length == N => self.claimed_array().map(Some),
            length => self.pieces(length, |_| Ok(())).map(|()| None),
        }
    }

    #[inline]
    fn whole<T>(&mut self, length: usize, take: impl FnOnce(&[u8]) -> T) -> Result<T, KrlError> {
        if let Some(string) = filled(&mut self.stream)?.get(..length) {
            let taken = take(string);
            self.stream.consume(length);
            return Ok(taken);
        }
        self.held.resize(length, 0);
        self.stream.read_exact(&mut self.held)?;
        Ok(take(&self.held))
    }

    /// Looks at what comes in pieces as they are at hand.
    fn pieces(&mut self, mut length: usize, look: impl Fn(&[u8]) -> Result<(), KrlError>) -> Result<(), KrlError> {
        while length > 0 {
            let ready = filled(&mut self.stream)?;
            let piece = ready.get(..length).unwrap_or(ready);
            if piece.is_empty() {
                return Err(KrlError::Malformed);
            }
            look(piece)?;
            let seen = piece.len();
            self.stream.consume(seen);
            length -= seen;
        }
        Ok(())
    }
}

/// What is at hand; nothing at the stream's end.
#[inline]
fn filled(stream: &mut impl BufRead) -> Result<&[u8], KrlError> {
    loop {
        match stream.fill_buf() {
            Ok([]) => return Ok(&[]),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Filled already: asked for again because the borrow checker lets no reference out of the loop.
    Ok(stream.fill_buf()?)
}

#[inline]
fn without_nul(text: &[u8]) -> Result<(), KrlError> {
    if memchr(0, text).is_some() { Err(KrlError::Malformed) } else { Ok(()) }
}
