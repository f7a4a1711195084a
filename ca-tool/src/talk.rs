//! What is said to the person at the terminal. Data goes to stdout, talk to stderr.

use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use crate::error::{Error, OrSay, Result};

/// Says one line.
pub(crate) fn say(words: impl fmt::Display) {
    say_after(None, words);
}

/// Whatever the words are made of, such as the names of other people's files: they move no cursor.
fn say_after(painted: Option<String>, words: impl fmt::Display) {
    let mut line = painted.map_or_else(String::new, |painted| painted + " ");
    for character in words.to_string().chars() {
        match character {
            '\n' => line.push('\n'),
            control if control.is_control() => line.extend(control.escape_default()),
            other => line.push(other),
        }
    }
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(stderr(), "{line}");
}

/// Whether somebody watches, who wants one line that moves rather than many.
pub(crate) fn is_watched() -> bool {
    stderr().is_terminal()
}

/// Overwrites the line that was said last by this; the last one stays.
pub(crate) fn progress(done: usize, all: usize) {
    let end = if done == all { "\n" } else { "" };
    let _ = write!(stderr(), "\r{done} of {all} signed{end}");
}

/// Says something that must not be overlooked.
pub(crate) fn warn(words: impl fmt::Display) {
    say_after(Some(Paint::Yellow.on("warning:")), words);
}

/// Says why the program ends.
pub(crate) fn error(error: &Error) {
    if error.is_silent() {
        return;
    }
    say_after(Some(Paint::Red.on("ca-tool:")), error.what());
    say(error.next());
}

/// Colours, on a terminal that wants them (<https://no-color.org>).
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    Red,
    Yellow,
}

impl Paint {
    pub(crate) fn on(self, words: impl fmt::Display) -> String {
        let plain = !stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let code = match self {
            Self::Red => 31,
            Self::Yellow => 33,
        };
        if plain { words.to_string() } else { format!("\x1b[{code}m{words}\x1b[0m") }
    }
}

/// Text from elsewhere, for a terminal or a log: whatever could move the cursor, end a line or close quotes is escaped.
pub(crate) fn escaped(text: &str) -> String {
    // A single quote closes nothing here, and O'Brien would not know himself.
    text.split('\'').map(|part| part.escape_debug().to_string()).collect::<Vec<_>>().join("'")
}

/// Text for a line on a terminal: whatever could move the cursor or end the line is escaped, quotes stay.
pub(crate) fn one_line(text: &str) -> String {
    let each = |character: char| if character.is_control() { character.escape_default().to_string() } else { character.into() };
    text.chars().map(each).collect()
}

/// `1 key`, `2 keys`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Writes a line of data to stdout.
pub(crate) fn print(words: impl fmt::Display) -> Result<()> {
    print_whole(format_args!("{words}\n"))
}

/// Writes data to stdout, to its last byte.
pub(crate) fn print_whole(words: impl fmt::Display) -> Result<()> {
    match write!(stdout(), "{words}").and_then(|()| stdout().flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Error::nobody_listens()),
        other => other.or_say("stdout takes no more", "Nothing is lost: run it again."),
    }
}
