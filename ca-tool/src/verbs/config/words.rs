//! The options that each pam_ussh line gets.

use std::path::Path;

use crate::error::{Error, OrSay, Result};
use crate::host::Host;

/// libpam gives up on a line of 1024 bytes; a few are the line's own.
const MOST: usize = 900;

const CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// Which of sshd's lines is meant; the other programs' lines are all alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Agent,
    SshdAccount,
    SshdSession,
}

/// What was typed after `--option`, and what this host has.
pub(super) struct Words(Vec<String>);

impl Words {
    /// # Errors
    /// A word that no pam.d line can hold.
    pub(super) fn new(typed: &[String], host: &Host, krl: &Path) -> Result<Self> {
        let mut words = typed.to_vec();
        let named = words.iter().any(|word| word.starts_with("revoked_keys="));
        if host.has(krl) && !named {
            let krl =
                std::path::absolute(krl).or_say(format!("{} has no place", krl.display()), "Name the list with --krl.")?;
            words.push(format!("revoked_keys={}", krl.display()));
        }
        words.iter().try_for_each(|word| check(word))?;
        Ok(Self(words))
    }

    /// The module and its words, as they stand at the end of a line.
    pub(super) fn on(&self, line: Line) -> Result<String> {
        let mut text = "pam_ussh.so".to_owned();
        for word in self.0.iter().filter(|word| belongs(word, line)) {
            text.push(' ');
            text.push_str(&quoted(word));
        }
        if text.len() > MOST {
            return Err(Error::usage(
                format!("The options make a line of {} bytes, and libpam reads 1024.", text.len()),
                "Put principals into a file (authorized_principals_file=).",
            ));
        }
        Ok(text)
    }

    pub(super) fn ca_file(&self) -> &str {
        self.values("ca_file=").next().unwrap_or(CA_FILE)
    }

    pub(super) fn revoked_keys(&self) -> impl Iterator<Item = &str> {
        self.values("revoked_keys=")
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |word| word.strip_prefix(name))
    }
}

fn belongs(word: &str, line: Line) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    match name {
        "end_session" => line == Line::SshdSession,
        "auth_info" => line != Line::Agent,
        _ if name.starts_with("session_") => line == Line::SshdSession,
        _ => true,
    }
}

/// libpam takes what is in brackets as one word (pam.d(5)).
fn quoted(word: &str) -> String {
    if word.contains([' ', '[', ']']) { format!("[{}]", word.replace(']', "\\]")) } else { word.to_owned() }
}

fn check(word: &str) -> Result<()> {
    let fits = !word.is_empty() && !word.chars().any(|character| character.is_control() || "#\\".contains(character));
    if fits {
        return Ok(());
    }
    Err(Error::usage(
        format!("\"{}\" cannot stand on a line of pam.d.", crate::talk::escaped(word)),
        "Leave out #, \\ and control characters: pam_ussh(8), OPTIONS, has all words.",
    ))
}
