//! A temporary folder in which ca-tool runs: its journal and revocation list are there, and nothing of this host's.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)] // each test file uses its part of it

mod agent;
mod security_key;
mod terminal;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use agent::Agent;
pub use security_key::SecurityKey;
pub use terminal::Terminal;

pub struct Room {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Room {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets a variable for every program that starts here from now on.
    pub fn set(&mut self, name: &str, value: impl AsRef<Path>) -> &mut Self {
        self.variables.push((name.into(), value.as_ref().to_str().unwrap().into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Makes a key pair of a type that `ssh-keygen -t` knows; `NAME` and `NAME.pub`.
    pub fn key(&self, name: &str, kind: &str) -> PathBuf {
        let path = self.path(name);
        // One ECDSA key in 512 is not read from files, which has a test of its own.
        let make = || self.ok("ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", name, "-f", name]);
        make();
        while kind == "ecdsa" && ssh_key::PrivateKey::read_openssh_file(&path).is_err() {
            std::fs::remove_file(&path).unwrap();
            make();
        }
        path
    }

    /// ca-tool in this folder, with a journal and a revocation list of its own.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_ca-tool"));
        command.args(args).arg("--journal").arg(self.path("journal.db")).arg("--krl").arg(self.path("krl"));
        command
    }

    pub fn ca_tool<S: AsRef<OsStr>>(&self, args: &[S]) -> Done {
        Done::of(self.command(args))
    }

    /// Any other program in this folder; it has to succeed.
    pub fn ok(&self, program: &str, args: &[&str]) -> String {
        let mut command = self.program(program);
        command.args(args);
        let done = Done::of(command);
        assert_eq!(done.code, 0, "{program} {args:?}: {}{}", done.stdout, done.stderr);
        done.stdout
    }

    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new("setsid"); // away from the terminal of whoever runs the tests
        command.arg("--wait").arg(program).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", self.folder.path()).env("TZ", "UTC");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(std::process::Stdio::null());
        command
    }
}

/// What a program said.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(mut command: Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Wants exit code 0.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Wants these words too.
    #[track_caller]
    pub fn refused_with(self, words: &str) -> Self {
        self.refused(words)
    }

    /// Wants exit code 1 and these words in what is said.
    #[track_caller]
    pub fn refused(self, words: &str) -> Self {
        assert!(self.code == 1 && self.stderr.contains(words), "wanted exit code 1 and {words:?}: {self:#?}");
        self
    }
}
