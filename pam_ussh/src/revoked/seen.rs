//! The highest version of each KRL that was ever seen here: somebody who can put an old list back would take
//! revocations back.
//!
//! One small file a list. It is read each time and written when the version rises, by renaming a new one over it, so
//! that nobody waits for anybody. Of two who write at once the lower version may stay, until the higher one is read
//! again. Where nothing can be kept, nothing is asked for either. Programs of others only read it: what they say must be
//! what root's say.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, symlink_metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use nix::unistd::geteuid;
use ussh_cert::krl::Header;
use ussh_cert::timestamp::rfc3339;

use super::encoded::encoded;
use crate::safe_path::{owned_by_root_alone, resolve};

const FOLDER: &str = "/var/lib/pam_ussh";

/// Ours are shorter.
const MOST_BYTES: u64 = 16 * 1024;

/// What is remembered of a list.
#[derive(Debug)]
pub(super) struct Seen {
    list: String,
    /// Which folder the list stands in: a list of the same name on another system is another one.
    stands_in: String,
    /// Where this is kept; `None` where nothing can be.
    file: Option<PathBuf>,
    version: Option<u64>,
}

impl Seen {
    /// What is known before the list is opened.
    ///
    /// # Errors
    /// What is kept could have been written by others than root, or is not what was written.
    pub(super) fn recall(list: &Path, note: &dyn Fn(&str)) -> Result<Self, String> {
        let stands_in = list.parent().and_then(|folder| fs::metadata(folder).ok()).map(|folder| identity(&folder));
        let name = encoded(list.as_os_str());
        let file = Path::new(FOLDER).join(&name);
        let mut seen = Self { list: name, stands_in: stands_in.unwrap_or_default(), file: None, version: None };
        match folder_exists().and_then(|exists| if exists { seen.read(&file) } else { Ok(None) }) {
            Ok(version) => (seen.version, seen.file) = (version, Some(file)),
            // A security policy that keeps this program out is no reason to keep everybody out.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                note(&format!("{}: {error}; versions of KRLs are not remembered", file.display()));
            }
            Err(error) => return Err(format!("{}: {error}", file.display())),
        }
        Ok(seen)
    }

    /// Refuses a list older than one that was here before.
    pub(super) fn check(&self, header: Option<&Header>) -> Result<(), String> {
        let (Some(before), Some(file)) = (self.version, &self.file) else { return Ok(()) };
        let what = match header {
            Some(header) if header.version >= before => return Ok(()),
            Some(header) => format!("is version {}", header.version),
            None => "is no KRL".to_owned(),
        };
        Err(format!("{what}, though version {before} was here before; if that is meant, remove {}", file.display()))
    }

    /// Remembers a version that is higher than any before.
    pub(super) fn keep(&self, header: &Header, now: u64, note: &dyn Fn(&str)) {
        let is_news = |version: Option<u64>| version.is_none_or(|version| version < header.version);
        let Some(file) = self.file.as_ref().filter(|_| geteuid().is_root() && is_news(self.version)) else { return };
        // Somebody else may have been faster.
        if !self.read(file).is_ok_and(is_news) {
            return;
        }
        let text = format!(
            "list={}\nstands_in={}\nversion={}\ngenerated={}\nseen={}\n",
            self.list,
            self.stands_in,
            header.version,
            rfc3339(header.generated_date),
            rfc3339(now),
        );
        if let Err(error) = make_folder().and_then(|()| replace(file, text.as_bytes())) {
            note(&format!("{}: the KRL's version is not remembered: {error}", file.display()));
        }
    }

    /// The version in the file; none if there is no file, or it is about a list of the same name elsewhere.
    fn read(&self, file: &Path) -> io::Result<Option<u64>> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(file) {
            Ok(file) => file,
            // A name that is too long for a file is never written either.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidFilename) => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        owned_by_root_alone(&metadata).map_err(io::Error::other)?;
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text)?;
        self.parse(&text).ok_or_else(|| io::Error::other("is not what was written; remove it to start anew"))
    }

    /// `None` if it is not what [`Seen::keep`] wrote.
    fn parse(&self, text: &str) -> Option<Option<u64>> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let version = field("version")?.parse().ok()?;
        let is_ours = field("list")? == self.list && field("stands_in")? == self.stands_in;
        Some(is_ours.then_some(version))
    }
}

/// A folder's number, and when it was made; where the file system does not know that, the device.
fn identity(folder: &Metadata) -> String {
    let born = folder.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).filter(|born| !born.is_zero());
    match born {
        Some(born) => format!("{} born {}.{:09}", folder.ino(), born.as_secs(), born.subsec_nanos()),
        None => format!("{} on {}", folder.ino(), folder.dev()),
    }
}

/// Whether there is a folder for this, and only root can change what is in it.
fn folder_exists() -> io::Result<bool> {
    match symlink_metadata(FOLDER) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.is_dir() => Err(io::Error::other("its folder is not a folder")),
        Ok(_) => resolve(Path::new(FOLDER)).map(|_| true).map_err(io::Error::other),
    }
}

/// The umask is that of the person who runs sudo, so modes are set once more.
fn make_folder() -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(FOLDER) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| fs::set_permissions(FOLDER, Permissions::from_mode(0o755))),
    }
}

/// Whole or not at all, also when the power fails.
fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(io::Error::other)?;
    let mut new = file.as_os_str().to_owned();
    new.push(format!(".{:016x}", u64::from_ne_bytes(number)));
    let new = PathBuf::from(new);
    let written = write_new(&new, text).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_new(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o644).open(file)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text)?;
    file.sync_all()
}
