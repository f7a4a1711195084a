//! The terminal, without echo. stdin and stdout may be elsewhere: it is /dev/tty that is asked.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::{Error, OrSay, Result};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_Z: u8 = 26;
const CTRL_BACKSLASH: u8 = 28;

/// Nothing when there is no terminal.
pub(super) fn ask(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Ok(mut tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let what = "The terminal cannot be asked";
    let advice = "Give the secret in a file descriptor: --secret-fd.";
    let quiet = Quiet::on(&tty).or_say(what, advice)?;
    let answer = write!(tty, "{prompt}: ").and_then(|()| line(&mut tty, &quiet));
    drop(quiet);
    let _ = writeln!(tty);
    answer.or_say(what, advice)?.map(Some).ok_or_else(|| Error::new("Cancelled.", "Nothing was signed or changed."))
}

/// Keeps the signals that end the program from this thread, so that they meet the one that asks.
pub(crate) fn leave_signals_to_others() {
    let _ = ending().thread_block();
}

fn ending() -> SigSet {
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM].into_iter().collect()
}

/// One line; nothing when the person gave up. Byte by byte: what comes after the line is not ours.
fn line(tty: &mut File, quiet: &Quiet) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut answer = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = Zeroizing::new([0]);
    while answer.len() < 4096 {
        if quiet.is_told_to_end(tty)? || tty.read(&mut *byte)? == 0 {
            return Ok(None);
        }
        let [typed] = *byte;
        match typed {
            b'\n' | b'\r' => break,
            CTRL_C | CTRL_D | CTRL_Z | CTRL_BACKSLASH => return Ok(None),
            other => answer.push(other),
        }
    }
    Ok(Some(answer))
}

/// No echo, and no signals from keys: a Ctrl-C arrives as a byte. Signals from elsewhere that would end the program wait
/// until the echo is back, and end it then.
struct Quiet {
    tty: File,
    before: Termios,
    signals: SignalFd,
    mask: SigSet,
}

impl Quiet {
    fn on(tty: &File) -> nix::Result<Self> {
        let tty = tty.try_clone().map_err(|_| nix::errno::Errno::EMFILE)?;
        let before = tcgetattr(&tty)?;
        let signals = SignalFd::with_flags(&ending(), SfdFlags::SFD_CLOEXEC)?;
        let mask = ending().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        // Made first: dropped, it puts the mask back.
        let made = Self { tty, before, signals, mask };
        tcsetattr(&made.tty, SetArg::TCSAFLUSH, &quiet)?;
        Ok(made)
    }

    /// Waits for a key or for a signal, which stays pending.
    fn is_told_to_end(&self, tty: &File) -> std::io::Result<bool> {
        let mut sources = [self.signals.as_fd(), tty.as_fd()].map(|source| PollFd::new(source, PollFlags::POLLIN));
        loop {
            match poll(&mut sources, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(sources.first().and_then(PollFd::any) == Some(true)),
            }
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.tty, SetArg::TCSANOW, &self.before);
        let _ = self.mask.thread_set_mask();
    }
}
