//! Two calls of the C library that no crate here offers.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

/// Where syslog(3) writes to.
const LOG: &str = "/dev/log";

/// For a log that is busy.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Keeps every descriptor above standard error from the programs that this process becomes: sshd's own, its connection
/// among them, must not live on in a process that stays.
///
/// # Errors
/// On Linux before 5.11.
pub(crate) fn keep_descriptors_from_children() -> std::io::Result<()> {
    let above_stderr = 3;
    let flags = i32::try_from(libc::CLOSE_RANGE_CLOEXEC).unwrap_or(0);
    // SAFETY: closes nothing; it only sets the close-on-exec flag, which everything opened by std has already.
    let result = unsafe { libc::close_range(above_stderr, libc::c_uint::MAX, flags) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Priorities of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Notice,
    Info,
}

/// Logs a line with facility LOG_AUTHPRIV, or not at all: syslog(3) waits for a log that nobody reads, and a session must
/// end all the same. What comes from elsewhere must be escaped already.
pub(crate) fn log(level: Level, line: &str) {
    let priority = match level {
        Level::Error => libc::LOG_ERR,
        Level::Warning => libc::LOG_WARNING,
        Level::Notice => libc::LOG_NOTICE,
        Level::Info => libc::LOG_INFO,
    };
    let Ok(line) = CString::new(line) else { return };
    if !takes_lines(Path::new(LOG)) {
        return;
    }
    // SAFETY: the name is a static C string, which syslog(3) keeps a pointer to.
    unsafe { libc::openlog(c"ussh-session-guard".as_ptr(), libc::LOG_PID, libc::LOG_AUTHPRIV) };
    // SAFETY: the format takes one C string, which outlives the call.
    unsafe { libc::syslog(libc::LOG_AUTHPRIV | priority, c"%s".as_ptr(), line.as_ptr()) };
    // SAFETY: no conditions. No descriptor is kept: a log that is restarted is found again.
    unsafe { libc::closelog() };
}

fn takes_lines(log: &Path) -> bool {
    let connected = UnixDatagram::unbound().and_then(|socket| socket.connect(log).map(|()| socket));
    connected.is_ok_and(|socket| matches!(poll(&mut [PollFd::new(&socket, PollFlags::OUT)], Some(&PATIENCE)), Ok(1..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_nobody_reads_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert!(!takes_lines(&path));
        let log = UnixDatagram::bind(&path).unwrap();
        assert!(takes_lines(&path));
        let writer = UnixDatagram::unbound().unwrap();
        writer.set_nonblocking(true).unwrap();
        while writer.send_to(b"line", &path).is_ok() {}
        assert!(!takes_lines(&path));
        log.recv(&mut [0; 8]).unwrap();
        assert!(takes_lines(&path));
    }
}
