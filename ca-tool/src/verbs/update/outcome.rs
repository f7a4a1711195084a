//! What came of it: for people, for programs, and in the system log.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use ussh_cert::duration::in_words;
use ussh_cert::timestamp::rfc3339;

use crate::audit::{Level, Line};
use crate::error::Result;
use crate::issue::request::now;
use crate::signed_file::{Edition, Kind};
use crate::talk;

/// A list that counts.
pub(super) enum Outcome {
    Installed {
        edition: Edition,
        ca: String,
    },
    /// It is here already.
    Unchanged {
        edition: Edition,
        ca: String,
    },
}

impl Outcome {
    fn edition(&self) -> Edition {
        match self {
            Self::Installed { edition, .. } | Self::Unchanged { edition, .. } => *edition,
        }
    }
}

/// One list's.
pub(super) struct Report {
    pub(super) kind: Kind,
    pub(super) from: String,
    pub(super) outcome: Result<Outcome>,
}

impl Report {
    /// Says it, and logs it unless nothing was done on purpose.
    pub(super) fn say(&self, to: &Path, dry_run: bool) {
        let (file, noun) = (to.display(), self.kind.noun());
        let (level, line) = match &self.outcome {
            Ok(Outcome::Installed { edition, ca }) => {
                let word = if dry_run { "would be brought" } else { "brought" };
                talk::say(format_args!("{file}: {} {word}, signed by {ca}", edition.in_words()));
                (Level::Notice, signed("updated", *edition, ca))
            }
            Ok(Outcome::Unchanged { edition, ca }) => {
                talk::say(format_args!("{file}: still {}", edition.in_words()));
                (Level::Info, signed("unchanged", *edition, ca))
            }
            Err(error) => {
                talk::warn(format_args!("{file}: no {noun} was brought. {error}"));
                (Level::Warning, Line::new("not-updated").text("reason", error.what()))
            }
        };
        if !dry_run {
            line.text("file", &to.to_string_lossy()).text("from", &self.from).log(level);
        }
    }

    pub(super) fn json(&self, to: &Path) -> Value {
        let (outcome, edition, ca, reason) = match &self.outcome {
            Ok(Outcome::Installed { edition, ca }) => ("updated", Some(edition), Some(ca), None),
            Ok(Outcome::Unchanged { edition, ca }) => ("unchanged", Some(edition), Some(ca), None),
            Err(error) => ("not-updated", None, None, Some(error.what())),
        };
        json!({
            "list": self.kind.name(),
            "file": to.to_string_lossy(),
            "from": self.from,
            "outcome": outcome,
            "version": edition.map(|edition| edition.version),
            "generated": edition.map(|edition| edition.date),
            "ca": ca,
            "reason": reason,
        })
    }
}

fn signed(what: &str, edition: Edition, ca: &str) -> Line {
    Line::new(what).value("version", edition.version).value("generated", edition.date).value("ca", ca)
}

/// Whether the revocation list that is here afterwards is older than it may be, or none is; says and logs it.
pub(super) fn is_stale(reports: &[(Report, PathBuf)], krl: &Path, max_age: u64, dry_run: bool) -> bool {
    let brought = reports.iter().find(|(report, _)| report.kind == Kind::Krl);
    let brought = brought.and_then(|(report, _)| report.outcome.as_ref().ok()).map(Outcome::edition);
    let there = || std::fs::read(krl).ok().and_then(|bytes| Kind::Krl.edition(&bytes).ok());
    let age = match brought.or_else(there) {
        // As old as it likes to be.
        Some(edition) if edition.is_ahead() => format!("dated in the future, {}", rfc3339(edition.date)),
        Some(edition) => match now().saturating_sub(edition.date) {
            age if age <= max_age => return false,
            age => format!("{} old", in_words(age)),
        },
        None => "not there".into(),
    };
    talk::warn(format_args!("{} is {age}; {} is the most.", krl.display(), in_words(max_age)));
    if !dry_run {
        let line = Line::new("stale").text("file", &krl.to_string_lossy()).text("age", &age).value("max_age", max_age);
        line.log(Level::Warning);
    }
    true
}

/// The list may well say so on purpose, in an emergency; but then the way back is not through here.
pub(super) fn nobody_is_trusted(ca_file: &Path, dry_run: bool) {
    talk::warn(format_args!(
        "Every CA in {} is revoked: nobody's certificate is accepted, and no list that is published. Bring another file.",
        ca_file.display()
    ));
    if !dry_run {
        Line::new("every-ca-is-revoked").text("file", &ca_file.to_string_lossy()).log(Level::Alert);
    }
}
