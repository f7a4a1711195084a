//! Points in time: OpenSSH's absolute form in options, RFC 3339 for people and logs. UTC but for what the caller converts.

/// A date and time of day without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 60.
    pub second: u8,
}

/// Turns a time in the host's zone into seconds since the epoch (mktime(3)); the zone is not this crate's to know.
pub type LocalTime = fn(CivilTime) -> Option<u64>;

const SECONDS_A_DAY: u64 = 86_400;

/// `YYYYMMDD[HHMM[SS]]`, in the host's zone unless `Z` or `UTC` follows (misc.c: parse_absolute_time).
pub fn parse_absolute(text: &[u8], local_time: LocalTime) -> Option<u64> {
    let (digits, utc) = match text {
        [digits @ .., b'Z' | b'z'] => (digits, true),
        [digits @ .., b'U' | b'u', b'T' | b't', b'C' | b'c'] => (digits, true),
        digits => (digits, false),
    };
    let civil = CivilTime::from_digits(digits)?;
    if utc { civil.utc() } else { local_time(civil) }
}

impl CivilTime {
    fn from_digits(digits: &[u8]) -> Option<Self> {
        let all_digits = digits.iter().all(u8::is_ascii_digit);
        if !all_digits || !matches!(digits.len(), 8 | 12 | 14) {
            return None;
        }
        let part = |from: usize, to: usize| match digits.get(from..to) {
            Some(part) => std::str::from_utf8(part).ok()?.parse::<u16>().ok(),
            None => Some(0),
        };
        let small = |from| part(from, from + 2).and_then(|number| u8::try_from(number).ok());
        let civil = Self {
            year: part(0, 4)?,
            month: small(4)?,
            day: small(6)?,
            hour: small(8)?,
            minute: small(10)?,
            second: small(12)?,
        };
        civil.exists().then_some(civil)
    }

    fn exists(self) -> bool {
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if is_leap(self.year) => 29,
            2 => 28,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&self.day) && self.hour < 24 && self.minute < 60 && self.second <= 60
    }

    /// Seconds since the epoch, taking this as UTC; `None` before it.
    pub fn utc(self) -> Option<u64> {
        // Years begin in March here, so that the leap day is the last one.
        let (year, month) = match self.month {
            1 | 2 => (u64::from(self.year).checked_sub(1)?, u64::from(self.month) + 9),
            month => (u64::from(self.year), u64::from(month).checked_sub(3)?),
        };
        let day_of_year = (153 * month + 2) / 5 + u64::from(self.day).checked_sub(1)?;
        let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year;
        let days = days.checked_sub(719_468)?; // 1970-01-01
        Some(days * SECONDS_A_DAY + u64::from(self.hour) * 3600 + u64::from(self.minute) * 60 + u64::from(self.second))
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// RFC 3339 in UTC, to the second; `never` for the last second that a certificate can name, `after 9999` beyond the calendar.
pub fn rfc3339(seconds: u64) -> String {
    if seconds == crate::certificate::FOREVER {
        return "never".to_owned();
    }
    let (days, time) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    if days > 2_932_896 {
        return "after 9999".to_owned();
    }
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = 400 * era + year_of_era + next_year;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_agree_both_ways() {
        for (seconds, date, digits) in [
            (0, "1970-01-01T00:00:00Z", "19700101000000Z"),
            (951_782_399, "2000-02-28T23:59:59Z", "20000228235959Z"),
            (951_782_400, "2000-02-29T00:00:00Z", "20000229Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z", "202403010000UTC"),
            (4_107_542_400, "2100-03-01T00:00:00Z", "21000301z"),
            (253_402_300_799, "9999-12-31T23:59:59Z", "99991231235959Z"),
        ] {
            assert_eq!(rfc3339(seconds), date);
            assert_eq!(parse_absolute(digits.as_bytes(), |_| None), Some(seconds), "{digits}");
        }
        assert_eq!(rfc3339(253_402_300_800), "after 9999");
        assert_eq!(rfc3339(u64::MAX), "never");
    }

    #[test]
    fn a_time_without_zone_is_the_hosts() {
        assert_eq!(parse_absolute(b"203001020304", |civil| Some(u64::from(civil.hour))), Some(3));
        assert_eq!(parse_absolute(b"20300102", |_| None), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "Z",
            "UTC",
            "2030",
            "20301301Z",
            "20300230Z",
            "20290229Z",
            "21000229Z",
            "20300431Z",
            "20300631Z",
            "2030+101Z",
            "203001010060Z",
            "20300101000061Z",
            "2030010124Z",
            "203001012400Z",
            "2030010a",
            "+2030101Z",
            "19691231Z",
        ] {
            assert_eq!(parse_absolute(text.as_bytes(), |c| c.utc()), None, "{text}");
        }
    }
}
