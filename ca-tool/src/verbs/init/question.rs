//! Questions on the terminal whose answers are no secrets.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Read, Write, stdin};

use crate::error::{Error, OrSay, Result};

/// Whether a person sits at the terminal.
pub(super) fn somebody_is_there() -> bool {
    stdin().is_terminal() && OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok()
}

/// Asks; an empty answer is the first of the choices.
pub(super) fn choose(question: &str, choices: &[&str]) -> Result<String> {
    let usual = choices.first().copied().unwrap_or_default();
    loop {
        let answer = ask(&format!("{question} ({}) [{usual}]", choices.join(", ")))?;
        if answer.is_empty() {
            return Ok(usual.to_owned());
        }
        if choices.contains(&answer.as_str()) {
            return Ok(answer);
        }
    }
}

/// Asks; the answer is one line without its blanks.
pub(super) fn ask(question: &str) -> Result<String> {
    let what = "The terminal cannot be asked";
    let advice = "Run it on a terminal, or say everything with options: ca-tool init --help.";
    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty").or_say(what, advice)?;
    write!(tty, "{question}: ").or_say(what, advice)?;
    let (mut answer, mut byte) = (Vec::new(), [0]);
    loop {
        match tty.read(&mut byte).or_say(what, advice)? {
            0 => return Err(Error::new("Cancelled.", "Nothing more was changed.")),
            _ if byte == *b"\n" => break,
            _ => answer.extend_from_slice(&byte),
        }
    }
    Ok(String::from_utf8_lossy(&answer).trim().to_owned())
}

/// Shows something on the terminal and nowhere else.
pub(super) fn show(words: &str) -> Result<()> {
    let mut tty = OpenOptions::new().write(true).open("/dev/tty").or_say("There is no terminal", "Nothing was changed.")?;
    writeln!(tty, "{words}").or_say("The terminal cannot be written to", "Nothing was changed.")
}
