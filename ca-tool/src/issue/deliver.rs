//! Where a certificate goes: a file beside its key, a file that was named, or stdout.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{Write, stdout};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, OrSay, Result};

/// The line that ssh-keygen would write: type, base64, comment.
pub(crate) fn line(blob: &[u8], comment: &str) -> Option<String> {
    let name = std::str::from_utf8(ussh_cert::certificate::blob_name(blob)?).ok()?;
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, blob);
    let space = if comment.is_empty() { "" } else { " " };
    Some(format!("{name} {base64}{space}{comment}\n"))
}

/// `KEY-cert.pub` beside `KEY.pub` (ssh-keygen(1)).
pub(crate) fn beside(key: &Path) -> PathBuf {
    let name = key.as_os_str().as_bytes();
    let stem = name.strip_suffix(b".pub").unwrap_or(name);
    PathBuf::from(OsString::from_vec([stem, b"-cert.pub"].concat()))
}

/// A file that is replaced is a file: root who names /dev/null would lose it.
///
/// # Errors
/// When something else is there, behind links too.
pub(crate) fn refuse_what_is_no_file(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => Err(Error::new(
            format!("{} is there already, and is no file that a certificate could replace.", path.display()),
            "Name a file with -o, or -o - for stdout. Nothing was signed.",
        )),
        _ => Ok(()),
    }
}

/// Writes all of the file or none of it. The new one is made beside the old one under a name that nobody knows, so that
/// root may sign in a folder of somebody else's without following their links. Nobody waits for the disk: the journal has
/// the certificate, and gives it again (`ca-tool log show --certificate`).
pub(crate) fn to_file(path: &Path, line: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .and_then(|mut file| file.write_all(line.as_bytes()).map(|()| file))
        .and_then(|file| file.persist(path).map_err(|error| error.error));
    written.map(drop).or_say(
        format!("The certificate cannot be written to {}", path.display()),
        "Name another place with -o, or -o - for stdout.",
    )
}

pub(crate) fn to_stdout(line: &str) -> Result<()> {
    stdout().write_all(line.as_bytes()).or_say("The certificate cannot be written to stdout", "Name a file with -o.")
}
