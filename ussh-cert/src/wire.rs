//! The SSH wire format (RFC 4251 section 5), read without copying.

/// The bytes ended before the value did, or did not end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A cursor over bytes that anybody may have written.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.bytes.split_first_chunk().ok_or(Malformed)?;
        self.bytes = tail;
        Ok(*head)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.u32()?).map_err(|_| Malformed)?;
        let (head, tail) = self.bytes.split_at_checked(length).ok_or(Malformed)?;
        self.bytes = tail;
        Ok(head)
    }

    /// A string that OpenSSH would take for a C string: one NUL may end it, none may stand inside.
    pub(crate) fn cstring(&mut self) -> Result<&'a [u8], Malformed> {
        let string = self.string()?;
        let text = string.strip_suffix(b"\0").unwrap_or(string);
        if text.contains(&0) {
            return Err(Malformed);
        }
        Ok(text)
    }

    /// Ends the reading: nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// The bytes between an earlier state of this cursor and now.
    pub(crate) fn since(&self, earlier: Reader<'a>) -> &'a [u8] {
        let read = earlier.bytes.len().saturating_sub(self.bytes.len());
        earlier.bytes.get(..read).unwrap_or_default()
    }
}

/// Appends `bytes` as an SSH string. Nobody here holds 4 GiB; if somebody did, an empty string would stand there, not a cut one.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let (length, bytes) = match u32::try_from(bytes.len()) {
        Ok(length) => (length, bytes),
        Err(_) => (0, &[][..]),
    };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_longer_than_the_bytes_is_malformed() {
        assert_eq!(Reader::new(&[0, 0, 0, 2, b'a']).string(), Err(Malformed));
        assert_eq!(Reader::new(&[0xff; 6]).string(), Err(Malformed));
        assert_eq!(Reader::new(&[0, 0]).string(), Err(Malformed));
    }

    #[test]
    fn a_c_string_may_end_with_one_nul_and_hold_no_other() {
        assert_eq!(Reader::new(&[0, 0, 0, 2, b'a', 0]).cstring(), Ok(&b"a"[..]));
        assert_eq!(Reader::new(&[0, 0, 0, 2, 0, b'a']).cstring(), Err(Malformed));
        assert_eq!(Reader::new(&[0, 0, 0, 2, 0, 0]).cstring(), Err(Malformed));
    }

    #[test]
    fn since_gives_what_was_read() {
        let start = Reader::new(&[0, 0, 0, 1, b'a', 7]);
        let mut reader = start;
        reader.string().unwrap();
        assert_eq!(reader.since(start), &[0, 0, 0, 1, b'a']);
        assert_eq!(reader.finish(), Err(Malformed));
    }
}
