//! Files that are replaced whole, and stay there when the power fails.

use std::fs::File;
use std::io;
use std::path::Path;

/// The folder that a file is in, or will be.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a new name in the file's folder last.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}
