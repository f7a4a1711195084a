//! Base64 (RFC 4648 section 4) of public keys, by table.
//!
//! base64ct takes the same time whatever the bits are, for the sake of secrets. In a file of a thousand public keys that
//! was a third of what a whole question took.

/// The value of a byte that is no digit.
const NONE: u8 = 0xff;

const VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing, reason = "computed by the compiler, which would notice")]
const fn values() -> [u8; 256] {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut value: u8 = 0;
    while value < 64 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// Decodes `text` behind what `out` holds. `None` unless it is padded base64 with no bit to spare; `out` may then have grown.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (groups, []) = text.as_chunks::<4>() else { return None };
    let (last, groups) = groups.split_last()?;
    let start = out.len();
    out.resize(start + groups.len() * 3, 0);
    let mut seen = 0;
    for (group, place) in groups.iter().zip(out.get_mut(start..)?.as_chunks_mut().0) {
        *place = bytes(*group, &mut seen);
    }
    let (digits, used) = match *last {
        [a, b, b'=', b'='] => ([a, b, b'A', b'A'], 1),
        [a, b, c, b'='] => ([a, b, c, b'A'], 2),
        digits => (digits, 3),
    };
    let last = bytes(digits, &mut seen);
    let (used, spare) = last.split_at_checked(used)?;
    out.extend_from_slice(used);
    (seen & 0xc0 == 0 && spare.iter().all(|&byte| byte == 0)).then_some(())
}

/// Four digits of six bits are three bytes; all the bits of their values are added to `seen`.
fn bytes(digits: [u8; 4], seen: &mut u8) -> [u8; 3] {
    let [a, b, c, d] = digits.map(|digit| VALUES.get(usize::from(digit)).copied().unwrap_or(NONE));
    *seen |= a | b | c | d;
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};

    use super::decode;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        decode(text.as_bytes(), &mut out).map(|()| out.strip_prefix(b"before").unwrap().to_vec())
    }

    #[test]
    fn what_is_encoded_comes_back_whatever_its_length() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for length in 1..bytes.len() {
            assert_eq!(decoded(&Base64::encode_string(&bytes[..length])).as_deref(), Some(&bytes[..length]));
        }
    }

    #[test]
    fn what_is_not_padded_base64_is_refused() {
        for text in
            ["", "A", "AA", "AAA", "AAAAA", "A===", "====", "=AAA", "AA=A", "AAAA=", "AA==AAAA", "AAA\n", "AA A", "AA-_"]
        {
            assert_eq!(decoded(text), None, "{text:?}");
        }
        // Bits behind the last byte: two texts for one key.
        assert_eq!(decoded("AAB="), None);
        assert_eq!(decoded("AB=="), None);
    }

    #[test]
    fn only_the_64_digits_are_digits_in_every_place() {
        for byte in 0..=255_u8 {
            let is_digit = byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
            for place in 0..4 {
                let mut text = *b"AAAAAAAA";
                text[place] = byte;
                let taken = decode(&text, &mut Vec::new()).is_some();
                assert_eq!(taken, is_digit, "{byte} in place {place}");
            }
        }
    }
}
