//! Serial numbers as C's `strtoull` reads them, with base 0: 16, 0x10, 020.

use super::Problem;
use crate::key_line::is_space;

/// `N` or `N-M`.
pub(super) fn serials(text: &[u8]) -> Result<(u64, u64), Problem> {
    let (min, rest) = serial(text)?;
    match rest {
        [] => Ok((min, min)),
        [b'-', rest @ ..] => match serial(rest)? {
            (max, []) if max > min => Ok((min, max)),
            _ => Err(Problem::Serial),
        },
        _ => Err(Problem::Serial),
    }
}

/// A number and what follows it. Unlike `strtoull`, no minus.
fn serial(text: &[u8]) -> Result<(u64, &[u8]), Problem> {
    let mut text = text;
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] if digits.first().is_some_and(u8::is_ascii_hexdigit) => (16, digits),
        [b'0', ..] => (8, text),
        _ => (10, text),
    };
    let length = digits.iter().take_while(|&&byte| char::from(byte).is_digit(radix)).count();
    let (digits, rest) = digits.split_at_checked(length).unwrap_or((digits, &[]));
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    if digits.is_empty() {
        return Err(Problem::Serial);
    }
    let number = u64::from_str_radix(digits, radix).map_err(|_| Problem::SerialOutOfRange)?;
    Ok((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_c() {
        let good: [(&str, (u64, u64)); 10] = [
            ("5", (5, 5)),
            ("5-7", (5, 7)),
            ("5- 7", (5, 7)),
            ("+5-+7", (5, 7)),
            ("0x10-0X1f", (16, 31)),
            ("010", (8, 8)),
            ("0", (0, 0)),
            ("\r5", (5, 5)),
            ("1-18446744073709551615", (1, u64::MAX)),
            ("1-0xffffffffffffffff", (1, u64::MAX)),
        ];
        for (text, range) in good {
            assert_eq!(serials(text.as_bytes()), Ok(range), "{text}");
        }
        for text in ["", "-", "x", "5 ", "5 -7", "5-", "5-5", "7-5", "5-6-7", "08", "0x", "0xg", "5\r", "1.5", "5-x"] {
            assert_eq!(serials(text.as_bytes()), Err(Problem::Serial), "{text}");
        }
        for text in ["18446744073709551616", "1-18446744073709551616"] {
            assert_eq!(serials(text.as_bytes()), Err(Problem::SerialOutOfRange), "{text}");
        }
    }

    #[test]
    fn a_number_below_zero_is_an_error_though_ssh_keygen_wraps_it() {
        assert_eq!(serials(b"-5"), Err(Problem::Serial));
        assert_eq!(serials(b"5--7"), Err(Problem::Serial));
    }
}
