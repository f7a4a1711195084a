//! What goes wrong: what happened, and what to do about it, for a person.

use std::fmt;
use std::process::ExitCode;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Two sentences, or two halves of one: both are shown, in this order.
#[derive(Debug)]
pub(crate) struct Error {
    what: String,
    next: String,
    usage: bool,
}

impl Error {
    /// Refused or failed: exit code 1.
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), usage: false }
    }

    /// Typed wrong: exit code 2, as for all that the command line's parser refuses itself.
    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(what, next) }
    }

    /// Whoever read has had enough, as `head` has: exit code 1, and nothing more to say.
    pub(crate) fn nobody_listens() -> Self {
        Self::new("", "")
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.what.is_empty()
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn next(&self) -> &str {
        &self.next
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.next)
    }
}

/// Turns any other error into one of ours: its words become part of what happened.
pub(crate) trait OrSay<T> {
    /// `what` is a sentence without its full stop; the error's own words follow after a colon.
    fn or_say(self, what: impl fmt::Display, next: impl Into<String>) -> Result<T>;
}

impl<T, E: fmt::Display> OrSay<T> for std::result::Result<T, E> {
    fn or_say(self, what: impl fmt::Display, next: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error::new(format!("{what}: {error}."), next))
    }
}
