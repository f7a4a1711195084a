//! `ca-tool ca-file`: the file of trusted CAs, signed for hosts that fetch it. What `ca-tool krl` does with the signature
//! of a revocation list is the same, and stands here too.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use ussh_cert::key::fingerprint;

use crate::audit::{Level, Line};
use crate::error::{Error, OrSay, Result};
use crate::issue::request::now;
use crate::setting::Setting;
use crate::signed_file::trust::Trust;
use crate::signed_file::{Edition, Kind, MODE, read_signature, sign, signature_of};
use crate::{backend, ca_file, file, talk};

/// Sign the file of trusted CAs, and check its signature
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Give the file the next version, and sign it: FILE.sig. The CA must be one that hosts trust before they have the file
    Sign(SignArgs),
    /// Check that a CA which is trusted now signed the file
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
struct SignArgs {
    /// CA: a key file, agent:…, yubikey:slot=9c, pkcs11:… or a configured name [default: the configuration's]
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
    /// The file that hosts shall have, in the format of TrustedUserCAKeys
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// The CAs whose signature counts [default: the configuration's, /etc/ssh/trusted_user_ca]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The signature [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The file that is signed
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    match &args.verb {
        Verb::Sign(args) => sign_file(args, setting),
        Verb::Verify(args) => {
            let verified = Verified {
                kind: Kind::CaFile,
                path: &args.file,
                signature: args.signature.as_deref(),
                ca_file: args.ca_file.as_deref().unwrap_or(&setting.ca_file),
                krl: Some(&setting.krl),
            };
            verify_and_say(&verified, setting)
        }
    }
}

fn sign_file(args: &SignArgs, setting: &Setting) -> Result<()> {
    let path = &args.file;
    let advice = "Mend it: each line is TYPE BASE64 COMMENT, as in ca.pub. Nothing was signed.";
    let old = std::fs::read(path).or_say(format!("{} cannot be read", path.display()), advice)?;
    let edition = next_edition(&old).or_say(format!("{} is no file of trusted CAs for hosts", path.display()), advice)?;
    let new = ca_file::with_edition(&old, edition);
    let lists = Lists { kind: Kind::CaFile, path, there: &old, signed: &new };
    sign_and_write(&lists, args.ca.as_deref(), setting)
}

fn next_edition(content: &[u8]) -> std::result::Result<Edition, String> {
    let last = ca_file::edition(content)?.unwrap_or(Edition { version: 0, date: 0 });
    let version = last.version.checked_add(1).ok_or("it has the highest version there can be")?;
    Ok(Edition { version, date: now().max(last.date) })
}

/// A list that is to be signed.
pub(super) struct Lists<'a> {
    pub(super) kind: Kind,
    pub(super) path: &'a Path,
    /// As it is.
    pub(super) there: &'a [u8],
    /// As it will be.
    pub(super) signed: &'a [u8],
}

/// Signs a list, and writes it and its signature.
pub(super) fn sign_and_write(lists: &Lists<'_>, ca: Option<&str>, setting: &Setting) -> Result<()> {
    let Lists { kind, path, there, signed } = *lists;
    let mut signer = backend::open(&setting.ca(ca)?, setting)?;
    let (armored, blob) = sign(kind, path, signed, &mut *signer)?;
    drop(signer);
    let cannot = format!("{} and its signature cannot be written", path.display());
    let advice = "Run this as the user who owns the list.";
    let real = file::real(path).or_say(&cannot, advice)?;
    // A touch takes its time; nobody who revokes something has waited for it.
    let _lock = file::lock(&real).or_say(&cannot, advice)?;
    if std::fs::read(&real).or_say(&cannot, advice)? != there {
        return Err(Error::new(format!("{} was changed while it was being signed.", path.display()), "Sign it again."));
    }
    if signed != there {
        file::replace(&real, signed, MODE).or_say(&cannot, advice)?;
    }
    let signature = signature_of(&real);
    file::replace(&signature, armored.as_bytes(), MODE).or_say(&cannot, advice)?;
    let edition = kind.edition(signed).or_say(cannot, advice)?;
    let ca = fingerprint(&blob);
    let line = Line::new("signed-list").text("file", &real.to_string_lossy()).value("version", edition.version);
    line.value("ca", &ca).log(Level::Notice);
    say(path, &signature, edition, &ca, setting, "Publish both")
}

/// What is checked, and by what.
pub(super) struct Verified<'a> {
    pub(super) kind: Kind,
    pub(super) path: &'a Path,
    pub(super) signature: Option<&'a Path>,
    pub(super) ca_file: &'a Path,
    pub(super) krl: Option<&'a Path>,
}

pub(super) fn verify_and_say(asked: &Verified<'_>, setting: &Setting) -> Result<()> {
    let Verified { kind, path, .. } = *asked;
    let advice = "Name it, and its signature with --signature.";
    let bytes = std::fs::read(path).or_say(format!("{} cannot be read", path.display()), advice)?;
    let beside = signature_of(path);
    let signature = asked.signature.unwrap_or(&beside);
    let ca = Trust::of(asked.ca_file, asked.krl)?.verify(kind, &bytes, &read_signature(signature)?)?;
    let edition = kind.edition(&bytes).or_say(
        format!("{} is signed, and still no {} for hosts", path.display(), kind.noun()),
        "Make it anew, and sign that.",
    )?;
    say(path, signature, edition, &ca, setting, "Good")
}

fn say(path: &Path, signature: &Path, edition: Edition, ca: &str, setting: &Setting, word: &str) -> Result<()> {
    if setting.json {
        return talk::print(json!({
            "file": path.to_string_lossy(),
            "signature": signature.to_string_lossy(),
            "version": edition.version,
            "generated": edition.date,
            "ca": ca,
        }));
    }
    talk::say(format_args!("{word}: {}, {}, and {}, by {ca}", path.display(), edition.in_words(), signature.display()));
    Ok(())
}
