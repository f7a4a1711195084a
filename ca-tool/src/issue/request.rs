//! What is asked for, read and judged before any key is touched.

use std::time::{SystemTime, UNIX_EPOCH};

use ussh_cert::certificate::{CertificateType, FOREVER};
use ussh_cert::timestamp::CivilTime;
use ussh_cert::validity::Interval;

use super::options::Options;
use crate::error::{Error, Result};
use crate::talk::escaped;

/// As OpenSSH (sshkey.h: SSHKEY_CERT_MAX_PRINCIPALS).
const MAX_PRINCIPALS: usize = 256;

/// What one certificate is to say but for its key and its serial number.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) certificate_type: CertificateType,
    pub(crate) key_id: String,
    pub(crate) principals: Vec<String>,
    pub(crate) interval: Interval,
    pub(crate) options: Options,
}

impl Request {
    /// `principals` and `validity` as typed after `-n` and `-V`.
    pub(crate) fn new(
        certificate_type: CertificateType,
        key_id: &str,
        principals: &str,
        validity: Option<&str>,
        options: &[String],
    ) -> Result<Self> {
        Ok(Self {
            certificate_type,
            key_id: key_id_of(key_id)?,
            principals: principals_of(principals)?,
            interval: interval(validity, now())?,
            options: Options::parse(certificate_type, options)?,
        })
    }

    /// For prompts: `"alice@corp" for alice, valid until 14:57`.
    pub(crate) fn in_words(&self) -> String {
        format!(
            "\"{}\" for {}, valid {}",
            escaped(&self.key_id),
            escaped(&self.principals.join(",")),
            match self.interval.to {
                FOREVER => "for ever".into(),
                end => format!("until {}", until(end)),
            }
        )
    }
}

fn key_id_of(typed: &str) -> Result<String> {
    if typed.is_empty() || typed.contains('\0') {
        return Err(Error::usage("The key ID is empty.", "Name the person or host with -I: logs and revocation go by it."));
    }
    Ok(typed.to_owned())
}

fn principals_of(typed: &str) -> Result<Vec<String>> {
    let principals: Vec<String> = typed.split(',').map(str::to_owned).collect();
    if principals.iter().any(|principal| principal.is_empty() || principal.contains('\0')) {
        return Err(Error::usage(
            format!("\"{typed}\" has an empty principal."),
            "A certificate without principals is nobody's: name users or hosts with -n, as in -n alice,deploy.",
        ));
    }
    if principals.len() > MAX_PRINCIPALS {
        return Err(Error::usage(
            format!("{} principals are more than the {MAX_PRINCIPALS} that OpenSSH reads.", principals.len()),
            "Use fewer, such as roles that AuthorizedPrincipalsFile names.",
        ));
    }
    Ok(principals)
}

/// One hour from a minute ago, unless something else is asked for.
fn interval(typed: Option<&str>, now: u64) -> Result<Interval> {
    let Some(text) = typed else {
        return Ok(Interval { from: now.saturating_sub(60), to: now.saturating_add(3600 - 60) });
    };
    Interval::parse(text, now, local_time).map_err(|error| {
        Error::usage(
            format!("The validity \"{text}\" cannot be used: {error}."),
            "Write it as ssh-keygen does: +8h, -5m:+1h, 20260101:20260201, 202601011200Z:forever, always:0x…",
        )
    })
}

/// The host's zone, or the one that TZ names, as mktime(3) has it.
pub(crate) fn local_time(civil: CivilTime) -> Option<u64> {
    let CivilTime { year, month, day, hour, minute, second } = civil;
    let zone = zone();
    let found = tz::DateTime::find(i32::from(year), month, day, hour, minute, second, 0, zone.as_ref()).ok()?;
    u64::try_from(found.earliest()?.unix_time()).ok()
}

pub(crate) fn zone() -> tz::TimeZone {
    let named = std::env::var("TZ").ok().and_then(|name| tz::TimeZone::from_posix_tz(&name).ok());
    named.or_else(|| tz::TimeZone::local().ok()).unwrap_or_else(tz::TimeZone::utc)
}

/// `14:57` today, `2026-11-23 14:57` on other days, in the person's zone; `never` for ever.
pub(crate) fn until(end: u64) -> String {
    if end == FOREVER {
        return "for ever".into();
    }
    let zone = zone();
    let civil = |seconds: u64| tz::DateTime::from_timespec(i64::try_from(seconds).ok()?, 0, zone.as_ref()).ok();
    let (Some(end_time), Some(today)) = (civil(end), civil(now())) else {
        return "for ages".into();
    };
    let clock = format!("{:02}:{:02}", end_time.hour(), end_time.minute());
    let date = |time: &tz::DateTime| format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.month_day());
    if date(&end_time) == date(&today) { clock } else { format!("{} {clock}", date(&end_time)) }
}

/// Seconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
