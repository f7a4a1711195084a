//! The journal for people. Names from elsewhere are escaped: a key ID may hold anything.

use std::fmt::Write;

use ussh_cert::key::fingerprint;

use crate::clock::stamp;
use crate::issue::request::until;
use crate::journal::{Entry, Revocation, Row, Status, WrittenKrl};
use crate::talk::escaped;

/// One line for `log list`.
pub(super) fn line(entry: &Entry) -> String {
    let row = &entry.row;
    let mut line = format!("{:>6}  {}  {:<11} ", row.seq, stamp(row.time), entry.status().name());
    line.push_str(&what(entry));
    let _ = write!(line, ", by {}", by(row));
    if let Some(reason) = entry.reason().filter(|_| entry.status() != Status::Begun) {
        let _ = write!(line, ": {}", escaped(reason));
    }
    line
}

fn what(entry: &Entry) -> String {
    let row = &entry.row;
    if let Some(revocation) = Revocation::from_row(row) {
        return revocation.in_words();
    }
    if let Some(krl) = WrittenKrl::from_row(row) {
        return format!("{} version {}", escaped(&krl.file), krl.version);
    }
    match (row.serial, &row.key_id) {
        (Some(serial), Some(key_id)) => {
            format!("serial {serial}, \"{}\" for {}, valid until {}", escaped(key_id), names(entry), end(row))
        }
        _ => "the journal".into(),
    }
}

fn names(entry: &Entry) -> String {
    entry.principals().iter().map(|name| escaped(name)).collect::<Vec<_>>().join(",")
}

fn end(row: &Row) -> String {
    row.valid_before.map_or_else(String::new, until)
}

/// `alice`, or `root (alice)` behind sudo.
fn by(row: &Row) -> String {
    let login = row.login.as_deref().map_or_else(|| row.uid.to_string(), escaped);
    match &row.sudo_user {
        Some(other) => format!("{login} ({})", escaped(other)),
        None => login,
    }
}

/// All of it, for `log show`.
pub(super) fn page(entry: &Entry) -> String {
    let row = &entry.row;
    let mut page = format!("{}: {}\n", row.seq, entry.status().name());
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(page, "  {name:<12}{value}");
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(escaped);
    say("When", Some(stamp(row.time)));
    say("Asked by", Some(asked_by(row)));
    say("Reason", text(&row.reason));
    say("Revoked", Revocation::from_row(row).map(|revocation| revocation.in_words()));
    say("List", WrittenKrl::from_row(row).map(|_| what(entry)));
    say("Type", row.certificate_type.as_deref().map(|kind| format!("{kind} certificate")));
    say("Serial", row.serial.map(|serial| serial.to_string()));
    say("Key ID", row.key_id.as_deref().map(|key_id| format!("\"{}\"", escaped(key_id))));
    say("Principals", Some(names(entry)).filter(|names| !names.is_empty()));
    say("Valid from", row.valid_after.map(until));
    say("Valid until", row.valid_before.map(until));
    say("Options", options(row));
    say("Key", row.key.as_deref().map(|key| format!("{key} {}", escaped(row.key_comment.as_deref().unwrap_or_default()))));
    say("CA", row.ca.clone());
    for outcome in &entry.outcomes {
        let reason = outcome.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", escaped(reason)));
        let certificate =
            outcome.certificate.as_deref().map_or_else(String::new, |blob| format!(", certificate {}", fingerprint(blob)));
        say(outcome.event.name(), Some(format!("{}, row {}{certificate}{reason}", stamp(outcome.time), outcome.seq)));
    }
    page
}

fn asked_by(row: &Row) -> String {
    let mut words = format!("{}, uid {}", by(row), row.uid);
    if let Some(loginuid) = row.loginuid.filter(|loginuid| *loginuid != row.uid) {
        let _ = write!(words, ", logged in as uid {loginuid}");
    }
    words
}

fn options(row: &Row) -> Option<String> {
    let options = row.options()?;
    let words = |list: Vec<(String, Option<String>)>| {
        list.into_iter().map(|(name, value)| match value {
            Some(value) => format!("{}={}", escaped(&name), escaped(&value)),
            None => escaped(&name),
        })
    };
    let all: Vec<String> = words(options.critical).chain(words(options.extensions)).collect();
    Some(if all.is_empty() { "none".into() } else { all.join(" ") })
}
