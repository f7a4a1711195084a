//! Lines for `/etc/pam.d/SERVICE`.

use std::fs;
use std::path::{Path, PathBuf};

use super::words::{Line, Words};
use super::{Args, Lines, Service, block};
use crate::error::{Error, OrSay, Result};
use crate::pam_d::PamD;
use crate::talk;

/// A service's file, as it is now.
struct Present {
    /// Where it was found, and where it would be written.
    from: PathBuf,
    text: String,
}

pub(super) fn lines(service: Service, args: &Args, words: &Words) -> Result<Lines> {
    let folder = args.pam_d.as_deref().unwrap_or(Path::new("/etc/pam.d"));
    let file = folder.join(service.name());
    let pam_d = args.pam_d.as_deref().map_or_else(|| PamD::below(&args.root), |folder| PamD::new(Some(folder)));
    let present = present(service, &pam_d)?;
    let mut notes = Vec::new();
    let included = present.as_ref().and_then(|present| included(&present.text, service));
    let block = match included {
        Some(base) => {
            notes.push(format!("{} includes {base}, whose lines count here too: it needs none of its own.", file.display()));
            String::new()
        }
        None => block::of(&needed(service, words)?),
    };
    let text = match (args.whole || args.remove, &present) {
        (false, _) => block,
        (true, Some(present)) if args.remove => block::without(&present.text)?,
        (true, Some(present)) => block::in_front(&block, &present.text)?,
        (true, None) => return Err(missing(service, folder)),
    };
    if service == Service::Sshd && !args.remove && !args.option.iter().any(|word| word.starts_with("auth_info=")) {
        notes.push("Plain keys and passwords open no session any more: --option auth_info=optional lets them, for the time of a change.".to_owned());
    }
    match &present {
        Some(present) => notes.extend(notes_on(present, service, &file, args.remove)?),
        None => notes.push(format!("There is no {} on this host.", file.display())),
    }
    Ok(Lines { file, text, notes })
}

/// The lines themselves; pam_ussh(8), EXAMPLES, says why each is there.
fn needed(service: Service, words: &Words) -> Result<Vec<String>> {
    if service == Service::Sshd {
        return Ok(vec![
            format!("account  required  {}", words.on(Line::SshdAccount)?),
            format!("session  required  {}", words.on(Line::SshdSession)?),
        ]);
    }
    let module = words.on(Line::Agent)?;
    let mut lines = Vec::new();
    if matches!(service, Service::Su | Service::SuL | Service::Doas) {
        // Root is not asked for a password there, and has no agent.
        lines.push("auth     sufficient                   pam_rootok.so".to_owned());
    }
    lines.push(format!("auth     sufficient                   {module}"));
    lines.push("account  [success=1 default=ignore]   pam_rootok.so".to_owned());
    lines.push(format!("account  required                     {module}"));
    Ok(lines)
}

fn present(service: Service, pam_d: &PamD) -> Result<Option<Present>> {
    let Some(from) = pam_d.find(service.name()) else { return Ok(None) };
    let bytes = fs::read(&from).or_say(format!("{} cannot be read", from.display()), "Run this as root.")?;
    let text = String::from_utf8(bytes).or_say(
        format!("{} is no text", from.display()),
        "Its bytes must stay as they are, and that needs UTF-8: mend the file by hand.",
    )?;
    Ok(Some(Present { from, text }))
}

fn missing(service: Service, folder: &Path) -> Error {
    Error::new(
        format!("There is no file for {} in {}.", service.name(), folder.display()),
        "Install the program that it belongs to, or name the folder with --pam-d.",
    )
}

/// The service whose auth and account lines this text includes, as RHEL's sudo-i does with sudo's.
fn included(text: &str, service: Service) -> Option<&'static str> {
    let base = service.base()?;
    let text = block::without(text).ok()?;
    let includes = |stack: &str| {
        text.lines().any(|line| {
            let words: Vec<_> = words_of(line).collect();
            match words.as_slice() {
                ["@include", file] => *file == base,
                [this, "include" | "substack", file] => this.trim_start_matches('-') == stack && *file == base,
                _ => false,
            }
        })
    };
    (includes("auth") && includes("account")).then_some(base)
}

fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split('#').next().unwrap_or_default().split_whitespace()
}

fn notes_on(present: &Present, service: Service, file: &Path, remove: bool) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let vendor = !same_folder(&present.from, file);
    if vendor && !remove {
        notes.push(format!(
            "{} is the distribution's: write to {}, which counts instead of it.",
            present.from.display(),
            file.display()
        ));
    }
    for line in block::without(&present.text)?.lines() {
        let words: Vec<_> = words_of(line).collect();
        let names = |module: &str| words.iter().any(|word| Path::new(word).file_name().is_some_and(|name| name == module));
        if names("pam_ussh.so") {
            notes.push(format!(
                "This line of {} is not between the marks, and stays: take it away by hand, or it is asked as well: {}",
                file.display(),
                talk::escaped(line)
            ));
        }
        if names("pam_wheel.so") && words.first() == Some(&"auth") && service != Service::Sshd && !remove {
            notes.push(format!("Whoever holds a certificate is not asked for their group any more: {}", talk::escaped(line)));
        }
    }
    Ok(notes)
}

fn same_folder(from: &Path, file: &Path) -> bool {
    // The one may have the root of another host in front.
    from.parent()
        .is_some_and(|folder| file.parent().is_some_and(|other| folder.ends_with(other.strip_prefix("/").unwrap_or(other))))
}
