//! Files that only root can write, so that what stands in them can be trusted, read when nobody is writing them.

mod lease;
pub(crate) mod settled;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, symlink_metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// As many as the kernel follows.
const MAX_SYMLINKS: usize = 40;

/// More is no list of CA keys or principals: every certificate is looked up in all of it.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A file that only root can write, open for reading.
#[derive(Debug)]
pub(crate) struct SafeFile {
    pub(crate) file: File,
    /// The path without symbolic links.
    pub(crate) target: PathBuf,
}

/// Reads a small file whole, as [`open`] and [`settled::read`] allow.
///
/// # Errors
/// A sentence that names the path and what is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let most = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
    let whole = |file: &mut File, length: usize| {
        let mut content = Vec::with_capacity(length);
        file.take(MAX_SIZE).read_to_end(&mut content).map(|_| content).map_err(|error| error.to_string())
    };
    settled::read(path, most, &|_| (), whole)
}

/// Opens a regular file that root owns and nobody else may write, nor any folder or symbolic link on the way to it.
///
/// Each step of the path is checked before the next is taken, so nobody but root can change what lies ahead.
///
/// # Errors
/// A sentence that names the path and what is wrong with it.
pub(crate) fn open(path: &Path) -> Result<SafeFile, String> {
    let target = resolve(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = open_file(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    Ok(SafeFile { file, target })
}

/// The path without symbolic links, every folder on the way found safe.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, String> {
    let mut resolved = PathBuf::from("/");
    let mut ahead: VecDeque<OsString> = names(path);
    let mut symlinks = 0;
    folder_is_safe(&resolved)?;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            resolved.pop();
            continue;
        }
        let next = resolved.join(&name);
        let metadata = symlink_metadata(&next).map_err(|error| error.to_string())?;
        if metadata.is_symlink() {
            symlinks += 1;
            if symlinks > MAX_SYMLINKS {
                return Err("too many symbolic links".to_owned());
            }
            let target = std::fs::read_link(&next).map_err(|error| error.to_string())?;
            if target.is_absolute() {
                resolved = PathBuf::from("/");
            }
            for name in names(&target).into_iter().rev() {
                ahead.push_front(name);
            }
            continue;
        }
        if metadata.is_dir() {
            folder_is_safe(&next)?;
        } else if !ahead.is_empty() {
            return Err(format!("{} is not a folder", next.display()));
        }
        resolved = next;
    }
    Ok(resolved)
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

fn folder_is_safe(folder: &Path) -> Result<(), String> {
    let metadata = symlink_metadata(folder).map_err(|error| error.to_string())?;
    owned_by_root_alone(&metadata).map_err(|what| format!("its folder {} {what}", folder.display()))
}

pub(crate) fn owned_by_root_alone(metadata: &Metadata) -> Result<(), &'static str> {
    if metadata.uid() != 0 {
        return Err("is not owned by root");
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err("is writable by others than root");
    }
    Ok(())
}

/// Opened without waiting for the other end of a FIFO.
fn open_file(path: &Path) -> Result<File, String> {
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    owned_by_root_alone(&metadata)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_roots_in_folders_of_roots_is_read() {
        assert!(read(Path::new("/etc/passwd")).unwrap().starts_with(b"root:"));
        assert!(read(Path::new("/etc/../etc/./passwd")).is_ok());
    }

    #[test]
    fn what_others_can_write_or_is_no_file_is_refused() {
        for (path, what) in [
            ("/tmp/x", "its folder /tmp is writable by others than root"),
            ("/etc", "/etc: is not a regular file"),
            ("/dev/null", "/dev/null: is not a regular file"),
            ("/etc/passwd/x", "/etc/passwd/x: /etc/passwd is not a folder"),
            ("/etc/no-such-file", "/etc/no-such-file: No such file or directory (os error 2)"),
        ] {
            let error = read(Path::new(path)).unwrap_err();
            assert!(error.ends_with(what), "{path}: {error}");
        }
    }
}
