//! The emergency's own folder: 0700, new, with the key (0600), its certificate, and the journal if there is no other.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::clock;
use crate::error::{OrSay, Result};
use crate::issue::deliver;
use crate::issue::fresh_key::FreshKey;
use crate::issue::request::now;

/// Made when the first thing goes into it.
pub(super) struct Folder {
    path: PathBuf,
    made: bool,
    has_journal: bool,
}

impl Folder {
    pub(super) fn named(typed: Option<&Path>) -> Self {
        let path = typed.map_or_else(|| PathBuf::from(format!("emergency-{}", clock::digits(now()))), Path::to_path_buf);
        Self { path, made: false, has_journal: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn has_journal(&self) -> bool {
        self.has_journal
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.path.join("journal.db")
    }

    /// A place for a journal.
    pub(super) fn journal(&mut self) -> Result<PathBuf> {
        self.make()?;
        self.has_journal = true;
        Ok(self.journal_path())
    }

    /// `id_TYPE`, `id_TYPE.pub` and `id_TYPE-cert.pub`, as ssh looks for them after `-i id_TYPE`.
    pub(super) fn deliver(&mut self, key: &FreshKey, certificate: &[u8], comment: &str) -> Result<()> {
        self.make()?;
        let private = self.path.join(key.file_name());
        write_new(&private, 0o600, key.to_file()?.as_bytes())?;
        let line = |blob| deliver::line(blob, comment).unwrap_or_default();
        write_new(&private.with_extension("pub"), 0o644, line(key.blob()).as_bytes())?;
        deliver::to_file(&deliver::beside(&private), &line(certificate))
    }

    fn make(&mut self) -> Result<()> {
        if !self.made {
            DirBuilder::new().mode(0o700).create(&self.path).or_say(
                format!("The folder {} cannot be made", self.path.display()),
                "Name a new one with -o, or use --to-agent.",
            )?;
            self.made = true;
        }
        Ok(())
    }
}

fn write_new(path: &Path, mode: u32, content: &[u8]) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .or_say(format!("{} cannot be written", path.display()), "Name a folder elsewhere with -o, or use --to-agent.")
}
