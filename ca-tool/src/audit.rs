//! The system log, for auditors: one line for each thing that happened, as `name="value"` pairs (AUTHPRIV).
//!
//! The journal is what must not fail; this is the copy that leaves the host with its other logs. Each line has the
//! journal's head, so that a log kept elsewhere shows whether the journal was changed since: `log verify --head`.

use std::fmt::Display;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::clock;
use crate::issue::request::now;
use crate::talk::escaped;

const SOCKET: &str = "/dev/log";
/// LOG_AUTHPRIV of syslog(3).
const FACILITY: u32 = 10;
/// Of one value, in characters: a line should stay one datagram.
const LONGEST: usize = 512;

/// How loud: priorities of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Somebody should look at once.
    Alert,
    /// Somebody should look today.
    Warning,
    Notice,
    Info,
}

/// One line, built field by field.
#[derive(Clone, Debug)]
pub(crate) struct Line(String);

impl Line {
    /// Begins with what happened, such as `issued`.
    pub(crate) fn new(what: &str) -> Self {
        Self(what.to_owned())
    }

    /// Adds ` name="text"`; whatever could end the line or the quotes is escaped, and what is too long is cut.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        let escaped = escaped(text);
        let cut: String = escaped.chars().take(LONGEST).collect();
        let more = if cut.len() < escaped.len() { "…" } else { "" };
        Self(format!("{} {name}=\"{cut}{more}\"", self.0))
    }

    /// Adds ` name=value`, for numbers and fingerprints.
    pub(crate) fn value(self, name: &str, value: impl Display) -> Self {
        Self(format!("{} {name}={value}", self.0))
    }

    /// Sends it. A host without a log, or one that does not take the line, changes nothing.
    pub(crate) fn log(&self, level: Level) {
        let _ = self.send(Path::new(SOCKET), level);
    }

    fn send(&self, socket: &Path, level: Level) -> io::Result<()> {
        let severity = match level {
            Level::Alert => 1,
            Level::Warning => 4,
            Level::Notice => 5,
            Level::Info => 6,
        };
        let time = clock::syslog(i64::try_from(now()).unwrap_or(0));
        let line = format!("<{}>{time} ca-tool[{}]: {}", FACILITY * 8 + severity, std::process::id(), self.0);
        let log = UnixDatagram::unbound()?;
        log.set_nonblocking(true)?;
        log.send_to(line.as_bytes(), socket).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(line: &Line, level: Level) -> String {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("log");
        let log = UnixDatagram::bind(&socket).unwrap();
        line.send(&socket, level).unwrap();
        let mut bytes = [0; 8192];
        let length = log.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_line_is_authpriv_and_names_the_program() {
        let line = received(&Line::new("issued").text("key_id", "alice").value("serial", 7), Level::Info);
        assert!(line.starts_with("<86>"), "{line}");
        assert!(line.ends_with(&format!(" ca-tool[{}]: issued key_id=\"alice\" serial=7", std::process::id())), "{line}");
        assert!(received(&Line::new("x"), Level::Alert).starts_with("<81>"));
    }

    #[test]
    fn nobody_can_end_the_quotes_or_the_line() {
        let line = received(&Line::new("issued").text("key_id", "a\" serial=1\nroot\u{1b}[2J\u{202e}"), Level::Info);
        assert!(line.ends_with("key_id=\"a\\\" serial=1\\nroot\\u{1b}[2J\\u{202e}\""), "{line}");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let line = received(&Line::new("issued").text("key_id", &"x".repeat(100_000)).value("serial", 7), Level::Info);
        assert!(line.len() < 1000 && line.ends_with("x…\" serial=7"), "{line}");
    }

    #[test]
    fn a_host_without_a_log_is_no_failure() {
        Line::new("issued").log(Level::Info);
        assert!(Line::new("issued").send(Path::new("/nowhere/log"), Level::Info).is_err());
    }
}
