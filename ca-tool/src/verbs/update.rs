//! `ca-tool update`: brings this host what its CA has published, as ussh-update.timer has it done.
//!
//! Whatever fetches, and wherever from, only what a trusted CA signed gets in, whole, and never an older list than the one
//! that is there. The file of trusted CAs comes first, and is judged by the one that it replaces; then the revocation list,
//! by whichever CAs are trusted then. Whatever goes wrong with one of them, the other comes, and what was there stays.

mod curl;
mod install;
mod outcome;
mod source;

use std::path::PathBuf;

use serde_json::json;
use ussh_cert::duration;

use crate::error::{Error, Result};
use crate::setting::Setting;
use crate::signed_file::Kind;
use crate::signed_file::trust::Trust;
use crate::talk;
use install::Place;
use outcome::{Outcome, Report};
use source::Source;

/// Bring this host the revocation list and the trusted CAs that are published for it
///
/// Where from stands in ca.toml, [update]. What is fetched must be signed by a CA that this host trusts, and must not be older
/// than what is there. Each step is a line in the system log. Exit code 1 when something could not be brought, or the
/// revocation list is older than max_age.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file of trusted CAs of this host [default: the configuration's, /etc/ssh/trusted_user_ca]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Fetch and check, and say what would be done; change and log nothing
    #[arg(long)]
    dry_run: bool,
}

/// A list that is published, and where it goes.
struct Wanted {
    kind: Kind,
    from: Source,
    to: PathBuf,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let ca_file = args.ca_file.as_ref().unwrap_or(&setting.ca_file);
    let max_age = max_age(setting)?;
    let curl = curl::Curl::new(&setting.update)?;
    let place = Place { ca_file, krl: &setting.krl, dry_run: args.dry_run };
    let mut reports = Vec::new();
    for wanted in wanted(ca_file, setting)? {
        let report = Report { kind: wanted.kind, from: wanted.from.to_string(), outcome: bring(&wanted, &place, &curl) };
        report.say(&wanted.to, args.dry_run);
        reports.push((report, wanted.to));
    }
    if Trust::of(ca_file, Some(&setting.krl)).is_ok_and(|trust| trust.is_lost()) {
        outcome::nobody_is_trusted(ca_file, args.dry_run);
    }
    let stale = max_age.is_some_and(|max_age| outcome::is_stale(&reports, &setting.krl, max_age, args.dry_run));
    if setting.json {
        let files: Vec<_> = reports.iter().map(|(report, to)| report.json(to)).collect();
        talk::print(json!({ "files": files, "stale": stale }))?;
    }
    verdict(&reports, stale)
}

/// The file of trusted CAs first: see above.
fn wanted(ca_file: &std::path::Path, setting: &Setting) -> Result<Vec<Wanted>> {
    let both =
        [(Kind::CaFile, &setting.update.ca_file, ca_file.to_owned()), (Kind::Krl, &setting.update.krl, setting.krl.clone())];
    let mut wanted = Vec::new();
    for (kind, from, to) in both {
        if let Some(from) = from {
            wanted.push(Wanted { kind, from: Source::parse(from)?, to });
        }
    }
    match wanted.is_empty() {
        true => Err(Error::new(
            "It is not configured where the lists are published.",
            "Say it in ca.toml: [update], krl = \"https://…\", ca_file = \"https://…\".",
        )),
        false => Ok(wanted),
    }
}

fn max_age(setting: &Setting) -> Result<Option<u64>> {
    let Some(text) = &setting.update.max_age else { return Ok(None) };
    duration::parse(text).filter(|seconds| *seconds > 0).map(Some).ok_or_else(|| {
        Error::new(format!("max_age = \"{text}\" in ca.toml is no length of time."), "Write it as 90m, 12h, 2d or 1w.")
    })
}

fn bring(wanted: &Wanted, place: &Place<'_>, curl: &curl::Curl) -> Result<Outcome> {
    let signature = wanted.from.signature().fetch(curl, ussh_cert::sshsig::MAX_LENGTH)?;
    let list = wanted.from.fetch(curl, wanted.kind.max_length())?;
    install::install(wanted.kind, &wanted.to, &list, &signature, place)
}

fn verdict(reports: &[(Report, PathBuf)], stale: bool) -> Result<()> {
    let failed = reports.iter().filter(|(report, _)| report.outcome.is_err()).count();
    match (failed, stale) {
        (0, false) => Ok(()),
        (0, true) => Err(Error::new(
            "The revocation list is older than it may be.",
            "Does the CA's side still publish it? `ca-tool krl update` there gives it a new date, `ca-tool krl sign` a signature.",
        )),
        _ => Err(Error::new(
            format!("{failed} of {} could not be brought. What was there stays.", reports.len()),
            "It is tried again with the timer. What went wrong stands above, and in the system log.",
        )),
    }
}
