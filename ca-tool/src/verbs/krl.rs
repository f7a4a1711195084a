//! `ca-tool krl`: revocation lists as OpenSSH reads them.

mod ask;
mod signature;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use ussh_cert::key::fingerprint;
use ussh_cert::krl::Krl;
use ussh_cert::krl::spec::{Issuer, Problem};

use crate::error::{Error, OrSay, Result};
use crate::journal::{Journal, Revocation, WrittenKrl};
use crate::krl_file::KrlFile;
use crate::public_key;
use crate::setting::Setting;
use crate::talk;

/// Write and ask revocation lists
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the list anew, from the journal and from specifications; what only the old list had is dropped
    Build(WriteArgs),
    /// Add what the journal and specifications revoke to the list
    Update(WriteArgs),
    /// Say of keys and certificates whether the list revokes them; exit code 1 if it revokes any
    Check(CheckArgs),
    /// Show what the list revokes
    Show,
    /// Have a CA sign the list: its name and .sig, for hosts that fetch both
    Sign(signature::SignArgs),
    /// Check that a CA which is trusted now signed the list
    Verify(signature::VerifyArgs),
}

#[derive(Debug, clap::Args)]
struct WriteArgs {
    /// Whose serial numbers and key IDs the specifications name: a CA's public key file, SHA256:…, or any
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
    /// Leave the journal out: only the specifications count
    #[arg(long, requires = "specifications")]
    no_journal: bool,
    /// What else is revoked, as for `ssh-keygen -k`: lines with serial:, id:, key:, sha1:, sha256:, hash:, or public keys; - is stdin
    #[arg(value_name = "SPEC", id = "specifications")]
    specifications: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Public keys and certificates; - is stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    match &args.verb {
        Verb::Build(args) => write(args, setting, |_| Krl::new()),
        Verb::Update(args) => write(args, setting, KrlFile::take),
        Verb::Check(args) => ask::check(&args.files, setting),
        Verb::Show => ask::show(setting),
        Verb::Sign(args) => signature::sign(args, setting),
        Verb::Verify(args) => signature::verify(args, setting),
    }
}

fn write(args: &WriteArgs, setting: &Setting, begin: fn(&mut KrlFile) -> Krl) -> Result<()> {
    let mut journal = journal(args, setting)?;
    let specifications = args.specifications.iter().map(|path| specification(path)).collect::<Result<Vec<_>>>()?;
    let mut file = KrlFile::open(&setting.krl)?;
    let mut krl = begin(&mut file);
    if let Some(journal) = &journal {
        apply(&mut krl, &journal.revocations()?)?;
    }
    let ca = if args.ca.is_some() { Some(ca(args.ca.as_deref(), journal.as_ref())?) } else { None };
    let issuer = match &ca {
        None => Issuer::Unnamed,
        Some(None) => Issuer::Any,
        Some(Some(blob)) => Issuer::Ca(blob),
    };
    for (path, text) in args.specifications.iter().zip(&specifications) {
        krl.apply(text, issuer).or_say(
            format!("{} is no specification", path.display()),
            "Mend that line, or name the CA with -s. The list was left as it was.",
        )?;
    }
    let written = file.replace(krl, journal.as_mut())?;
    say(&written, setting)
}

fn journal(args: &WriteArgs, setting: &Setting) -> Result<Option<Journal>> {
    if args.no_journal {
        return Ok(None);
    }
    if !setting.journal.exists() {
        return Err(Error::new(
            format!("There is no journal {}, and so it is not known what was revoked.", setting.journal.display()),
            "Name it with --journal, or say --no-journal and name specifications.",
        ));
    }
    Journal::open(&setting.journal).map(Some)
}

fn specification(path: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut text).map(|_| text)
    } else {
        std::fs::read(path)
    };
    read.or_say(format!("{} cannot be read", path.display()), "Name a specification as for `ssh-keygen -k`.")
}

fn say(written: &WrittenKrl, setting: &Setting) -> Result<()> {
    if setting.json {
        return talk::print(serde_json::json!(written));
    }
    talk::say(format_args!("{}: version {}. Bring it to every host.", written.file, written.version));
    Ok(())
}

/// Adds what the journal revokes to a list.
pub(super) fn apply(krl: &mut Krl, revocations: &[Revocation]) -> Result<()> {
    for one in revocations {
        let issuer = one.ca.as_deref().map_or(Issuer::Any, Issuer::Ca);
        let operation = one.operation().ok_or("it is damaged".to_owned());
        operation.and_then(|operation| krl.revoke(&operation, issuer).map_err(why)).or_say(
            format!("{} cannot be revoked", one.in_words()),
            "See what OpenSSH can revoke in ssh-keygen(1), KEY REVOCATION LISTS.",
        )?;
    }
    Ok(())
}

fn why(problem: Problem) -> String {
    match problem {
        Problem::Key(error) => error.to_string(),
        Problem::Revoke(error) => error.to_string(),
        _ => "no revocation list can say it".into(),
    }
}

/// The CA that is meant, as a plain key's blob; none for any.
pub(super) fn ca(typed: Option<&str>, journal: Option<&Journal>) -> Result<Option<Vec<u8>>> {
    let advice = "Name it with -s: its public key file, its fingerprint (SHA256:…), or any.";
    match typed {
        Some("any" | "none") => Ok(None), // none is ssh-keygen's word
        Some(typed) if !typed.starts_with("SHA256:") => Ok(Some(public_key::read(Path::new(typed))?.blob)),
        typed => {
            let mut cas = journal.map_or(Ok(Vec::new()), Journal::cas)?;
            cas.retain(|ca| typed.is_none_or(|typed| fingerprint(ca) == typed));
            match (cas.pop(), cas.len()) {
                (Some(ca), 0) => Ok(Some(ca)),
                (Some(_), _) => Err(Error::usage("The journal has several CAs.", advice)),
                (None, _) => Err(Error::usage("The journal does not have this CA.", advice)),
            }
        }
    }
}
