//! Where the person reads: the session's terminals.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

use crate::processes::Stat;
use crate::sshd::Sshd;

/// Unix98 pseudo terminals: Documentation/admin-guide/devices.txt of Linux.
const MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

/// Writes a line to every terminal of the session. One that takes nothing (somebody pressed Ctrl-S) misses it: nothing
/// is waited for.
pub(crate) fn say(sshd: &Sshd, uid: u32, line: &str) {
    let text = format!("\r\n{line}\r\n");
    for mut terminal in terminals(sshd, uid) {
        let _ = terminal.write(text.as_bytes());
    }
}

fn terminals(sshd: &Sshd, uid: u32) -> Vec<File> {
    let mut devices: Vec<u32> = sshd.session_processes().into_iter().filter_map(Stat::of).map(|stat| stat.terminal).collect();
    devices.sort_unstable();
    devices.dedup();
    devices.into_iter().filter_map(|device| open(device, uid)).collect()
}

/// The terminal with this device number, if it is the person's.
fn open(device: u32, uid: u32) -> Option<File> {
    let (major, minor) = (libc::major(device.into()), libc::minor(device.into()));
    if !MAJORS.contains(&major) {
        return None;
    }
    let number = (major - MAJORS.start()) * 256 + minor;
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let terminal = OpenOptions::new().write(true).custom_flags(flags).open(format!("/dev/pts/{number}")).ok()?;
    let metadata = terminal.metadata().ok()?;
    let is_it = metadata.file_type().is_char_device() && metadata.rdev() == u64::from(device);
    (is_it && metadata.uid() == uid).then_some(terminal)
}
