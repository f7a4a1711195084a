//! Points in time for people, in the zone of the host or of TZ.

use crate::issue::request::zone;

/// `2026-11-22 14:57:03`.
pub(crate) fn stamp(seconds: i64) -> String {
    local(seconds).map_or_else(
        || format!("{seconds} s after 1970"),
        |at| {
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                at.year(),
                at.month(),
                at.month_day(),
                at.hour(),
                at.minute(),
                at.second()
            )
        },
    )
}

/// `20261122T145703`, as ssh-keygen writes the date of a revocation list.
pub(crate) fn digits(seconds: u64) -> String {
    let text = stamp(i64::try_from(seconds).unwrap_or(i64::MAX));
    text.replace(['-', ':'], "").replacen(' ', "T", 1)
}

/// `Nov 22 14:57:03`, as syslog(3) writes it.
pub(crate) fn syslog(seconds: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    local(seconds).map_or_else(String::new, |at| {
        let month = MONTHS.get(usize::from(at.month()).saturating_sub(1)).unwrap_or(&"Jan");
        format!("{month} {:2} {:02}:{:02}:{:02}", at.month_day(), at.hour(), at.minute(), at.second())
    })
}

fn local(seconds: i64) -> Option<tz::DateTime> {
    tz::DateTime::from_timespec(seconds, 0, zone().as_ref()).ok()
}
