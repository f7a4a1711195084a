//! Running a command to its end.

use std::fmt;
use std::process::{Command, Stdio};

/// What a command answered.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command as it was given.
    pub command: String,
    /// Its exit code; 128 + N when signal N ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Fails the test unless the command succeeded.
    #[track_caller]
    pub fn ok(&self) -> &Output {
        assert_eq!(self.code, 0, "it should have succeeded: {self}");
        self
    }

    /// Fails the test unless the command failed, and not by a signal: ssh says 255 when a login is refused.
    #[track_caller]
    pub fn refused(&self) -> &Output {
        assert!(matches!(self.code, 1..128 | 255), "it should have been refused: {self}");
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n$ {}\nexit code {}\n--- stdout\n{}--- stderr\n{}", self.command, self.code, self.stdout, self.stderr)
    }
}

/// stdin is /dev/null unless the caller has set another.
pub(super) fn run(command: &mut Command) -> Output {
    use std::os::unix::process::ExitStatusExt;
    let answer = command.stdin(Stdio::null()).output().expect("the command starts");
    let code = answer.status.code().or(answer.status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
    let output = Output {
        command: words(command),
        code,
        stdout: String::from_utf8_lossy(&answer.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&answer.stderr).into_owned(),
    };
    assert!(code != 124 && code != 137, "it did not end in time: {output}");
    output
}

/// The command without the words that take it into the world.
fn words(command: &Command) -> String {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let last = words.iter().rposition(|word| word == "--kill-after=1" || word == "--init-groups");
    let start = last.map_or(0, |at| if words[at] == "--init-groups" { at + 1 } else { at + 2 });
    words[start..].join(" ")
}
