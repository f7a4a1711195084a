//! How long a session may last, for pam_systemd: the PAM data `systemd.runtime_max_sec` (systemd 244 and newer).
#![allow(unsafe_code)]

use pamsm::{Pam, PamData, PamLibExt};

/// See pam_systemd(8), "module types provided".
const NAME: &str = "systemd.runtime_max_sec";

/// Decimal digits and a NUL: more than the longest number of seconds.
const LENGTH: usize = 24;

/// A C string. libpam keeps a pointer to it, and pam_systemd reads from there.
#[derive(Clone)]
#[repr(transparent)]
struct CBuffer([u8; LENGTH]);

impl PamData for CBuffer {}

impl CBuffer {
    /// Seconds without a unit, as in systemd.time(7). Never 0, which systemd takes for no limit.
    fn new(seconds: u64) -> Self {
        let mut buffer = [0; LENGTH];
        for (place, digit) in buffer.iter_mut().take(LENGTH - 1).zip(seconds.max(1).to_string().bytes()) {
            *place = digit;
        }
        Self(buffer)
    }
}

/// Ends the session so many seconds after pam_systemd has opened it, where logind runs it.
pub(super) fn set(pam: &Pam, seconds: u64) -> Result<(), String> {
    // SAFETY: nobody asks pamsm for this name's data. pam_systemd reads a C string at the pointer, and that is what a
    // `CBuffer` is: transparent, with a NUL in it; libpam keeps it until pam_end(3).
    unsafe { pam.send_data(NAME, CBuffer::new(seconds)) }.map_err(|error| format!("cannot set {NAME}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_seconds_becomes_a_c_string() {
        for (seconds, text) in [(3600, "3600"), (1, "1"), (0, "1"), (u64::MAX, "18446744073709551615")] {
            let buffer = CBuffer::new(seconds);
            assert_eq!(std::ffi::CStr::from_bytes_until_nul(&buffer.0).unwrap().to_str(), Ok(text));
        }
    }
}
