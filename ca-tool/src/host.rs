//! The host's own files: where they are, under a root that tests may set.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{OrSay, Result};

/// Whose files are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    root: PathBuf,
}

impl Host {
    /// The host whose files are in `root`.
    pub(crate) fn in_root(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a file of the host is to be opened. `path` is absolute, as people know it.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub(crate) fn has(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    /// A file's text; nothing where there is no such file.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        match fs::read(self.path(&path)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).or_say(format!("{} cannot be read", path.as_ref().display()), "Run this as root."),
        }
    }

    /// The names in a folder, sorted as the C locale does; none where there is no such folder.
    pub(crate) fn names(&self, folder: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// What this host is called: its name, and those that /etc/hosts has on the same line, the longest first.
    pub(crate) fn host_names(&self) -> Vec<String> {
        let read = |path: &str| self.read(path).ok().flatten().unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = if kernel.trim().is_empty() { "localhost" } else { kernel.trim() };
        let mut names = vec![name.to_owned()];
        for line in read("/etc/hosts").lines() {
            let line = line.split('#').next().unwrap_or_default();
            let on_line: Vec<_> = line.split_whitespace().skip(1).collect();
            if on_line.contains(&name) {
                names.extend(
                    on_line
                        .iter()
                        .filter(|other| !other.starts_with("localhost") && !other.starts_with("ip6-"))
                        .map(|&other| other.to_owned()),
                );
            }
        }
        if let Some((short, _)) = name.split_once('.') {
            names.push(short.to_owned());
        }
        names.sort_by_key(|name| (std::cmp::Reverse(name.matches('.').count()), name.clone()));
        names.dedup();
        names
    }
}
