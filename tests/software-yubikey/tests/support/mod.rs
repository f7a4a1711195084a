//! Unmodified programs at a desk, and what they said.
#![allow(dead_code, reason = "each test program uses some of it")]

use software_yubikey::Desk;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

pub const PIN: &str = "123456";
pub const PUK: &str = "12345678";
/// The management key of the factory.
pub const MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

/// Each function as a test at both kinds of desk.
#[allow(unused_macros, reason = "each test program uses some of it")]
macro_rules! at_both_desks {
    ($($test:ident),* $(,)?) => {
        mod at_the_stand_in {
            $(#[test] fn $test() { super::$test(&software_yubikey::Desk::new()); })*
        }
        mod at_the_real_pcscd {
            $(#[test] fn $test() { super::$test(&software_yubikey::Desk::with_pcscd()); })*
        }
    };
}

/// What a program said and how it ended.
pub struct Ran {
    pub words: String,
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

/// Runs a program at the desk to its end. One that hangs is killed after five minutes.
#[track_caller]
pub fn run(desk: &Desk, words: &[&str]) -> Ran {
    finish(words, start(desk, words))
}

/// Starts a program at the desk.
#[track_caller]
pub fn start(desk: &Desk, words: &[&str]) -> Child {
    let mut command = desk.command("timeout");
    command.args(["--kill-after=1", "300"]).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("timeout (coreutils) starts")
}

/// Waits for a program that [`start`] started.
#[track_caller]
pub fn finish(words: &[&str], child: Child) -> Ran {
    let output = child.wait_with_output().expect("our child ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran =
        Ran { words: words.join(" "), stdout: text(&output.stdout), stderr: text(&output.stderr), code: output.status.code() };
    assert_ne!(ran.code, Some(127), "{ran}: is it installed?");
    assert_ne!(ran.code, Some(124), "{ran}: it hung");
    ran
}

impl Ran {
    /// It must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It must have failed, by itself.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "{self}");
        self
    }

    /// It must have said this, blanks aside, anywhere.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain(&self.stdout).contains(text) || plain(&self.stderr).contains(text), "no {text:?} in {self}");
        self
    }

    /// It must not have said this.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?} in {self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ended with {:?}:\n{}\n{}", self.words, self.code, self.stdout, self.stderr)
    }
}

/// A PKCS#11 module of this system by its file's name.
pub fn module(name: &str) -> String {
    let found = fs::read_dir("/usr/lib")
        .expect("/usr/lib")
        .filter_map(|entry| Some(entry.ok()?.path().join(name)))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is missing: install ykcs11 and opensc-pkcs11"));
    found.to_str().expect("a plain path").to_owned()
}

/// Writes a file into the desk's folder.
pub fn write(desk: &Desk, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(desk.folder().join(name), bytes).expect("a file in the desk's folder");
}

/// Reads a file of the desk's folder.
pub fn read(desk: &Desk, name: &str) -> Vec<u8> {
    fs::read(desk.folder().join(name)).expect("a file in the desk's folder")
}

/// A program of this crate that obeys one line at a time.
pub struct Dialogue {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Dialogue {
    /// Starts it at the desk.
    pub fn start(desk: &Desk, program: &str) -> Self {
        Self::start_with(desk, program, &[])
    }

    /// Starts it with arguments.
    pub fn start_with(desk: &Desk, program: &str, words: &[&str]) -> Self {
        let mut child =
            desk.command(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (heard, output) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| heard.send(line)));
        Self { child, input, output }
    }

    /// Tells it a line.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("its input"), "{line}").expect("it listens");
    }

    /// The next line it says.
    pub fn hear(&mut self) -> String {
        self.output.recv_timeout(Duration::from_secs(300)).expect("it speaks within five minutes")
    }

    /// What it says within a second.
    pub fn hear_soon(&mut self) -> Option<String> {
        self.output.recv_timeout(Duration::from_secs(1)).ok()
    }

    /// What it says to a line.
    pub fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.hear()
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        self.child.kill().expect("our child");
        self.child.wait().expect("our child");
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
