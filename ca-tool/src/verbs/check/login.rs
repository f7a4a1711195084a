//! `--service sshd --certificate`: the module is inside sshd, which has verified this certificate.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::unistd::User;

use super::identity::Identity;
use super::report::Report;
use super::stack::Stacks;
use super::{Args, question, verdict};
use crate::error::{Error, OrSay, Result};
use crate::pam_d::Stack;
use crate::pam_try::Question;

/// One question for each of the module's lines, and one transaction for the verdict.
pub(super) fn judge(args: &Args, file: &Path, person: &User, stacks: &Stacks) -> Result<Report> {
    let (kind, blob) = read(file)?;
    let identity = Identity::new(&blob, b"");
    let asked = |folder: &Path, calls| Question {
        folder: Some(folder.to_owned()),
        calls,
        // sshd is no setuid program.
        invoker: None,
        variables: variables(args, &kind, &blob),
        rhost: args.from.map(|address| address.to_string()),
        ..question(args, person)
    };
    let mut verdicts = Vec::new();
    for line in stacks.questions() {
        let folder = stacks.folder_with(line, &args.service)?;
        verdicts.push(verdict(&asked(folder.path(), vec![line.stack]).ask(|_| ())?, false));
    }
    let mut report = Report::new(&args.service, &person.name, stacks);
    report.add(identity, verdicts);
    let folder = stacks.folder(&args.service)?;
    let calls = [Stack::Account, Stack::Session].into_iter().filter(|stack| stacks.has(*stack)).collect();
    report.answer = asked(folder.path(), calls).ask(|_| ())?;
    Ok(report)
}

/// What sshd tells its modules after a login by this certificate.
fn variables(args: &Args, kind: &str, blob: &[u8]) -> Vec<(String, String)> {
    let auth_info = format!("publickey {kind} {}\n", STANDARD.encode(blob));
    let mut variables = vec![("SSH_AUTH_INFO_0".to_owned(), auth_info)];
    if let Some(from) = args.from {
        variables.push(("SSH_CONNECTION".to_owned(), format!("{from} 50000 {from} 22")));
    }
    variables
}

/// The type and the blob.
fn read(file: &Path) -> Result<(String, Vec<u8>)> {
    let advice = "Give what ends in -cert.pub.";
    let text = fs::read_to_string(file).or_say(format!("{} cannot be read", file.display()), advice)?;
    let mut words = text.split_whitespace();
    let read = words.next().zip(words.next().and_then(|base64| STANDARD.decode(base64).ok()));
    let (kind, blob) = read.ok_or_else(|| Error::new(format!("{} is no certificate.", file.display()), advice))?;
    Ok((kind.to_owned(), blob))
}
