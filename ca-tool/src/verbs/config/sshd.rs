//! A drop-in for sshd_config.

use std::path::Path;

use super::Lines;
use super::words::Words;
use crate::error::{Error, Result};
use crate::host::Host;

const DROP_IN: &str = "/etc/ssh/sshd_config.d/10-ussh.conf";

/// The admin's, then what SUSE ships.
const CONFIGURATIONS: [&str; 2] = ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"];

pub(super) fn lines(host: &Host, words: &Words) -> Result<Lines> {
    let mut notes = Vec::new();
    let settings = settings(words, &mut notes)?;
    let file = place(host, &settings, &mut notes)?;
    let text = settings.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    Ok(Lines { file: file.into(), text, notes })
}

/// The drop-in, unless something in front of it counts for this setting.
pub(super) fn counting_drop_in(host: &Host, setting: (&str, String)) -> Option<&'static str> {
    let mut in_front = Vec::new();
    let file = place(host, &[setting], &mut in_front).ok()?;
    (file == DROP_IN && in_front.is_empty()).then_some(file)
}

fn settings(words: &Words, notes: &mut Vec<String>) -> Result<Vec<(&'static str, String)>> {
    let mut settings = vec![("TrustedUserCAKeys", quoted(words.ca_file())?)];
    let mut revoked = words.revoked_keys();
    match revoked.next() {
        Some(list) => settings.push(("RevokedKeys", quoted(list)?)),
        None => notes.push("There is no list of what is revoked here: run this again when there is one.".to_owned()),
    }
    if revoked.next().is_some() {
        notes.push("sshd reads one RevokedKeys alone, the first; pam_ussh reads all.".to_owned());
    }
    settings.push(("UsePAM", "yes".to_owned()));
    settings.push(("AllowAgentForwarding", "yes".to_owned()));
    Ok(settings)
}

/// Where the lines count: sshd takes what it reads first.
fn place(host: &Host, settings: &[(&str, String)], notes: &mut Vec<String>) -> Result<&'static str> {
    for path in CONFIGURATIONS {
        let Some(text) = host.read(path)? else { continue };
        let mut before = Vec::new();
        for line in text.lines() {
            let (keyword, rest) = keyword(line);
            if keyword == "include" && rest.split_whitespace().any(reads_drop_in) {
                before.extend(earlier_drop_ins(host)?);
                warn_of(&before, settings, notes);
                return Ok(DROP_IN);
            }
            before.push((path.to_owned(), line.to_owned()));
        }
        notes.push(format!(
            "{path} does not include {}/*.conf: put the lines in front of all others there.",
            folder().display()
        ));
        return Ok(path);
    }
    notes.push("There is no sshd_config on this host.".to_owned());
    Ok(DROP_IN)
}

/// Other patterns do not take in ours, or nobody knows. A relative one is below /etc/ssh.
fn reads_drop_in(pattern: &str) -> bool {
    let pattern = pattern.trim_matches('"');
    let pattern = pattern.strip_prefix("/etc/ssh/").unwrap_or(pattern);
    ["sshd_config.d/*.conf", "sshd_config.d/*", "sshd_config.d/10-ussh.conf"].contains(&pattern)
}

fn folder() -> &'static Path {
    Path::new(DROP_IN).parent().unwrap_or(Path::new("/"))
}

fn earlier_drop_ins(host: &Host) -> Result<Vec<(String, String)>> {
    let mut lines = Vec::new();
    for name in host.names(folder()) {
        let path = format!("{}/{name}", folder().display());
        if name.ends_with(".conf") && path.as_str() < DROP_IN {
            let text = host.read(&path)?.unwrap_or_default();
            lines.extend(text.lines().map(|line| (path.clone(), line.to_owned())));
        }
    }
    Ok(lines)
}

fn warn_of(before: &[(String, String)], settings: &[(&str, String)], notes: &mut Vec<String>) {
    for (path, line) in before {
        let (keyword, value) = keyword(line);
        if keyword == "match" {
            notes.push(format!(
                "{path} has \"{}\" in front: what comes after it counts there alone. Put the lines in front.",
                line.trim()
            ));
        }
        let other = settings.iter().find(|(name, wanted)| name.to_lowercase() == keyword && *wanted != value);
        if let Some((name, _)) = other {
            notes.push(format!("{path} sets {name} first, and so it counts: \"{}\". Take that line away.", line.trim()));
        }
    }
}

/// sshd's words: a keyword in any case, blanks or one `=`, and the rest.
fn keyword(line: &str) -> (String, String) {
    let line = line.trim();
    let (keyword, rest) =
        line.split_once(|character: char| character.is_whitespace() || character == '=').unwrap_or((line, ""));
    (
        keyword.to_lowercase(),
        rest.trim_start_matches(|character: char| character.is_whitespace() || character == '=').to_owned(),
    )
}

pub(super) fn quoted(path: &str) -> Result<String> {
    match path {
        _ if path.contains('"') => {
            Err(Error::usage(format!("sshd cannot read a path with a quotation mark: {path}."), "Move the file."))
        }
        _ if path.contains(' ') => Ok(format!("\"{path}\"")),
        _ => Ok(path.to_owned()),
    }
}
