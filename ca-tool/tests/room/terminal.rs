//! ca-tool on a terminal, with a person who reads a prompt and types an answer.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Only so that a test ends when the program never asks; nothing depends on how long it takes.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    told: usize,
}

impl Terminal {
    /// Starts `setsid --wait PROGRAM …` (see `Room::program`) with a terminal of its own as stdin, stdout and stderr.
    pub fn start(command: &Command) -> Self {
        let pty = nix::pty::openpty(None, None).unwrap();
        // Whoever runs the tests may ignore signals (nohup).
        let mut on_it = Command::new("env");
        on_it.args(["--default-signal", "setsid", "--ctty"]).args(command.get_args());
        on_it.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        on_it.current_dir(command.get_current_dir().unwrap());
        let slave = File::from(pty.slave);
        on_it.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let child = on_it.spawn().unwrap();
        drop(on_it);
        let keyboard = File::from(pty.master);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, seen: String::new(), told: 0 }
    }

    /// Waits until these words appear after those that were waited for last.
    #[track_caller]
    pub fn reads(&mut self, words: &str) -> &mut Self {
        loop {
            if let Some(at) = self.seen[self.told..].find(words) {
                self.told += at + words.len();
                return self;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("the screen never said {words:?}, but: {}", self.seen),
            }
        }
    }

    pub fn types(&mut self, line: &str) -> &mut Self {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
        self
    }

    /// Sends ca-tool a signal, as the system does when it shuts down.
    pub fn signals(&mut self, signal: nix::sys::signal::Signal) -> &mut Self {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
        self
    }

    /// Whether what is typed appears.
    pub fn echoes(&self) -> bool {
        use nix::sys::termios::{LocalFlags, tcgetattr};
        tcgetattr(&self.keyboard).unwrap().local_flags.contains(LocalFlags::ECHO)
    }

    /// The signal that ended it.
    pub fn killed_by(&mut self) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&self.child.wait().unwrap())
    }

    /// Waits for the end: the exit code, and all that was on the screen.
    pub fn ends(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_secs(1)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (code, self.seen.replace("\r\n", "\n"))
    }
}
