//! sshd's privileged process, the one that ran open_session: held by pidfd, so that it can never be taken for another.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getppid, pidfd_open, pidfd_send_signal};
use rustix::time::Timespec;

use crate::processes::{Stat, children, parse_pid};

/// A process by its pidfd.
#[derive(Debug)]
pub(crate) struct Held(OwnedFd);

impl Held {
    fn open(pid: Pid) -> Result<Self, Errno> {
        pidfd_open(pid, PidfdFlags::empty()).map(Self)
    }

    /// A child of `parent`, unless it has gone meanwhile.
    fn child(pid: Pid, parent: Pid) -> Option<Self> {
        let held = Self::open(pid).ok()?;
        let is_child = Stat::of(pid)?.parent == parent.as_raw_nonzero().get();
        // Alive still, so the pid has been its own all the time.
        (is_child && !is_over(&held.0)).then_some(held)
    }

    /// That it has gone already is as good.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.0, signal);
    }
}

/// sshd's process, as `watch` has it: on standard input.
#[derive(Debug)]
pub(crate) struct Sshd {
    held: Held,
    pid: Pid,
}

impl Sshd {
    /// The process that started this one, for [`Sshd::from_stdin`] of another.
    ///
    /// # Errors
    /// When it has gone already, or is init, which nobody's session is.
    pub(crate) fn parent() -> Result<OwnedFd, String> {
        let parent = getppid().filter(|&pid| !pid.is_init()).ok_or("who started this has gone")?;
        let held = Held::open(parent).map_err(|error| format!("cannot hold process {parent}: {error}"))?;
        // Had it gone before it was held, this one would have another parent by now.
        if getppid() == Some(parent) { Ok(held.0) } else { Err("who started this has gone".to_owned()) }
    }

    /// # Errors
    /// When standard input is no pidfd, or its process has gone.
    pub(crate) fn from_stdin() -> Result<Self, String> {
        let info = fs::read_to_string("/proc/self/fdinfo/0").map_err(|error| format!("standard input: {error}"))?;
        let pid = info.lines().find_map(|line| line.strip_prefix("Pid:")).ok_or("standard input is no pidfd")?;
        let pid = parse_pid(pid.trim()).ok_or("sshd's process has gone")?;
        let held = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| format!("standard input: {error}"))?;
        Ok(Self { held: Held(held), pid })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.held.signal(signal);
    }

    /// Whether it is over within so many seconds.
    pub(crate) fn is_over_within(&self, seconds: i64) -> bool {
        let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
        !matches!(poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&limit)), Ok(0) | Err(_))
    }

    /// Its children: the unprivileged process that serves the connection, or, in a login as root with an OpenSSH before
    /// 9.8, the session's processes themselves.
    pub(crate) fn children(&self) -> Vec<Held> {
        let held = children(self.pid).into_iter().filter_map(|pid| Held::child(pid, self.pid)).collect();
        if is_over(self) { Vec::new() } else { held }
    }

    /// What it runs for the person: its children and theirs, not what those started.
    pub(crate) fn session_processes(&self) -> Vec<Pid> {
        let near = children(self.pid);
        let far: Vec<Pid> = near.iter().copied().flat_map(children).collect();
        near.into_iter().chain(far).collect()
    }
}

impl AsFd for Sshd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.held.0.as_fd()
    }
}

fn is_over(process: &impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&now)) != Ok(0)
}
