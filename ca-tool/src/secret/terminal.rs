//! The terminal, without echo. stdin and stdout may be elsewhere: it is /dev/tty that is asked.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::{Error, OrSay, Result};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_BACKSLASH: u8 = 28;

/// Nothing when there is no terminal.
pub(super) fn ask(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Ok(mut tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let what = "The terminal cannot be asked";
    let advice = "Give the secret in a file descriptor: --secret-fd.";
    let quiet = Quiet::on(&tty).or_say(what, advice)?;
    let answer = write!(tty, "{prompt}: ").and_then(|()| line(&mut tty));
    drop(quiet);
    let _ = writeln!(tty);
    answer.or_say(what, advice)?.map(Some).ok_or_else(|| Error::new("Cancelled.", "Nothing was signed or changed."))
}

/// One line; nothing when the person gave up. Byte by byte: what comes after the line is not ours.
fn line(tty: &mut File) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut answer = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = Zeroizing::new([0]);
    while answer.len() < 4096 {
        if tty.read(&mut *byte)? == 0 {
            return Ok(None);
        }
        let [typed] = *byte;
        match typed {
            b'\n' | b'\r' => break,
            CTRL_C | CTRL_D | CTRL_BACKSLASH => return Ok(None),
            other => answer.push(other),
        }
    }
    Ok(Some(answer))
}

/// No echo, and no signals from keys: a Ctrl-C arrives as a byte, so that the echo always comes back.
struct Quiet {
    tty: File,
    before: Termios,
}

impl Quiet {
    fn on(tty: &File) -> nix::Result<Self> {
        let tty = tty.try_clone().map_err(|_| nix::errno::Errno::EMFILE)?;
        let before = tcgetattr(&tty)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        tcsetattr(&tty, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.tty, SetArg::TCSANOW, &self.before);
    }
}
