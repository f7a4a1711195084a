//! `ca-tool sign`: certificates for the keys of people and hosts.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use ussh_cert::certificate::{CertificateType, FOREVER};
use ussh_cert::key::fingerprint;

use crate::backend;
use crate::error::{Error, Result};
use crate::issue::fresh_key::{self, FreshKey};
use crate::issue::request::Request;
use crate::issue::to_agent::AgentDelivery;
use crate::issue::{deliver, issue, issue_all};
use crate::journal::{Head, Journal, Numbering, Wanted};
use crate::public_key::{self, PublicKeyFile};
use crate::setting::Setting;
use crate::talk;

/// Sign users' or hosts' keys
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)] // -h is ssh-keygen's, for hosts
pub(crate) struct Args {
    /// CA: a key file, agent:…, yubikey:slot=9c, pkcs11:… or a configured name [default: the configuration's]
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
    /// Key ID: who this is, for logs and revocation
    #[arg(short = 'I', long, value_name = "ID")]
    identity: String,
    /// Users, or hosts with -h, that the certificate is for
    #[arg(short = 'n', long, value_name = "NAME,..")]
    principals: String,
    /// Validity, as ssh-keygen takes it: +8h, -5m:+1h, 20260101:20260201 … [default: one hour from a minute ago]
    #[arg(short = 'V', long, value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Option<String>,
    /// Serial number; +N counts up from N over several keys [default: the journal's next]
    #[arg(short = 'z', long, value_name = "[+]N", value_parser = Serial::parse)]
    serial: Option<Serial>,
    /// Option, as ssh-keygen takes it: clear, force-command=…, source-address=…, permit-… (repeatable)
    #[arg(short = 'O', long = "option", value_name = "OPTION")]
    options: Vec<String>,
    /// Sign host keys
    #[arg(short = 'h', long = "host")]
    host: bool,
    /// Write the certificate there; - is stdout [default: KEY-cert.pub beside KEY.pub, stdout for a key from stdin]
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Make a key pair and add it with its certificate to the ssh-agent, until the certificate ends; writes no file
    #[arg(long, conflicts_with_all = ["keys", "output", "host"])]
    to_agent: bool,
    /// Have the agent ask before each use
    #[arg(long, requires = "to_agent", conflicts_with = "keys")] // clap drops a requirement that conflicts
    confirm: bool,
    /// Type of the key pair
    #[arg(short = 't', value_name = "TYPE", requires = "to_agent", conflicts_with = "keys", value_enum, default_value_t)]
    kind: fresh_key::Kind,
    /// Public keys to sign; - is stdin
    #[arg(value_name = "KEY.pub", required_unless_present = "to_agent")]
    keys: Vec<PathBuf>,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// From so many keys on, a person watches a number rather than a line for each.
const MANY: usize = 20;

/// As typed after `-z`.
#[derive(Clone, Copy, Debug)]
struct Serial {
    number: u64,
    counts_up: bool,
}

impl Serial {
    fn parse(typed: &str) -> std::result::Result<Self, String> {
        let digits = typed.strip_prefix('+').unwrap_or(typed);
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        let number = number.ok_or_else(|| format!("\"{typed}\" is no number from 1 to {}", u64::MAX))?;
        Ok(Self { number, counts_up: typed.starts_with('+') })
    }
}

pub(crate) fn run(args: Args, setting: &Setting) -> Result<()> {
    let request = request(&args)?;
    let numbering = numbering(&args)?;
    if request.interval.to == FOREVER {
        talk::warn("This certificate never ends: only a revocation list can take it back.");
    }
    if args.to_agent {
        return to_agent(&args, &request, setting);
    }
    let keys = args.keys.iter().map(|path| subject(path)).collect::<Result<Vec<_>>>()?;
    if let Some(output) = args.output.as_deref().filter(|output| *output != Path::new("-")) {
        deliver::refuse_what_is_no_file(output)?;
    }
    // Before anybody is asked for a PIN: without it nothing gets signed.
    let mut journal = Journal::open(&setting.journal)?;
    let mut ca = backend::open(&setting.ca(args.ca.as_deref())?, setting)?;
    let wanted: Vec<_> = keys.iter().map(|key| Wanted { request: &request, key: &key.blob, comment: &key.comment }).collect();
    let shows_progress = keys.len() >= MANY && talk::is_watched();
    let mut documents = Vec::new();
    let head = issue_all(&wanted, numbering, &mut *ca, &mut journal, |at, serial, blob| {
        let (Some(path), Some(key)) = (args.keys.get(at), keys.get(at)) else { return Ok(()) };
        let line = deliver::line(blob, &key.comment).unwrap_or_default();
        let file = file(&args, path);
        match &file {
            Some(file) => deliver::to_file(file, &line)?,
            None if setting.json => {} // it is in the document
            None => deliver::to_stdout(&line)?,
        }
        documents.push(document(serial, &key.blob, file.as_deref(), &line));
        match shows_progress {
            true => talk::progress(at + 1, keys.len()),
            false => talk::say(format_args!("Signed {}: serial {serial}, {}", path.display(), request.in_words())),
        }
        Ok(())
    });
    // Also when a later one failed: these have left.
    report(documents, head, setting)
}

/// What `--json` says of a certificate that has left.
fn document(serial: u64, key: &[u8], file: Option<&Path>, line: &str) -> Value {
    let file = file.map(|file| file.to_string_lossy());
    json!({ "serial": serial, "key": fingerprint(key), "file": file, "certificate": line.trim_end() })
}

fn report(documents: Vec<Value>, head: Result<Head>, setting: &Setting) -> Result<()> {
    if setting.json {
        let head = head.as_ref().ok().map(ToString::to_string);
        talk::print(json!({ "certificates": documents, "journal": head }))?;
    }
    head.map(|head| talk::say(format_args!("Journal: {head}")))
}

fn to_agent(args: &Args, request: &Request, setting: &Setting) -> Result<()> {
    let mut agent = AgentDelivery::prepare(request, args.confirm)?;
    let mut journal = Journal::open(&setting.journal)?;
    let mut ca = backend::open(&setting.ca(args.ca.as_deref())?, setting)?;
    let key = FreshKey::generate(args.kind, &request.key_id)?;
    let serial = args.serial.map(|serial| serial.number);
    let mut line = None;
    let issued = issue(request, key.blob(), serial, &mut *ca, &mut journal, |blob| {
        line = deliver::line(blob, &request.key_id);
        agent.deliver(&key, blob)
    })?;
    talk::say(format_args!("In the ssh-agent: serial {}, {}", issued.serial, request.in_words()));
    let document = document(issued.serial, key.blob(), None, &line.unwrap_or_default());
    report(vec![document], Ok(issued.head), setting)
}

/// ssh-keygen gives all keys the same number after a plain `-z N`; two certificates with one number cannot be told apart
/// in revocation lists.
fn numbering(args: &Args) -> Result<Numbering> {
    match args.serial {
        Some(Serial { number, counts_up: false }) if args.keys.len() > 1 => Err(Error::usage(
            format!("-z {number} is one serial number, and there are several keys."),
            format!("Write -z +{number} to count up from there, or leave -z out for the next free numbers."),
        )),
        Some(serial) => Ok(Numbering::From(serial.number)),
        None => Ok(Numbering::Next),
    }
}

fn request(args: &Args) -> Result<Request> {
    if args.output.is_some() && args.keys.len() > 1 {
        return Err(Error::usage(
            "-o names one file, and there are several keys.",
            "Leave -o out: each certificate goes beside its key.",
        ));
    }
    let certificate_type = if args.host { CertificateType::Host } else { CertificateType::User };
    Request::new(certificate_type, &args.identity, &args.principals, args.validity.as_deref(), &args.options)
}

fn subject(path: &Path) -> Result<PublicKeyFile> {
    let key = match beside_private(path) {
        Some(public) => public_key::read(&public)?,
        None => public_key::read(path)?,
    };
    ussh_cert::key::PublicKey::from_blob(&key.blob).map_err(|_| {
        Error::new(
            format!("{} is not a key that can be certified.", path.display()),
            "Give a plain ed25519, ecdsa, rsa or sk public key, no certificate.",
        )
    })?;
    Ok(key)
}

/// KEY means KEY.pub where KEY is not there or is the private half, as for ssh-keygen.
fn beside_private(path: &Path) -> Option<PathBuf> {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    let begins_as_private = || std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"-----BEGIN"));
    (path != Path::new("-") && public.is_file() && (!path.exists() || begins_as_private())).then_some(public)
}

/// Where the certificate goes; nothing for stdout.
fn file(args: &Args, key: &Path) -> Option<PathBuf> {
    match args.output.as_deref() {
        Some(output) => Some(output.to_owned()),
        None => Some(if key == Path::new("-") { key.to_owned() } else { deliver::beside(key) }),
    }
    .filter(|file| file != Path::new("-"))
}
