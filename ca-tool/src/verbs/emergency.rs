//! `ca-tool emergency`: the way in when everything else is broken. One command, with nothing but the CA's key at hand.
//!
//! What is given up for it: nothing but the usual journal, when this machine has none that can be written. Then a
//! journal begins in the emergency's own folder, to be brought home, and the serial number is a random one above 2^62,
//! so that it meets no number that the usual journal gives.

mod folder;
mod note;

use ussh_cert::certificate::CertificateType;

use crate::audit::{Level, Line};
use crate::backend;
use crate::error::{Error, OrSay, Result};
use crate::issue::fresh_key::{self, FreshKey};
use crate::issue::issue;
use crate::issue::request::{Request, now};
use crate::issue::to_agent::AgentDelivery;
use crate::journal::Journal;
use crate::setting::Setting;
use crate::talk;
use folder::Folder;
use note::Note;

/// Longer ones are signed on an ordinary day.
const LONGEST: u64 = 3600;

/// The clock of a host in trouble may be off.
const USUAL: &str = "-5m:+30m";

/// Make a key pair and a certificate for at most an hour, when nothing else lets you in
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// CA: a key file, agent:…, yubikey:slot=9c, pkcs11:… or a configured name [default: the configuration's]
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
    /// Users that the certificate is for
    #[arg(short = 'n', long, value_name = "NAME,..")]
    principals: String,
    /// Why: goes into the journal, the system log and the message for a colleague
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Key ID [default: emergency-USER@HOST]
    #[arg(short = 'I', long, value_name = "ID")]
    identity: Option<String>,
    /// Validity, an hour at most in all
    #[arg(short = 'V', long, value_name = "INTERVAL", allow_hyphen_values = true, default_value = USUAL)]
    validity: String,
    /// Option, as for sign
    #[arg(short = 'O', long = "option", value_name = "OPTION")]
    options: Vec<String>,
    /// Type of the key pair
    #[arg(short = 't', value_name = "TYPE", value_enum, default_value_t)]
    kind: fresh_key::Kind,
    /// New folder for the key and its certificate [default: emergency-DATE here]
    #[arg(short = 'o', long, value_name = "FOLDER")]
    output: Option<std::path::PathBuf>,
    /// Into the ssh-agent instead of a folder, until the certificate ends
    #[arg(long)]
    to_agent: bool,
    /// Have the agent ask before each use
    #[arg(long, requires = "to_agent")]
    confirm: bool,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let request = request(args)?;
    let mut agent = args.to_agent.then(|| AgentDelivery::prepare(&request, args.confirm)).transpose()?;
    let mut ca = backend::open(&setting.ca(args.ca.as_deref())?, setting)?;
    let mut folder = Folder::named(args.output.as_deref());
    let (mut journal, serial) = journal(setting, &mut folder)?;
    journal.because(format!("emergency: {}", args.reason));
    let key = FreshKey::generate(args.kind, &request.key_id)?;
    let mut note = None;
    let issued = issue(&request, key.blob(), serial, &mut *ca, &mut journal, |blob| {
        let said = Note::about(blob, &args.reason)?;
        said.alert();
        note = Some(said);
        match &mut agent {
            Some(agent) => agent.deliver(&key, blob),
            None => folder.deliver(&key, blob, &request.key_id),
        }
    })?;
    let note = note.ok_or_else(|| Error::new("Nothing was issued.", "This is a defect."))?;
    say_what_next(args, &request, &note, &folder, &key);
    note.print(setting.json, &folder, &key, args.to_agent, &issued.head)
}

fn request(args: &Args) -> Result<Request> {
    if args.reason.trim().is_empty() {
        return Err(Error::usage("The reason is empty.", "Say in a few words why: others will ask."));
    }
    let key_id = args.identity.clone().unwrap_or_else(|| format!("emergency-{}", note::person()));
    let request = Request::new(CertificateType::User, &key_id, &args.principals, Some(&args.validity), &args.options)?;
    let interval = request.interval;
    if interval.to.saturating_sub(interval.from) > LONGEST || interval.to > now().saturating_add(LONGEST) {
        return Err(Error::usage(
            format!("An emergency certificate is valid for an hour at most, and \"{}\" is more.", args.validity),
            "Shorten -V, as in -V -5m:+30m, and run this again when it ends.",
        ));
    }
    Ok(request)
}

/// The usual journal if it is there and can be written, or was named. Else one of the emergency's own, whose serial
/// numbers are random.
fn journal(setting: &Setting, folder: &mut Folder) -> Result<(Journal, Option<u64>)> {
    if setting.journal_was_named || setting.journal.exists() {
        match Journal::open(&setting.journal) {
            Ok(journal) => return Ok((journal, None)),
            Err(error) if setting.journal_was_named => return Err(error),
            Err(error) => talk::warn(error),
        }
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random).or_say("The kernel gives no random numbers", "Try again later.")?;
    let serial = (1 << 62) | (u64::from_be_bytes(random) >> 2);
    Ok((Journal::open(&folder.journal()?)?, Some(serial)))
}

fn say_what_next(args: &Args, request: &Request, note: &Note, folder: &Folder, key: &FreshKey) {
    talk::warn(format_args!("EMERGENCY certificate, serial {}: {}", note.serial, request.in_words()));
    let user = request.principals.first().map_or("USER", String::as_str);
    let key_file = folder.path().join(key.file_name());
    talk::say(if args.to_agent {
        format!("Log in, on any host that trusts this CA:\n  ssh {user}@HOST")
    } else {
        format!("Log in, on any host that trusts this CA:\n  ssh -i {} {user}@HOST", key_file.display())
    });
    if folder.has_journal() {
        talk::say(format_args!("Bring the journal home, it is the only record: {}", folder.journal_path().display()));
        talk::say(format_args!("  ca-tool log list --journal {}", folder.journal_path().display()));
    }
    if !args.to_agent {
        talk::say(format_args!("Afterwards, destroy the key:\n  shred -u {}", key_file.display()));
    }
    talk::say("Tell a colleague now:");
}
