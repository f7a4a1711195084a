//! The end of a session: as sshd itself ends one on a signal, and by force where it does not.

use rustix::process::Signal;

use crate::arguments::Session;
use crate::sshd::Sshd;
use crate::system::{Level, log};
use crate::terminals::say;

/// Seconds that sshd has to end in good order, and then again to notice that its child was killed.
const PATIENCE: i64 = 5;

/// Seconds between the last words and the end.
const TIME_TO_READ: i64 = 1;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Expired,
    Refused,
    /// The guard cannot go on.
    Failed,
}

impl Why {
    fn reason(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "Your certificate has expired. This session ends now; get a new one and log in again.",
            Self::Refused => "Your certificate is no longer accepted here. This session ends now.",
            Self::Failed => "This session can no longer be watched, and ends now. Log in again.",
        }
    }
}

/// Tells the person and the log, and ends it.
pub(crate) fn end(session: &Session, sshd: &Sshd, why: Why) {
    say(sshd, session.uid, why.sentence());
    // sshd passes on what it has read from the terminal as long as it lives.
    if sshd.is_over_within(TIME_TO_READ) {
        return;
    }
    log(Level::Notice, &format!("ended {} reason={}", session.who(), why.reason()));
    // sshd passes it on to its unprivileged child, closes the PAM session, and writes wtmp.
    sshd.signal(Signal::TERM);
    if sshd.is_over_within(PATIENCE) {
        return;
    }
    // The child is the person's: they can stop it, and what is stopped takes no SIGTERM. Without it sshd ends.
    sshd.children().iter().for_each(|child| child.signal(Signal::KILL));
    if sshd.is_over_within(PATIENCE) {
        return;
    }
    log(Level::Warning, &format!("killed {}: sshd did not end in good order", session.who()));
    // Taken before: they are nobody's children once it has gone.
    let children = sshd.children();
    sshd.signal(Signal::KILL);
    children.iter().for_each(|child| child.signal(Signal::KILL));
}
