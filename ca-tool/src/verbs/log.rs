//! `ca-tool log`: what was signed, asked for and revoked, and whether the journal still says what it said.

mod json;
mod text;

use std::path::PathBuf;

use clap::Subcommand;
use ussh_cert::key::fingerprint;
use ussh_cert::{duration, timestamp};

use crate::error::{Error, Result};
use crate::issue::deliver;
use crate::issue::request::{local_time, now};
use crate::journal::{Filter, Head, Journal, Report, Status};
use crate::public_key;
use crate::setting::Setting;
use crate::talk;

/// Read and check the journal
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List attempts and revocations, oldest first
    List(ListArgs),
    /// Show all that is known of one attempt or revocation
    Show(ShowArgs),
    /// Find rows that were changed, exchanged, inserted or taken out
    ///
    /// Rows at the end that somebody took out together with SQLite's own count of them, and a journal that was written
    /// anew, are found with a head only that was kept elsewhere: every signing prints it, and so does the system log.
    Verify(VerifyArgs),
    /// Write every row as a line of JSON, with all that its hash covers
    Export,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Since then: 2d, 8h, 2026-11-22, 20261122143000
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<i64>,
    /// Of this CA: SHA256:… or its public key file
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,
    /// For this key: SHA256:… or its public key file
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// With this key ID
    #[arg(short = 'I', long, value_name = "ID")]
    key_id: Option<String>,
    /// For this user or host
    #[arg(short = 'n', long, value_name = "NAME")]
    principal: Option<String>,
    /// With this serial number
    #[arg(short = 'z', long, value_name = "N")]
    serial: Option<u64>,
    /// Only these
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    event: Vec<Status>,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Number of the attempt, or of any row
    #[arg(value_name = "N")]
    number: i64,
    /// Only the certificate, as it was issued
    #[arg(long, conflicts_with = "json")]
    certificate: bool,
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// A head that was noted before: it must still be in the journal
    #[arg(long, value_name = "ROW:HASH", value_parser = head)]
    head: Vec<Head>,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let journal = Journal::open_to_read(&setting.journal)?;
    match &args.verb {
        Verb::List(args) => list(args, &journal, setting.json),
        Verb::Show(args) => show(args, &journal, setting.json),
        Verb::Verify(args) => verify(args, &journal, setting.json),
        Verb::Export => journal.each_raw_row(|row| talk::print(json::raw(row))),
    }
}

fn list(args: &ListArgs, journal: &Journal, as_json: bool) -> Result<()> {
    let filter = Filter {
        since: args.since,
        ca: args.ca.as_deref().map(named).transpose()?,
        key: args.key.as_deref().map(named).transpose()?,
        key_id: args.key_id.clone(),
        principal: args.principal.clone(),
        serial: args.serial,
        statuses: args.event.clone(),
    };
    let entries = journal.entries(&filter)?;
    if as_json {
        return talk::print(serde_json::Value::Array(entries.iter().map(json::entry).collect()));
    }
    entries.iter().try_for_each(|entry| talk::print(text::line(entry)))
}

/// A fingerprint, or the file of the key that has it.
fn named(typed: &str) -> Result<String> {
    if typed.starts_with("SHA256:") {
        return Ok(typed.to_owned());
    }
    Ok(fingerprint(&public_key::read(&PathBuf::from(typed))?.blob))
}

fn show(args: &ShowArgs, journal: &Journal, as_json: bool) -> Result<()> {
    let entry = journal.entry(args.number)?;
    if args.certificate {
        let comment = entry.row.key_comment.as_deref().unwrap_or_default();
        let line = entry.certificate().and_then(|blob| deliver::line(blob, comment)).ok_or_else(|| {
            Error::new(
                format!("Number {} has no certificate: {}.", args.number, entry.status().name()),
                "`ca-tool log list --event issued` shows those that have.",
            )
        })?;
        return deliver::to_stdout(&line);
    }
    if as_json { talk::print(json::whole(&entry)) } else { talk::print(text::page(&entry).trim_end()) }
}

fn verify(args: &VerifyArgs, journal: &Journal, as_json: bool) -> Result<()> {
    let report = journal.verify(&args.head)?;
    if as_json {
        talk::print(json::report(&report))?;
    } else {
        say(&report)?;
    }
    match report.faults.len() {
        0 => Ok(()),
        _ => Err(Error::new(
            "The journal is not what was written.",
            "Keep it as evidence, and compare it with its copies and with the system log before you sign again.",
        )),
    }
}

fn say(report: &Report) -> Result<()> {
    for fault in &report.faults {
        talk::print(fault)?;
    }
    if let [first, ..] = report.unfinished.as_slice() {
        let all: Vec<String> = report.unfinished.iter().map(i64::to_string).collect();
        talk::say(format_args!(
            "Unfinished: {}. They run right now, or were killed; no certificate left. See `ca-tool log show {first}`.",
            all.join(", ")
        ));
    }
    if report.faults.is_empty() {
        talk::print(format_args!("All {} rows are as they were written.", report.rows))?;
        talk::print(format_args!("Head: {}", report.head))?;
        talk::say("Keep the head elsewhere: `ca-tool log verify --head` finds later whether anything up to here was changed.");
    }
    Ok(())
}

fn since(typed: &str) -> std::result::Result<i64, String> {
    let plain = typed.replace(['-', ':', 'T', ' '], "");
    let ago = || duration::parse(typed).map(|seconds| now().saturating_sub(seconds));
    timestamp::parse_absolute(plain.as_bytes(), local_time)
        .or_else(ago)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "write 2d, 8h, 2026-11-22 or 20261122143000".to_owned())
}

fn head(typed: &str) -> std::result::Result<Head, String> {
    Head::parse(typed).ok_or_else(|| "write ROW:HASH, as `ca-tool sign` and `ca-tool log verify` print it".to_owned())
}
