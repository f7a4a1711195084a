//! `end_session` and what belongs to it: whether, and how, a session of sshd ends when its certificate does.

use super::{flag, positive_duration};

/// Nobody is warned more often.
const MOST_WARNINGS: usize = 8;

/// The least and the most seconds between two looks at the certificate of an open session.
const CHECK_SECONDS: std::ops::RangeInclusive<u64> = 5..=3600;

/// What the line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndSession {
    /// `end_session`
    pub(crate) mode: Mode,
    /// `session_warnings=`: seconds before the end, the longest first
    pub(crate) warnings: Vec<u64>,
    /// `session_check=`: seconds from one look at the certificate to the next
    pub(crate) check: u64,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// When the person likes.
    Off,
    /// With the certificate that opened it, at the latest.
    WithCertificate,
    /// Later, if their agent holds a newer certificate by then.
    Renewable,
}

impl Default for EndSession {
    fn default() -> Self {
        Self { mode: Mode::Off, warnings: vec![300, 60], check: 60 }
    }
}

pub(super) fn mode(value: Option<&str>) -> Result<Mode, String> {
    match value {
        Some("renew") => Ok(Mode::Renewable),
        Some(other) if flag(Some(other)).is_err() => Err("must be yes, no or renew".to_owned()),
        other => flag(other).map(|on| if on { Mode::WithCertificate } else { Mode::Off }),
    }
}

pub(super) fn warnings(value: &str) -> Result<Vec<u64>, String> {
    if value == "none" {
        return Ok(Vec::new());
    }
    let mut warnings = value.split(',').map(positive_duration).collect::<Result<Vec<_>, _>>()?;
    if warnings.len() > MOST_WARNINGS {
        return Err(format!("has more than {MOST_WARNINGS} times"));
    }
    warnings.sort_unstable_by(|a, b| b.cmp(a));
    warnings.dedup();
    Ok(warnings)
}

pub(super) fn check(value: &str) -> Result<u64, String> {
    let seconds = positive_duration(value)?;
    if CHECK_SECONDS.contains(&seconds) { Ok(seconds) } else { Err("must be a time from 5s to 1h".to_owned()) }
}
