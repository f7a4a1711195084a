//! The software security key of `tests/sk-provider`, plugged into a world.

use std::cell::Cell;
use std::path::PathBuf;

use super::{Key, World, run};

/// Where the library stands in a world. No agent of a world loads another one.
pub(super) const PROVIDER: &str = "/opt/rig/libsk_provider.so";
const DEVICE: &str = "/run/security-key";
const UNPLUGGED: &str = "/run/security-key.unplugged";

/// What ssh-keygen, ssh-add, ssh and (through ssh-agent) ssh-sk-helper find it by.
pub(super) const ENVIRONMENT: [(&str, &str); 2] = [("SSH_SK_PROVIDER", PROVIDER), ("SK_PROVIDER_DEVICE", DEVICE)];

/// A device whose button the test holds. What can be set is written down in `tests/sk-provider/src/device.rs`.
pub struct SecurityKey<'w> {
    world: &'w World,
    read: Cell<usize>,
}

impl<'w> SecurityKey<'w> {
    pub(super) fn plug_in(world: &'w World) -> SecurityKey<'w> {
        world.install(&library(), PROVIDER, 0o755);
        world.mkdir(DEVICE, "laptop", 0o755);
        let device = SecurityKey { world, read: Cell::new(0) };
        // Made here, because root, who makes CAs, and the laptop share the device.
        world.write_as(&device.file("secret"), &[7; 32], "laptop", 0o644);
        world.write_as(&device.file("log"), b"", "laptop", 0o666);
        device
    }

    /// A key with options of ssh-keygen: `["no-touch-required"]`.
    pub fn key(&self, kind: &str, options: &[&str]) -> Key<'w> {
        let path = self.world.fresh("/home/laptop/sk-");
        let mut command = self.world.command_as("laptop", "ssh-keygen");
        command.args(["-q", "-t", kind, "-N", "", "-f", &path]);
        for option in options {
            command.args(["-O", option]);
        }
        run::run(&mut command).ok();
        Key::at(self.world, &path)
    }

    /// Writes one of the device's files: `set("touch", "withheld")`.
    pub fn set(&self, file: &str, content: &str) {
        // Renamed into place: the device may be reading.
        let draft = self.world.fresh("/run/rig/draft-");
        self.world.write(&draft, content);
        std::fs::rename(self.world.path(&draft), self.world.path(&self.file(file))).expect("both are in /run");
    }

    /// Takes the device out.
    pub fn unplug(&self) {
        std::fs::rename(self.world.path(DEVICE), self.world.path(UNPLUGGED)).expect("it is plugged in");
    }

    /// What it was asked since the last call: `touch sign ssh:`, `signed ssh: flags=01`.
    pub fn log(&self) -> Vec<String> {
        let log = self.world.read(&self.file("log"));
        let lines: Vec<String> = log.lines().skip(self.read.get()).map(str::to_owned).collect();
        self.read.set(self.read.get() + lines.len());
        lines
    }

    /// How many touches it asked for since the last call.
    pub fn touches(&self) -> usize {
        self.log().iter().filter(|line| line.starts_with("touch ")).count()
    }

    fn file(&self, name: &str) -> String {
        format!("{DEVICE}/{name}")
    }
}

/// Cargo puts it beside the tests, because they depend on it.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.parent().expect("a folder").join("libsk_provider.so")
}
