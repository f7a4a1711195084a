//! What a KRL says, as `ssh-keygen -Q -l` prints it (krl.c: krl_dump): nearly a specification for `ssh-keygen -k`.

use std::fmt::Write;

use super::{Authority, Krl};
use crate::certificate::blob_name;
use crate::key::fingerprint;
use crate::plain_key::canonical;

impl Krl {
    /// The text. `generated_at` is the date in local time, `20261122T034028`, which needs a time zone.
    ///
    /// Other characters than ASCII's printable ones are written as `\303`, as ssh-keygen does in the C locale. A revoked
    /// "key" that is none, which ssh-keygen leaves out with an error, is a comment here.
    pub fn listing(&mut self, generated_at: &str) -> String {
        self.sort();
        let mut out = format!("# KRL version {}\n# Generated at {generated_at}\n", self.version);
        if !self.comment.is_empty() {
            line(&mut out, format_args!("# Comment: {}", escaped(&self.comment)));
        }
        out.push('\n');
        for blob in self.keys.sorted() {
            match (canonical(blob), blob_name(blob)) {
                (Ok(key), Some(name)) => {
                    line(&mut out, format_args!("hash: {} # {}", fingerprint(&key), name.escape_ascii()));
                }
                _ => line(&mut out, format_args!("# not a key: {}", hex(blob))),
            }
        }
        for hash in self.sha256s.sorted() {
            line(&mut out, format_args!("hash: SHA256:{}", hex(hash)));
        }
        for hash in self.sha1s.sorted() {
            line(&mut out, format_args!("# hash SHA1:{}", hex(hash)));
        }
        self.authorities.iter().for_each(|authority| certificates(&mut out, authority));
        out
    }
}

fn certificates(out: &mut String, authority: &Authority) {
    match authority.ca() {
        None => line(out, format_args!("\n# Wildcard CA")),
        Some(ca) => {
            let name = blob_name(ca).unwrap_or_default().escape_ascii();
            line(out, format_args!("\n# CA key {name} {}", fingerprint(ca)));
        }
    }
    for (min, max) in authority.serials() {
        if min == max {
            line(out, format_args!("serial: {min}"));
        } else {
            line(out, format_args!("serial: {min}-{max}"));
        }
    }
    for key_id in authority.key_ids() {
        line(out, format_args!("id: {}", escaped(key_id)));
    }
}

fn line(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{arguments}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' '..=b'~' => out.push(char::from(byte)),
            other => {
                let _ = write!(out, "\\{other:03o}");
            }
        }
    }
    out
}
