//! Files that are replaced whole, by one writer at a time, and stay there when the power fails.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::NamedTempFile;

use crate::talk;

/// The folder that a file is in, or will be.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a new name in the file's folder last.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Where a file really is, behind links; or will be.
pub(crate) fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            Ok(folder(path).canonicalize()?.join(name))
        }
        other => other,
    }
}

/// `FILE.sig` for `FILE`.
pub(crate) fn with_more(path: &Path, more: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(more);
    name.into()
}

/// A file that is written, beside the one that it will replace.
pub(crate) struct Draft<'p> {
    new: NamedTempFile,
    path: &'p Path,
}

impl<'p> Draft<'p> {
    /// Writes it, and waits for the disk.
    pub(crate) fn write(path: &'p Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        let permissions = Permissions::from_mode(mode);
        let mut new = tempfile::Builder::new().permissions(permissions.clone()).tempfile_in(folder(path))?;
        new.write_all(bytes)?;
        // Again, without the umask.
        new.as_file().set_permissions(permissions)?;
        new.as_file().sync_all()?;
        Ok(Self { new, path })
    }

    /// From now on it is the file.
    pub(crate) fn put_in_place(self) -> io::Result<()> {
        self.new.persist(self.path).map_err(|error| error.error)?;
        sync_folder(self.path)
    }
}

/// Replaces a file, or makes it.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    Draft::write(path, bytes, mode)?.put_in_place()
}

/// Waits until nobody else writes the file, and keeps others waiting until it is dropped.
///
/// A file of its own: the one that is replaced is another one afterwards. And one that only its owner can open, as folder
/// and file can be by everybody: whoever can open something can lock it, and hold up revocations for ever.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    let lock = options.open(folder(path).join(name))?;
    if lock.try_lock().is_err() {
        talk::say(format_args!("Another ca-tool writes {}: waiting.", path.display()));
        lock.lock()?;
    }
    Ok(lock)
}
