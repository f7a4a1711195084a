//! Sentences for the person, and text from elsewhere made fit for a line.

/// The module's sentences are shorter.
const LONGEST: usize = 400;

/// Without control characters, which could do something to a terminal or make a line two, and cut.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

/// `4 minutes`, `1 minute`, `50 seconds`.
pub(crate) fn in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 if seconds != 60 => (seconds, "second"),
        0..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `14:05 UTC`, of a time in seconds since the epoch.
pub(crate) fn clock_time(seconds: u64) -> String {
    let minutes = seconds / 60 % (24 * 60);
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        for (seconds, words) in [
            (1, "1 second"),
            (50, "50 seconds"),
            (60, "1 minute"),
            (61, "61 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (300, "5 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
        assert_eq!(clock_time(1_795_000_000), "11:06 UTC");
        assert_eq!(clock_time(59), "00:00 UTC");
    }

    #[test]
    fn nothing_that_moves_a_cursor_is_passed_on() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\u{9b}d é"), "a[2Jbcd é");
        assert_eq!(plain(&"x".repeat(1000)).len(), LONGEST);
    }
}
