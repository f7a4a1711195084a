//! What /proc says of a process.

use std::fs::{self, File};
use std::io::Read;

use rustix::process::Pid;

/// Of `/proc/PID/stat`: proc_pid_stat(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Field 4.
    pub(crate) parent: i32,
    /// Field 7: the device number of the controlling terminal, 0 for none.
    pub(crate) terminal: u32,
    /// Field 22: when it started, in clock ticks since boot.
    pub(crate) started: u64,
}

impl Stat {
    pub(crate) fn of(pid: Pid) -> Option<Self> {
        // Longer than the line ever is, and no allocation.
        let mut line = [0; 1024];
        let size = File::open(path(pid, "stat")).ok()?.read(&mut line).ok()?;
        Self::parse(line.get(..size)?)
    }

    /// The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    fn parse(line: &[u8]) -> Option<Self> {
        let name_ends = line.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(line.get(name_ends + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        let terminal = fields.nth(2)?.parse::<i32>().ok()?.cast_unsigned();
        let started = fields.nth(14)?.parse().ok()?;
        Some(Self { parent, terminal, started })
    }
}

pub(crate) fn path(pid: Pid, file: &str) -> String {
    format!("/proc/{}/{file}", pid.as_raw_nonzero())
}

/// The processes that any thread of this one has started and that still run.
pub(crate) fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(path(pid, "task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(parse_pid).collect::<Vec<_>>()).collect()
}

pub(crate) fn parse_pid(text: &str) -> Option<Pid> {
    text.parse().ok().filter(|&pid| pid > 0).and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_behind_the_name() {
        let line = b"77 (a) 1 (b) c) S 66 77 77 34817 77 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4321 9 9\n";
        assert_eq!(Stat::parse(line), Some(Stat { parent: 66, terminal: 34817, started: 4321 }));
        assert_eq!(Stat::parse(b"77 (a) S 66"), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn children_are_found() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let me = rustix::process::getpid();
        let pid = Pid::from_child(&child);
        assert!(children(me).contains(&pid));
        assert_eq!(Stat::of(pid).unwrap().parent, me.as_raw_nonzero().get());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children(me).contains(&pid));
        assert_eq!(Stat::of(pid), None);
    }
}
