//! Where a certificate goes: a file beside its key, a file that was named, or stdout.

use std::fs::{self, OpenOptions};
use std::io::{Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{OrSay, Result};

/// The line that ssh-keygen would write: type, base64, comment.
pub(crate) fn line(blob: &[u8], comment: &str) -> Option<String> {
    let name = std::str::from_utf8(ussh_cert::certificate::blob_name(blob)?).ok()?;
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, blob);
    let space = if comment.is_empty() { "" } else { " " };
    Some(format!("{name} {base64}{space}{comment}\n"))
}

/// `KEY-cert.pub` beside `KEY.pub` (ssh-keygen(1)).
pub(crate) fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().as_encoded_bytes().to_vec();
    if name.ends_with(b".pub") {
        name.truncate(name.len() - 4);
    }
    name.extend_from_slice(b"-cert.pub");
    PathBuf::from(std::ffi::OsString::from(String::from_utf8_lossy(&name).into_owned()))
}

/// Writes all of the file or none of it: beside it first, then in its place.
pub(crate) fn to_file(path: &Path, line: &str) -> Result<()> {
    let new = path.with_extension("pub.new");
    let what = format!("The certificate cannot be written to {}", path.display());
    let advice = "Name another place with -o, or -o - for stdout.";
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(&new)
        .and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.or_say(what, advice)
}

pub(crate) fn to_stdout(line: &str) -> Result<()> {
    stdout().write_all(line.as_bytes()).or_say("The certificate cannot be written to stdout", "Name a file with -o.")
}
