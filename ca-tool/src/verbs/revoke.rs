//! `ca-tool revoke`: what is revoked is in the journal first, then in the revocation list.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ussh_cert::certificate::{Certificate, CertificateError};

use crate::audit::{Level, Line};
use crate::error::{Error, Result};
use crate::issue::request::now;
use crate::journal::{Head, Journal, Revocation, Revoked, WrittenKrl};
use crate::krl_file::KrlFile;
use crate::public_key;
use crate::setting::Setting;
use crate::talk::{self, escaped};
use crate::verbs::krl::{apply, ca};

/// Revoke certificates and keys
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    /// Whose serial numbers and key IDs are meant: a CA's public key file, SHA256:…, or any [default: the journal's only CA]
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
    /// Certificates with this serial number, or from N to M
    #[arg(short = 'z', long = "serial", value_name = "N[-M]", group = "what", value_parser = serials)]
    serials: Vec<(u64, u64)>,
    /// Certificates with this key ID, those of the future included
    #[arg(short = 'I', long = "key-id", value_name = "ID", group = "what")]
    key_ids: Vec<String>,
    /// Every user certificate that the journal issued, that has not expired, and that names this user as a principal or
    /// with its key ID; certificates issued later are not revoked
    #[arg(short = 'n', long = "user", value_name = "NAME", group = "what")]
    users: Vec<String>,
    /// The key with this fingerprint, and all certificates for it and by it
    #[arg(long = "hash", value_name = "SHA256:…", group = "what", value_parser = hash)]
    hashes: Vec<Revoked>,
    /// Public keys (with all certificates for them and by them) and certificates; - is stdin
    #[arg(value_name = "FILE", group = "what")]
    files: Vec<PathBuf>,
    /// Why, for the journal
    #[arg(short = 'r', long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only the journal: `ca-tool krl update` brings it into a revocation list later
    #[arg(long)]
    no_krl: bool,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let mut journal = Journal::open(&setting.journal)?;
    if let Some(reason) = &args.reason {
        journal.because(reason);
    }
    let revocations = revocations(args, &journal)?;
    // Tried before it is written down: the journal keeps what it has.
    apply(&mut ussh_cert::krl::Krl::new(), &revocations)?;
    let head = journal.revoke(&revocations)?;
    tell_the_system_log(&revocations, args, &journal, &head);
    for one in &revocations {
        let key_id = one.key_id.as_deref().map_or_else(String::new, |key_id| format!(" (\"{}\")", escaped(key_id)));
        talk::say(format_args!("Revoked {}{key_id}", one.in_words()));
    }
    talk::say(format_args!("Journal: {head}"));
    let written = if args.no_krl { None } else { Some(write_list(setting, &mut journal).map_err(not_in_force)?) };
    if setting.json {
        let revoked: Vec<String> = revocations.iter().map(Revocation::in_words).collect();
        talk::print(serde_json::json!({ "revoked": revoked, "journal": head.to_string(), "krl": written }))?;
    }
    Ok(())
}

fn not_in_force(error: Error) -> Error {
    Error::new(
        format!("It is in the journal, but not in the revocation list, and so not in force. {}", error.what()),
        format!("{} Then run `ca-tool krl update`.", error.next()),
    )
}

fn write_list(setting: &Setting, journal: &mut Journal) -> Result<WrittenKrl> {
    let mut file = KrlFile::open(&setting.krl)?;
    let mut krl = file.take();
    apply(&mut krl, &journal.revocations()?)?;
    let written = file.replace(krl, Some(journal))?;
    talk::say(format_args!("{}: version {}. Bring it to every host.", written.file, written.version));
    Ok(written)
}

fn revocations(args: &Args, journal: &Journal) -> Result<Vec<Revocation>> {
    let mut all = Vec::new();
    if !args.serials.is_empty() || !args.key_ids.is_empty() {
        let ca = ca(args.ca.as_deref(), Some(journal))?;
        let serials = args.serials.iter().map(|(first, last)| Revoked::Serials(*first, *last));
        let key_ids = args.key_ids.iter().map(|key_id| Revoked::KeyId(key_id.clone()));
        all.extend(serials.chain(key_ids).map(|what| Revocation { what, ca: ca.clone(), key_id: None }));
    }
    for user in &args.users {
        let found = journal.certificates_of(user, now())?;
        if found.is_empty() {
            return Err(Error::new(
                format!("The journal has no certificate for \"{}\" that is still valid and not yet revoked.", escaped(user)),
                "Revoke by key or key ID what another CA or journal issued. Nothing was revoked.",
            ));
        }
        all.extend(found);
    }
    all.extend(args.hashes.iter().map(|what| Revocation { what: what.clone(), ca: None, key_id: None }));
    for file in &args.files {
        all.push(of_file(file)?);
    }
    Ok(all)
}

/// A certificate is revoked by its serial number, or by its key ID when it has none, as by ssh-keygen; a key by itself.
fn of_file(path: &Path) -> Result<Revocation> {
    let blob = public_key::read(path)?.blob;
    let certificate = match Certificate::parse(&blob) {
        Ok(certificate) => certificate,
        Err(CertificateError::Unsupported(_)) => {
            return Ok(Revocation { what: Revoked::Key(STANDARD.encode(&blob)), ca: None, key_id: None });
        }
        Err(CertificateError::Malformed) => {
            return Err(Error::new(format!("{} is no certificate.", path.display()), "Nothing was revoked."));
        }
    };
    let key_id = std::str::from_utf8(certificate.key_id).ok().map(str::to_owned);
    let what = match (certificate.serial, &key_id) {
        (0, Some(key_id)) => Revoked::KeyId(key_id.clone()),
        (0, None) => {
            return Err(Error::new(
                format!("{} has no serial number, and a key ID that is no text.", path.display()),
                "Revoke its key: give the public key file.",
            ));
        }
        (serial, _) => Revoked::Serials(serial, serial),
    };
    Ok(Revocation { what, ca: Some(certificate.signature_key.to_vec()), key_id })
}

fn tell_the_system_log(revocations: &[Revocation], args: &Args, journal: &Journal, head: &Head) {
    for one in revocations {
        let mut line = Line::new("revoked").text("what", &one.in_words());
        if let Some(key_id) = &one.key_id {
            line = line.text("key_id", key_id);
        }
        if let Some(reason) = &args.reason {
            line = line.text("reason", reason);
        }
        line.text("by", &journal.asked_by()).value("journal", head).log(Level::Notice);
    }
}

fn serials(typed: &str) -> std::result::Result<(u64, u64), String> {
    let number = |text: &str| {
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        number.filter(|number| *number > 0 && !text.contains('+'))
    };
    let (first, last) = typed.split_once('-').unwrap_or((typed, typed));
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(format!("write N or N-M, from 1 to {}", u64::MAX)),
    }
}

fn hash(typed: &str) -> std::result::Result<Revoked, String> {
    let base64 = typed.strip_prefix("SHA256:").unwrap_or_default().trim_end_matches('=');
    let hash = STANDARD_NO_PAD.decode(base64).ok().filter(|hash| hash.len() == 32);
    hash.map(|hash| Revoked::Sha256(STANDARD.encode(hash)))
        .ok_or_else(|| "write a fingerprint as `ssh-keygen -l` prints it, SHA256:…".to_owned())
}
