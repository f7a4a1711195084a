//! Where libpam's modules are.

use std::fs;
use std::path::PathBuf;

/// Where distributions without multiarch folders have them.
const FOLDERS: [&str; 4] = ["/usr/lib64/security", "/lib64/security", "/usr/lib/security", "/lib/security"];

/// Every place where libpam of this host may find it.
pub(crate) fn find(module: &str) -> Vec<PathBuf> {
    let multiarch = ["/usr/lib", "/lib"].iter().flat_map(|lib| fs::read_dir(lib).into_iter().flatten().flatten());
    let folders = multiarch.map(|entry| entry.path().join("security")).chain(FOLDERS.iter().map(PathBuf::from));
    // A whole path stays as it is, as with libpam.
    let mut found: Vec<_> = folders.filter_map(|folder| folder.join(module).canonicalize().ok()).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether libpam would look for it in vain. `$ISA` in a path is libpam's own to fill in.
pub(crate) fn is_missing(module: &str) -> bool {
    !module.contains('$') && find(module).is_empty()
}
