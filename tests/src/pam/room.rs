//! A private /etc, /dev, /var/lib and users, seen only by the programs started in it.

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::log::Log;

/// Somebody in the room's passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: &'static str,
    /// User and group number.
    pub id: u32,
}

impl User {
    /// The administrator.
    pub const ROOT: Self = Self { name: "root", id: 0 };
    /// The person whose sudo it is; member of group `ops`.
    pub const ALICE: Self = Self { name: "alice", id: 1001 };
    /// Somebody else; member of no group but his own.
    pub const BOB: Self = Self { name: "bob", id: 1002 };
}

/// A folder that becomes the private host of the programs started with [`Room::command`].
///
/// Files written below [`Room::etc`] are root's and 0644; homes are at [`Room::home`], at the same path inside and outside.
pub struct Room {
    folder: TempDir,
    log: Log,
}

const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

impl Room {
    /// A room where nothing is trusted yet.
    ///
    /// # Panics
    /// Without root: mount namespaces and other users need it.
    #[expect(clippy::new_without_default, reason = "it makes folders and listens")]
    pub fn new() -> Self {
        assert!(nix::unistd::geteuid().is_root(), "these tests need root: run tests/run.sh as root");
        // Not TMPDIR, which may be root's alone: alice must get to her home.
        let folder = TempDir::with_prefix_in("room-", "/tmp").expect("a folder in /tmp");
        open_to_all(folder.path());
        for name in ["etc", "etc/ssh", "etc/pam.d", "dev", "home", "var-lib"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in the room");
            open_to_all(&folder.path().join(name));
        }
        for device in DEVICES {
            fs::write(folder.path().join("dev").join(device), "").expect("a place for a device");
        }
        let log = Log::listen(&folder.path().join("dev/log"));
        let room = Self { folder, log };
        room.accounts();
        room
    }

    fn accounts(&self) {
        self.write(
            "passwd",
            "root:x:0:0:root:/root:/bin/sh\nalice:x:1001:1001::/home/alice:/bin/sh\nbob:x:1002:1002::/home/bob:/bin/sh\n",
        );
        self.write("group", "root:x:0:\nalice:x:1001:\nbob:x:1002:\nops:x:1200:alice\n");
        self.write("nsswitch.conf", "passwd: files\ngroup: files\n");
        for user in [User::ALICE, User::BOB] {
            fs::create_dir(self.home(user)).expect("a home");
            fs::set_permissions(self.home(user), fs::Permissions::from_mode(0o700)).expect("chmod");
            give_to(&self.home(user), user);
        }
    }

    /// What programs in the room see as `/etc/NAME`.
    pub fn etc(&self, name: &str) -> PathBuf {
        self.folder.path().join("etc").join(name)
    }

    /// What programs in the room see as `/var/lib/NAME`.
    pub fn var_lib(&self, name: &str) -> PathBuf {
        self.folder.path().join("var-lib").join(name)
    }

    /// The 0700 home of a user.
    pub fn home(&self, user: User) -> PathBuf {
        self.folder.path().join("home").join(user.name)
    }

    /// A root-owned 0755 folder that is no part of /etc: for keys of CAs and the like.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes `/etc/NAME`: root's, 0644.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.etc(name);
        fs::write(&path, content).expect("a file in the room's etc");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        path
    }

    /// What was logged since the last question; one string a line, tag included.
    pub fn logged(&self) -> Vec<String> {
        self.log.take()
    }

    /// A program to run in the room as `user`, with an empty environment but PATH.
    pub fn command(&self, user: User, program: impl AsRef<OsStr>) -> Command {
        let mounts = self.mounts();
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
        let enter = move || {
            unshare(CloneFlags::CLONE_NEWNS)?;
            mount(None::<&str>, c"/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
            for (from, to) in &mounts {
                // Recursive: the devices stand as mounts in the folder that becomes /dev.
                mount(Some(from.as_c_str()), to.as_c_str(), None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)?;
            }
            Ok(become_user(user.id)?)
        };
        // SAFETY: between fork and exec only system calls happen; everything allocated was made before.
        unsafe { command.pre_exec(enter) };
        command
    }

    fn mounts(&self) -> Vec<(CString, CString)> {
        let room = self.folder.path();
        let devices = DEVICES.iter().map(|name| (Path::new("/dev").join(name), room.join("dev").join(name)));
        let folders = [("dev", "/dev"), ("etc", "/etc"), ("var-lib", "/var/lib")];
        let folders = folders.map(|(name, place)| (room.join(name), PathBuf::from(place)));
        devices.chain(folders).map(|(from, to)| (c_path(&from), c_path(&to))).collect()
    }
}

/// Not `initgroups`: it reads files and allocates, which may hang between fork and exec. Groups of the room's users are known.
fn become_user(id: u32) -> nix::Result<()> {
    let (user, group) = (nix::unistd::Uid::from_raw(id), nix::unistd::Gid::from_raw(id));
    nix::unistd::setgroups(&[group])?;
    nix::unistd::setresgid(group, group, group)?;
    nix::unistd::setresuid(user, user, user)
}

/// chown to a user of the room.
pub(crate) fn give_to(path: &Path, user: User) {
    chown(path, Some(user.id), Some(user.id)).expect("chown");
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("chmod");
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path")
}
