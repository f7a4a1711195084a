//! A program that root alone can change: what is run as root because of a line in pam.d must be as safe as that line.

use std::fs::symlink_metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::safe_path::{owned_by_root_alone, resolve};

const EXECUTABLE: u32 = 0o100;

/// Whether there is a program that root owns and nobody else may write, nor any folder or symbolic link on the way to it.
///
/// # Errors
/// A sentence that says what is wrong with what is there. That nothing is there is no error.
pub(super) fn is_there(path: &Path) -> Result<bool, String> {
    if symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(false);
    }
    let target = resolve(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let what_is_wrong = |what: &str| format!("{}: {what}", target.display());
    let metadata = symlink_metadata(&target).map_err(|error| what_is_wrong(&error.to_string()))?;
    owned_by_root_alone(&metadata).map_err(what_is_wrong)?;
    if metadata.is_file() && metadata.mode() & EXECUTABLE != 0 { Ok(true) } else { Err(what_is_wrong("is not a program")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_roots_alone_and_executable_or_is_not_there() {
        assert_eq!(is_there(Path::new("/usr/bin/env")), Ok(true));
        assert_eq!(is_there(Path::new("/usr/bin/no-such-program")), Ok(false));
        assert_eq!(is_there(Path::new("/usr/no-such-folder/program")), Ok(false));
        for (path, what) in [
            ("/etc/passwd", "/etc/passwd: is not a program"),
            ("/etc", "/etc: is not a program"),
            ("/tmp/../tmp", "its folder /tmp is writable by others than root"),
        ] {
            let error = is_there(Path::new(path)).unwrap_err();
            assert!(error.ends_with(what), "{path}: {error}");
        }
    }
}
