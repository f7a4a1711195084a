//! The software security key, plugged into a room: `tests/sk-provider/src/device.rs` says what can be set.

use std::path::{Path, PathBuf};

use super::Room;

pub struct SecurityKey {
    folder: PathBuf,
}

impl SecurityKey {
    /// From now on, ssh-keygen and ssh-add make and use `ecdsa-sk` and `ed25519-sk` keys in this room.
    pub fn plug_in(room: &mut Room) -> SecurityKey {
        let folder = room.path("security-key");
        std::fs::create_dir(&folder).unwrap();
        room.set("SSH_SK_PROVIDER", Self::library()).set("SK_PROVIDER_DEVICE", &folder);
        SecurityKey { folder }
    }

    /// Beside the tests.
    pub fn library() -> PathBuf {
        std::env::current_exe().unwrap().parent().unwrap().join("libsk_provider.so")
    }

    /// Writes one of the device's files at once.
    pub fn set(&self, name: &str, content: &str) -> &Self {
        let draft = self.folder.join(format!("{name}.draft"));
        std::fs::write(&draft, content).unwrap();
        std::fs::rename(draft, self.folder.join(name)).unwrap();
        self
    }

    pub fn unplug(&self) {
        std::fs::rename(&self.folder, self.folder.with_extension("unplugged")).unwrap();
    }

    /// `touch sign ssh:`, `signed ssh: flags=01` …, all since it was made.
    pub fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many signatures it made.
    pub fn signatures(&self) -> usize {
        self.log().iter().filter(|line| line.starts_with("signed ")).count()
    }
}

impl AsRef<Path> for SecurityKey {
    fn as_ref(&self) -> &Path {
        &self.folder
    }
}
