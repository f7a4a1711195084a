//! The host's time zone, for `expiry-time=` without `Z`. From /etc/localtime and never from TZ, which is the person's own
//! variable in a setuid program: mktime(3) would let them move the hour.

use tz::{DateTime, TimeZone};
use ussh_cert::timestamp::CivilTime;

const LOCALTIME: &str = "/etc/localtime";

/// Seconds since the epoch; the earlier of two where clocks were set back. A host without /etc/localtime is on UTC.
pub(crate) fn local_time(civil: CivilTime) -> Option<u64> {
    let zone = match std::fs::read(LOCALTIME) {
        Ok(bytes) => TimeZone::from_tz_data(&bytes).ok()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => TimeZone::utc(),
        Err(_) => return None,
    };
    let CivilTime { year, month, day, hour, minute, second } = civil;
    let found = DateTime::find(i32::from(year), month, day, hour, minute, second, 0, zone.as_ref()).ok()?;
    u64::try_from(found.earliest()?.unix_time()).ok()
}
