//! Lengths of time, in the TIME FORMATS of sshd_config(5) and in words.

/// Parses `90`, `90s`, `1h30m`, `2w` … into seconds; `None` when it is none of these or overflows.
pub fn parse(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits)?;
        let mut after = tail.chars();
        let unit = match after.next() {
            None | Some('s' | 'S') => 1,
            Some('m' | 'M') => 60,
            Some('h' | 'H') => 3_600,
            Some('d' | 'D') => 86_400,
            Some('w' | 'W') => 604_800,
            Some(_) => return None,
        };
        total = number.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(total)?;
        rest = after.as_str();
    }
    Some(total)
}

/// `1 second`, `3 minutes`, `2 hours`, `5 days`: the largest unit that fits, rounded down.
pub fn in_words(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_sshd_config_are_read() {
        for (text, seconds) in [("0", 0), ("90", 90), ("90s", 90), ("1h30m", 5_400), ("2W", 1_209_600), ("1d12h", 129_600)] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for text in ["", "h", "1x", "-1", "1.5h", "1 h", "99999999999999999999", "99999999999999999w", "ä"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_in_the_largest_unit_that_fits() {
        for (seconds, words) in [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7_200, "2 hours"), (200_000, "2 days")]
        {
            assert_eq!(in_words(seconds), words);
        }
    }
}
