//! What people do to the card: touch it, or not, and pull it out; and what the card was seen doing meanwhile.
//!
//! Kept apart from the card's own state, so that a test can look and act while the card waits for a touch.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a person's finger does when the card blinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Touches at once.
    Given,
    /// Does not touch: the card gives up when its time limit is over.
    Withheld,
    /// Touches after so long a time.
    After(Duration),
}

/// See the module.
pub(super) struct Hands {
    inner: Mutex<Inner>,
    moved: Condvar,
}

struct Inner {
    touch: Touch,
    time_limit: Duration,
    cached_for: Duration,
    touched: Option<Instant>,
    touches: usize,
    commands: Vec<String>,
    gone: bool,
    /// How often it was pulled out. A command that began before does not end after, even if the card is in again.
    pulled: usize,
    unplug_before: Option<String>,
    unplug_after: Option<String>,
}

impl Hands {
    pub(super) fn new() -> Self {
        let inner = Inner {
            touch: Touch::Given,
            time_limit: Duration::from_millis(200),
            cached_for: Duration::from_secs(15),
            touched: None,
            touches: 0,
            commands: vec![],
            gone: false,
            pulled: 0,
            unplug_before: None,
            unplug_after: None,
        };
        Self { inner: Mutex::new(inner), moved: Condvar::new() }
    }

    pub(super) fn touch(&self, touch: Touch) {
        self.inner().touch = touch;
        self.moved.notify_all();
    }

    pub(super) fn touch_time_limit(&self, limit: Duration) {
        self.inner().time_limit = limit;
        self.moved.notify_all();
    }

    pub(super) fn touch_cached_for(&self, time: Duration) {
        self.inner().cached_for = time;
    }

    /// Whether a touch given before still counts.
    pub(super) fn touched_lately(&self) -> bool {
        let inner = self.inner();
        inner.touched.is_some_and(|touched| touched.elapsed() < inner.cached_for)
    }

    pub(super) fn touches(&self) -> usize {
        self.inner().touches
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.inner().commands.clone()
    }

    pub(super) fn unplug(&self) {
        self.inner().pull();
        self.moved.notify_all();
    }

    pub(super) fn plug_in(&self) {
        let mut inner = self.inner();
        (inner.gone, inner.touched) = (false, None);
    }

    pub(super) fn unplug_before(&self, command: &str) {
        self.inner().unplug_before = Some(command.into());
    }

    pub(super) fn unplug_after(&self, command: &str) {
        self.inner().unplug_after = Some(command.into());
    }

    /// Writes the command down; `None` when the card is gone before it is carried out. What it gives is for `command_ends`.
    pub(super) fn command_arrives(&self, name: &str) -> Option<usize> {
        let mut inner = self.inner();
        if inner.unplug_before.take_if(|planned| name.starts_with(&**planned)).is_some() {
            inner.pull();
        }
        if inner.gone {
            return None;
        }
        inner.commands.push(name.into());
        Some(inner.pulled)
    }

    /// `None` when the card was pulled out before its answer was read.
    pub(super) fn command_ends(&self, name: &str, pulled_before: usize) -> Option<()> {
        let mut inner = self.inner();
        if inner.unplug_after.take_if(|planned| name.starts_with(&**planned)).is_some() {
            inner.pull();
        }
        (inner.pulled == pulled_before).then_some(())
    }

    /// Blinks until it is touched (true), or the time limit is over, or the card is gone (false).
    pub(super) fn wait_for_touch(&self) -> bool {
        let asked = Instant::now();
        let mut inner = self.inner();
        inner.touches += 1;
        let pulled_before = inner.pulled;
        while inner.pulled == pulled_before {
            let waited = asked.elapsed();
            let touched_after = match inner.touch {
                Touch::Given => Some(Duration::ZERO),
                Touch::Withheld => None,
                Touch::After(time) => Some(time),
            };
            if touched_after.is_some_and(|time| time <= waited && time <= inner.time_limit) {
                inner.touched = Some(Instant::now());
                return true;
            }
            if waited >= inner.time_limit {
                return false;
            }
            let until = touched_after.unwrap_or(inner.time_limit).min(inner.time_limit).saturating_sub(waited);
            inner = self.moved.wait_timeout(inner, until).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn pull(&mut self) {
        self.gone = true;
        self.pulled += 1;
    }
}
