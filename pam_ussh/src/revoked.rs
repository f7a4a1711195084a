//! The host's lists of revoked keys, as sshd's RevokedKeys: each is read through once for a question, whoever asks and
//! however many certificates they have. What is wrong with a list is wrong for everybody.

mod encoded;
mod seen;

use std::io::BufReader;
use std::path::Path;

use ussh_cert::Certificate;
use ussh_cert::duration::in_words;
use ussh_cert::krl::Header;
use ussh_cert::revocation::Revocation;
use ussh_cert::timestamp::rfc3339;

use crate::authenticate::now;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::safe_path::settled;
use seen::Seen;

/// OpenSSH loads no larger file.
const MOST_BYTES: usize = 128 * 1024 * 1024;

/// All that is held of a list, but for one key.
const BUFFER: usize = 64 * 1024;

/// How far the clock of whoever made the list may be ahead of ours, in seconds.
const CLOCK_SKEW: u64 = 300;

/// What the lists say of these certificates; `None` where the host has no lists.
///
/// # Errors
/// A list that is missing, unsafe, malformed, too old, older than before, or being written.
pub(crate) fn ask<'c>(
    options: &Options,
    report: &Report<'_>,
    certificates: impl IntoIterator<Item = &'c Certificate<'c>>,
) -> Result<Option<Revocation<'c>>, Outcome> {
    if options.revoked_keys.is_empty() {
        return Ok(None);
    }
    let mut revocation = Revocation::of(certificates);
    for path in &options.revoked_keys {
        ask_list(path, options, report, &mut revocation).map_err(Outcome::Misconfigured)?;
    }
    Ok(Some(revocation))
}

fn ask_list(path: &Path, options: &Options, report: &Report<'_>, revocation: &mut Revocation<'_>) -> Result<(), String> {
    let note = |what: &str| report.debug(what);
    // Before the list is opened: so it can have become newer since then, but not older.
    let seen = Seen::recall(path, &note)?;
    let (header, answers) = settled::read(path, MOST_BYTES, &note, |file, length| {
        revocation.ask(BufReader::with_capacity(BUFFER, file), length).map_err(|error| error.to_string())
    })?;
    let at = |what: String| format!("{}: {what}", path.display());
    if let Some(max_age) = options.krl_max_age {
        check_age(header.as_ref(), max_age, now()).map_err(at)?;
    }
    seen.check(header.as_ref()).map_err(at)?;
    if let Some(header) = header {
        seen.keep(&header, now(), &note);
    }
    revocation.add(&answers);
    Ok(())
}

/// `krl_max_age`: who can hold back new lists must not be able to hold them back for long.
fn check_age(header: Option<&Header>, max_age: u64, now: u64) -> Result<(), String> {
    let Some(Header { generated_date, .. }) = header else {
        return Err("is a list of keys without a date; krl_max_age needs a KRL".to_owned());
    };
    if *generated_date > now.saturating_add(CLOCK_SKEW) {
        return Err(format!("was generated {} in the future", in_words(generated_date - now)));
    }
    let age = now.saturating_sub(*generated_date);
    if age > max_age {
        let generated = rfc3339(*generated_date);
        return Err(format!("was generated at {generated}, longer ago than krl_max_age allows ({})", in_words(max_age)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_as_old_as_it_says_to_the_second() {
        let check =
            |generated_date, max_age, now| check_age(Some(&Header { version: 1, generated_date, flags: 0 }), max_age, now);
        assert_eq!(check(1000, 60, 1060), Ok(()));
        let too_old = "was generated at 1970-01-01T00:16:40Z, longer ago than krl_max_age allows (1 minute)";
        assert_eq!(check(1000, 60, 1061), Err(too_old.to_owned()));
        assert_eq!(check(1300, 60, 1000), Ok(()));
        assert_eq!(check(1301, 60, 1000), Err("was generated 5 minutes in the future".to_owned()));
        assert!(check(u64::MAX, u64::MAX, 1000).is_err());
        assert_eq!(check(0, u64::MAX, u64::MAX), Ok(()));
        assert!(check_age(None, u64::MAX, 0).is_err());
    }
}
