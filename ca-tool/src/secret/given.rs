//! Secrets that a program has put ready. One line is read, without its end.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::Kind;
use crate::error::{Error, OrSay, Result};

/// Far more than any PIN, passphrase or management key has.
const MAX: u64 = 4096;

pub(super) fn from_descriptor(kind: Kind, descriptor: i32) -> Result<Zeroizing<Vec<u8>>> {
    let advice = format!("Open it in the shell, as in: --secret-fd {}={descriptor} {descriptor}<FILE", kind.name());
    let what = format!("The {} cannot be read from file descriptor {descriptor}", kind.name());
    let file = File::open(format!("/dev/fd/{descriptor}")).or_say(&what, &advice)?;
    first_line(file).or_say(&what, &advice).and_then(|line| not_empty(kind, line))
}

pub(super) fn from_credential(kind: Kind, folder: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let path = folder.join(format!("ca-tool.{}", kind.name()));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .or_say(format!("The credential {} cannot be read", path.display()), "Look at LoadCredential= in the unit.");
        }
    };
    let line = first_line(file)
        .or_say(format!("The credential {} cannot be read", path.display()), "Look at LoadCredential= in the unit.")?;
    not_empty(kind, line).map(Some)
}

fn not_empty(kind: Kind, line: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
    if line.is_empty() {
        return Err(Error::new(format!("The {} that was given is empty.", kind.name()), "Give it as one line."));
    }
    Ok(line)
}

fn first_line(file: File) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Reserved at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4097));
    file.take(MAX).read_to_end(&mut bytes)?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes)
}
