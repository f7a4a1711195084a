//! `ca-tool inspect`: what certificates say, and whether sshd and pam_ussh would believe them.

mod report;
mod verdict;

use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ussh_cert::certificate::{Certificate, CertificateError};
use ussh_cert::refusal::text;

use crate::error::{Error, OrSay, Result};
use crate::setting::Setting;
use crate::talk;
use verdict::Asked;

/// A thousand of the largest certificates that OpenSSH writes.
const MAX: u64 = 16 << 20;

/// Say what certificates say, and whether they are accepted
///
/// The CA's signature, the time, the principals and the options are always judged, by sshd's rules. Where a certificate
/// is bound to a command or to addresses, it is judged as if used so.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The CAs that are trusted, as in TrustedUserCAKeys [default: whoever signed it]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A revocation list or a list of keys, as in RevokedKeys (repeatable)
    #[arg(long, value_name = "FILE")]
    revoked_keys: Vec<PathBuf>,
    /// The user or host whose name it must hold [default: any]
    #[arg(short = 'n', long, value_name = "NAME")]
    principal: Option<String>,
    /// Certificates, one a line; - is stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// A line that ought to be a certificate.
struct Line {
    /// `id-cert.pub`, or `certs:3` where there are several.
    place: String,
    /// Of its base64; nothing when there is none.
    blob: Option<Vec<u8>>,
    comment: String,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let asked = Asked::new(args.ca_file.as_deref(), &args.revoked_keys, args.principal.as_deref())?;
    let (mut refused, mut documents, mut count) = (0, Vec::new(), 0);
    for path in &args.files {
        for line in lines(path)? {
            count += 1;
            let certificate = parse(&line)?;
            let reasons = asked.reasons_against(&certificate)?;
            refused += usize::from(!reasons.is_empty());
            match setting.json {
                true => documents.push(report::json(&line.place, &line.comment, &certificate, &reasons)),
                false => talk::print(report::text(&line.place, &line.comment, &certificate, &reasons))?,
            }
        }
    }
    if setting.json {
        talk::print(serde_json::Value::Array(documents))?;
    }
    match refused {
        0 => Ok(()),
        _ => Err(Error::new(format!("{refused} of {count} refused."), "The reason stands with each of them.")),
    }
}

fn parse(line: &Line) -> Result<Certificate<'_>> {
    let what = format!("{} is no certificate", line.place);
    let advice = "Give what ends in -cert.pub.";
    let blob = line.blob.as_deref().ok_or_else(|| Error::new(format!("{what}."), advice))?;
    Certificate::parse(blob).map_err(|error| match error {
        CertificateError::Unsupported(name) => Error::new(format!("{what}: its type is \"{}\".", text(&name)), advice),
        CertificateError::Malformed => Error::new(format!("{what}: it is malformed."), "It was cut or changed: get it anew."),
    })
}

fn lines(path: &Path) -> Result<Vec<Line>> {
    let mut content = Vec::new();
    let read = match path == Path::new("-") {
        true => stdin().take(MAX).read_to_end(&mut content),
        false => File::open(path).and_then(|file| file.take(MAX).read_to_end(&mut content)),
    };
    let name = talk::escaped(&path.display().to_string());
    read.or_say(format!("{name} cannot be read"), "Name certificate files, such as id_ed25519-cert.pub.")?;
    let is_data = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with(b"#");
    let several = content.split(|byte| *byte == b'\n').filter(is_data).count() > 1;
    let numbered = content.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| is_data(line));
    let lines: Vec<_> = numbered
        .map(|(at, line)| {
            let mut words = line.trim_ascii().splitn(3, |byte| matches!(byte, b' ' | b'\t'));
            let blob = words.nth(1).and_then(|base64| STANDARD.decode(base64).ok());
            let place = if several { format!("{name}:{}", at + 1) } else { name.clone() };
            Line { place, blob, comment: text(words.next().unwrap_or_default()) }
        })
        .collect();
    if lines.is_empty() {
        return Err(Error::new(format!("{name} holds no certificate."), "Give what ends in -cert.pub."));
    }
    Ok(lines)
}
