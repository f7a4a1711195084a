//! From fetched bytes to a file of this host: signed, sound, not older, in one step.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

use super::outcome::Outcome;
use crate::error::{Error, OrSay, Result};
use crate::file;
use crate::signed_file::trust::Trust;
use crate::signed_file::{Edition, Kind, MODE};
use crate::{ca_file, talk};

/// This host's lists.
pub(super) struct Place<'a> {
    pub(super) ca_file: &'a Path,
    pub(super) krl: &'a Path,
    pub(super) dry_run: bool,
}

const ADVICE: &str = "Run this as root, as ussh-update.service does; lists and their folders must be root's alone.";

/// Judges a list, and puts it where it belongs.
pub(super) fn install(kind: Kind, to: &Path, list: &[u8], signature: &[u8], place: &Place<'_>) -> Result<Outcome> {
    let cannot = || format!("{} cannot be written", to.display());
    let to = file::real(to).or_say(cannot(), ADVICE)?;
    refuse_what_others_can_write(file::folder(&to))?;
    // Whoever could write this one would be a CA.
    refuse_what_others_can_write(&file::real(place.ca_file).or_say(cannot(), ADVICE)?)?;
    // Nobody may change what is compared with.
    let _lock = if place.dry_run { None } else { Some(file::lock(&to).or_say(cannot(), ADVICE)?) };
    let ca = Trust::of(place.ca_file, Some(place.krl))?.verify(kind, list, signature)?;
    let new = kind.edition(list).or_say(
        format!("The {} is signed, but no host should have it", kind.noun()),
        "Make it anew where it is published from, and sign that. What is here stays.",
    )?;
    // pam_ussh refuses everybody with such a list, where it has krl_max_age; and it would never be stale.
    if kind == Kind::Krl && new.is_ahead() {
        return Err(Error::new(
            format!("The {} is dated in the future: {}.", kind.noun(), new.in_words()),
            "Is this host's clock right? If so, the CA's was not: `ca-tool krl update` and `krl sign` there mend it.",
        ));
    }
    let old = match std::fs::read(&to) {
        Ok(bytes) if bytes == list && others_can_write(&to)? => {
            talk::warn(format_args!(
                "{} {} anew: others could write to it, and pam_ussh believes no such file.",
                to.display(),
                if place.dry_run { "would be written" } else { "is written" }
            ));
            None
        }
        Ok(bytes) if bytes == list => return Ok(Outcome::Unchanged { edition: new, ca }),
        Ok(bytes) => edition_in_force(kind, &to, &bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error).or_say(format!("{} cannot be read", to.display()), ADVICE),
    };
    refuse_older(kind, old, new)?;
    if !place.dry_run {
        file::replace(&to, list, MODE).or_say(cannot(), ADVICE)?;
    }
    Ok(Outcome::Installed { edition: new, ca })
}

/// Nothing where anything is newer: the file of trusted CAs that came by other means, and a list that is damaged.
fn edition_in_force(kind: Kind, path: &Path, bytes: &[u8]) -> Result<Option<Edition>> {
    let is_damaged = |why: &str| {
        talk::warn(format_args!("{} is replaced, for it cannot be relied on: {why}.", path.display()));
        Ok(None)
    };
    match kind {
        Kind::CaFile => ca_file::edition(bytes).or_else(|why| is_damaged(&why)),
        Kind::Krl if bytes.is_empty() => Ok(None),
        Kind::Krl if !bytes.starts_with(ussh_cert::krl::MAGIC) => Err(Error::new(
            format!("{} is a list of keys by hand, and what it revokes would be lost.", path.display()),
            "Have the CA revoke them too (ca-tool revoke FILE), publish that, and move this list away.",
        )),
        Kind::Krl => kind.edition(bytes).map(Some).or_else(|why| is_damaged(&why)),
    }
}

fn refuse_older(kind: Kind, old: Option<Edition>, new: Edition) -> Result<()> {
    let Some(old) = old.filter(|old| *old >= new) else { return Ok(()) };
    let (noun, advice) =
        (kind.noun(), "What is here stays. `ca-tool krl update` and `ca-tool ca-file sign` raise the version.");
    Err(match old == new {
        true => Error::new(format!("Another {noun} of the same version and date is here: {}.", old.in_words()), advice),
        false => Error::new(
            format!("The {noun} that is published is older than the one here: {}, not {}.", new.in_words(), old.in_words()),
            advice,
        ),
    })
}

/// pam_ussh believes no such file nor one in such a folder, and whoever can write there can put an old list back. A folder
/// like /tmp, where nobody moves other people's files, is one for trials.
fn refuse_what_others_can_write(path: &Path) -> Result<()> {
    const STICKY: u32 = 0o1000;
    let is_safe = |metadata: &Metadata| {
        is_ours(metadata) && (!is_for_all(metadata) || (metadata.is_dir() && metadata.mode() & STICKY != 0))
    };
    for path in path.ancestors() {
        match path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {} // which is said where it is missed
            Ok(metadata) if is_safe(&metadata) => {}
            Ok(_) => return Err(Error::new(format!("Others can write to {}.", path.display()), ADVICE)),
            Err(error) => return Err(error).or_say(format!("{} cannot be looked at", path.display()), ADVICE),
        }
    }
    Ok(())
}

/// The same of a file that is there, whose folders are safe.
fn others_can_write(path: &Path) -> Result<bool> {
    let metadata = path.metadata().or_say(format!("{} cannot be looked at", path.display()), ADVICE)?;
    Ok(!is_ours(&metadata) || is_for_all(&metadata))
}

fn is_ours(metadata: &Metadata) -> bool {
    metadata.uid() == 0 || metadata.uid() == geteuid().as_raw()
}

fn is_for_all(metadata: &Metadata) -> bool {
    metadata.mode() & 0o022 != 0
}
