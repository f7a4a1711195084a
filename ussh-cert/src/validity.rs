//! `-V` of ssh-keygen(1): an interval of validity, read as ssh-keygen reads it (ssh-keygen.c: parse_cert_times).

use std::fmt;

use crate::certificate::FOREVER;
use crate::duration;
use crate::timestamp::{LocalTime, parse_absolute};

/// Both ends in seconds since the epoch: the first second of validity, and the first after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// `valid_after`
    pub from: u64,
    /// `valid_before`; [`FOREVER`] for none.
    pub to: u64,
}

/// Why an interval cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalError {
    /// Neither `+TIME` nor `FROM:TO`.
    Form,
    /// The part before the colon.
    From,
    /// The part after it, or the only one.
    To,
    /// It ends before it begins.
    Empty,
}

impl fmt::Display for IntervalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it is neither +TIME nor FROM:TO",
            Self::From => "its beginning is not a time",
            Self::To => "its end is not a time",
            Self::Empty => "it ends before it begins",
        })
    }
}

impl Interval {
    /// Reads `+TIME` or `FROM:TO`; each end is `+TIME`, `-TIME`, `YYYYMMDD[HHMM[SS]][Z]`, `0xSECONDS`, and `always` or `forever`.
    ///
    /// # Errors
    /// [`IntervalError`], for what ssh-keygen refuses too.
    pub fn parse(text: &str, now: u64, local_time: LocalTime) -> Result<Self, IntervalError> {
        let interval = match text.split_once(':') {
            None => from_now(text, now)?,
            Some(("", _) | (_, "")) => return Err(IntervalError::Form),
            Some((from, to)) => Self {
                from: time(from, ("always", 0), now, local_time).ok_or(IntervalError::From)?,
                to: time(to, ("forever", FOREVER), now, local_time).ok_or(IntervalError::To)?,
            },
        };
        if interval.from < interval.to { Ok(interval) } else { Err(IntervalError::Empty) }
    }
}

/// From the last full minute that is a minute ago or nearly so, for hosts whose clocks are late.
fn from_now(text: &str, now: u64) -> Result<Interval, IntervalError> {
    let length = text.strip_prefix('+').ok_or(IntervalError::Form)?;
    let seconds = duration::parse(length).ok_or(IntervalError::To)?;
    let to = now.checked_add(seconds).ok_or(IntervalError::To)?;
    Ok(Interval { from: now.saturating_sub(59) / 60 * 60, to })
}

fn time(text: &str, word: (&str, u64), now: u64, local_time: LocalTime) -> Option<u64> {
    if let Some(later) = text.strip_prefix('+') {
        return now.checked_add(duration::parse(later)?);
    }
    if let Some(earlier) = text.strip_prefix('-') {
        return now.checked_sub(duration::parse(earlier)?);
    }
    if text == word.0 {
        return Some(word.1);
    }
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+')),
        None => parse_absolute(text.as_bytes(), local_time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000_019;

    fn parse(text: &str) -> Result<(u64, u64), IntervalError> {
        Interval::parse(text, NOW, |civil| civil.utc().map(|utc| utc - 3600)).map(|interval| (interval.from, interval.to))
    }

    #[test]
    fn a_length_alone_begins_with_the_full_minute_before() {
        assert_eq!(parse("+1h"), Ok((999_999_960, NOW + 3600)));
    }

    #[test]
    fn each_form_of_each_end_is_read() {
        assert_eq!(parse("-5m:+5m"), Ok((NOW - 300, NOW + 300)));
        assert_eq!(parse("always:forever"), Ok((0, u64::MAX)));
        assert_eq!(parse("20010101:20010101000001"), Ok((978_303_600, 978_303_601)));
        assert_eq!(parse("20010101Z:200101010001UTC"), Ok((978_307_200, 978_307_260)));
        assert_eq!(parse("0x10:0xffffffffffffffff"), Ok((16, u64::MAX)));
    }

    #[test]
    fn what_ssh_keygen_refuses_is_refused() {
        for (text, error) in [
            ("1h", IntervalError::Form),
            (":+1h", IntervalError::Form),
            ("-1m:", IntervalError::Form),
            ("forever:forever", IntervalError::From),
            ("always:always", IntervalError::To),
            ("+1h:+1h", IntervalError::Empty),
            ("+2h:+1h", IntervalError::Empty),
            ("-2000000000s:+1h", IntervalError::From),
            ("0x:+1h", IntervalError::From),
            ("20011301:+1h", IntervalError::From),
            ("+1y", IntervalError::To),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
