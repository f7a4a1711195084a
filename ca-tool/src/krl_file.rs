//! The revocation list as a file: replaced whole, one writer at a time, and never older than it was.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ussh_cert::krl::Krl;

use crate::error::{Error, OrSay, Result};
use crate::file;
use crate::issue::request::now;
use crate::journal::{Journal, WrittenKrl};
use crate::{signed_file, talk};

/// Everybody reads it: sshd and pam_ussh as root, people who ask why they are refused.
const MODE: u32 = 0o644;

/// The file, while nobody else writes it.
pub(crate) struct KrlFile {
    /// Where it really is, behind links.
    path: PathBuf,
    old: Option<Krl>,
    mode: u32,
    _lock: File,
}

impl KrlFile {
    /// Waits for other writers, and reads what is there.
    ///
    /// # Errors
    /// When it cannot be read, or is no revocation list that OpenSSH would load: what it revokes must not get lost.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let path = file::real(path).or_say(cannot(path), ADVICE)?;
        let lock = file::lock(&path).or_say(cannot(&path), ADVICE)?;
        let (old, mode) = match std::fs::read(&path) {
            Ok(bytes) => (Some(read(&path, &bytes)?), mode(&path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => (None, MODE),
            Err(error) => return Err(error).or_say(cannot(&path), ADVICE),
        };
        Ok(Self { path, old, mode, _lock: lock })
    }

    /// What the file revokes now.
    pub(crate) fn take(&mut self) -> Krl {
        match &self.old {
            Some(old) => old.clone(),
            None => Krl::new(),
        }
    }

    /// Puts the new list in its place. Its version and date are set here.
    pub(crate) fn replace(self, mut krl: Krl, journal: Option<&mut Journal>) -> Result<WrittenKrl> {
        let name = self.path.display().to_string();
        let last = journal.as_ref().map_or(Ok(None), |journal| journal.last_krl(&name))?;
        let before = |of_file: fn(&Krl) -> u64, of_journal: fn(&WrittenKrl) -> u64| {
            self.old.as_ref().map_or(0, of_file).max(last.as_ref().map_or(0, of_journal))
        };
        krl.version = before(|old| old.version, |last| last.version).checked_add(1).ok_or_else(|| {
            Error::new(format!("{name} has the highest version there can be."), "Move it away, and build it anew.")
        })?;
        krl.generated_date = date(before(|old| old.generated_date, |last| last.generated));
        let bytes = krl.write().or_say(format!("{name} would be too large"), "Revoke key IDs or keys instead of serials.")?;
        let written = WrittenKrl { file: name, version: krl.version, generated: krl.generated_date };
        let draft = file::Draft::write(&self.path, &bytes, self.mode).or_say(cannot(&self.path), ADVICE)?;
        if let Some(journal) = journal {
            journal.write_krl(&written)?;
        }
        draft.put_in_place().or_say(cannot(&self.path), ADVICE)?;
        let signature = signed_file::signature_of(&self.path);
        if signature.exists() {
            talk::warn(format_args!("{} is of the list before: ca-tool krl sign.", signature.display()));
        }
        Ok(written)
    }
}

/// Now, and not before the list before; unless that was made by a clock which was far ahead: hosts refuse such a list, and
/// the version says well enough which is newer.
fn date(before: u64) -> u64 {
    const CLOCK_SKEW: u64 = 300;
    match now() {
        now if before > now.saturating_add(CLOCK_SKEW) => now,
        now => now.max(before),
    }
}

const ADVICE: &str = "Run this as the user who owns the list, or name another one with --krl.";

fn cannot(path: &Path) -> String {
    format!("The revocation list {} cannot be written", path.display())
}

/// Reads a list that is asked or shown.
pub(crate) fn content(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).or_say(format!("{} cannot be read", path.display()), "Name a revocation list with --krl.")
}

/// Reads a list in OpenSSH's format.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Krl> {
    Krl::read(bytes).or_say(
        format!("{} is no revocation list that OpenSSH loads", path.display()),
        "sshd and pam_ussh refuse everybody with it. Restore it from a copy, or move it away and run `ca-tool krl build`.",
    )
}

fn mode(path: &Path) -> Result<u32> {
    Ok(std::fs::metadata(path).or_say(cannot(path), ADVICE)?.permissions().mode() & 0o7777)
}
