//! Two clocks, and the wait for a moment of either.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};

use crate::schedule::Moment;
use crate::sshd::Sshd;

/// As far ahead as a timer is set: no timer has to know of for ever.
const FARTHEST: u64 = 30 * 86_400;

/// The timers.
pub(crate) struct Clocks {
    wall: OwnedFd,
    boot: OwnedFd,
}

impl Clocks {
    pub(crate) fn new() -> Result<Self, String> {
        let timer = |clock| timerfd_create(clock, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK);
        let timers = timer(TimerfdClockId::Realtime).and_then(|wall| Ok(Self { wall, boot: timer(TimerfdClockId::Boottime)? }));
        timers.map_err(|error| format!("there are no timers: {error}"))
    }

    pub(crate) fn now() -> Moment {
        Moment { wall: seconds(ClockId::Realtime), boot: seconds(ClockId::Boottime) }
    }

    /// Waits for the earlier of these two, or until somebody sets the wall clock. False when sshd's process ends first.
    pub(crate) fn wait(&self, sshd: &Sshd, next: Moment) -> Result<bool, String> {
        let now = Self::now();
        let failed = |error: Errno| format!("cannot wait: {error}");
        set(&self.boot, next.boot.min(now.boot + FARTHEST), TimerfdTimerFlags::ABSTIME).map_err(failed)?;
        let told_of_steps = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match set(&self.wall, next.wall.min(now.wall + FARTHEST), told_of_steps) {
            // The clock was set since the last time: there may be something to do.
            Err(Errno::CANCELED) => return Ok(true),
            other => other.map_err(failed)?,
        }
        let mut waited_for =
            [PollFd::new(sshd, PollFlags::IN), PollFd::new(&self.wall, PollFlags::IN), PollFd::new(&self.boot, PollFlags::IN)];
        match poll(&mut waited_for, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(failed(error)),
        }
        let [gone, _, _] = waited_for;
        // Reading takes the news of a step away, else the next call would hear of it again.
        let _ = read(&self.wall, &mut [0; 8]);
        Ok(gone.revents().is_empty())
    }
}

/// Whole seconds. A clock before the epoch counts as the epoch.
fn seconds(clock: ClockId) -> u64 {
    u64::try_from(clock_gettime(clock).tv_sec).unwrap_or(0)
}

fn set(timer: impl AsFd, at: u64, flags: TimerfdTimerFlags) -> Result<(), Errno> {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Never 0, which would disarm it; a moment that is over fires at once.
    let at = Timespec { tv_sec: i64::try_from(at).unwrap_or(i64::MAX).max(1), tv_nsec: 0 };
    timerfd_settime(timer, flags, &Itimerspec { it_interval: zero, it_value: at }).map(drop)
}
