//! Files of the world, read and written from outside, through `/proc/PID/root`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::World;

impl World {
    /// Where a file of the world stands for this process. Absolute symbolic links in between would lead out of the world.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.host.path(inside)
    }

    /// A file's text.
    #[track_caller]
    pub fn read(&self, inside: &str) -> String {
        let bytes = fs::read(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes a file of root's, mode 0644.
    #[track_caller]
    pub fn write(&self, inside: &str, text: &str) {
        self.write_as(inside, text.as_bytes(), "root", 0o644);
    }

    /// Writes a file of `owner`'s, whatever the umask.
    #[track_caller]
    pub fn write_as(&self, inside: &str, bytes: &[u8], owner: &str, mode: u32) {
        fs::write(self.path(inside), bytes).unwrap_or_else(|error| panic!("{inside}: {error}"));
        self.own(inside, owner, mode);
    }

    /// Makes a folder of `owner`'s and those above it.
    #[track_caller]
    pub fn mkdir(&self, inside: &str, owner: &str, mode: u32) {
        fs::create_dir_all(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"));
        self.own(inside, owner, mode);
    }

    /// Gives a file to `owner`, user and group, and sets its mode.
    #[track_caller]
    pub fn own(&self, inside: &str, owner: &str, mode: u32) {
        let id = self.uid(owner);
        let path = self.path(inside);
        chown(&path, Some(id), Some(id)).unwrap_or_else(|error| panic!("{inside}: {error}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap_or_else(|error| panic!("{inside}: {error}"));
    }

    /// Brings a file of the real host into the world: a library, a program.
    #[track_caller]
    pub fn install(&self, outside: &Path, inside: &str, mode: u32) {
        // By another process: a program that a thread of this one still writes cannot be run.
        let copied = std::process::Command::new("cp").arg("--").arg(outside).arg(self.path(inside)).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} cannot be copied", outside.display());
        self.own(inside, "root", mode);
    }

    /// The uid of a user; everybody's group has the same number.
    #[track_caller]
    pub fn uid(&self, user: &str) -> u32 {
        let users = self.read("/etc/passwd");
        let line = users.lines().find(|line| line.split(':').next() == Some(user)).unwrap_or_else(|| panic!("no user {user}"));
        line.split(':').nth(2).and_then(|id| id.parse().ok()).expect("passwd has uids")
    }
}
