//! ussh-pam-try, the program that runs PAM stacks: libpam is asked, never second-guessed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, OrSay, Result};
use crate::pam_d::Stack;

/// Where packages put it.
pub(crate) const PROGRAM: &str = "/usr/libexec/ussh-pam-try";

const ADVICE: &str = "It comes with pam_ussh (package libpam-ussh or pam_ussh) and belongs to the same version.";

/// Said before anything else is begun.
///
/// # Errors
/// It is not.
pub(crate) fn is_installed() -> Result<()> {
    match Path::new(PROGRAM).is_file() {
        true => Ok(()),
        false => Err(Error::new(format!("{PROGRAM} is not installed, and without it PAM cannot be asked."), ADVICE)),
    }
}

/// One PAM transaction to come. What is not named is not told to PAM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    pub(crate) service: String,
    /// PAM_USER.
    pub(crate) user: String,
    /// Whose setuid program this is to look like, as sudo is: their real uid, root's effective one. Takes root.
    pub(crate) invoker: Option<String>,
    /// The pam.d files, if not the system's.
    pub(crate) folder: Option<PathBuf>,
    /// Stacks in this order; nothing is called behind one that refuses.
    pub(crate) calls: Vec<Stack>,
    /// Of the PAM environment.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) rhost: Option<String>,
    pub(crate) ruser: Option<String>,
    /// SSH_AUTH_SOCK.
    pub(crate) agent: Option<PathBuf>,
    /// After so many seconds it is killed; for stacks of strangers.
    pub(crate) seconds: Option<u32>,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What modules told the person of errors, which is how pam_ussh says everything. Not the message of the day.
    pub(crate) said: Vec<String>,
    /// What they asked, which nobody answered.
    pub(crate) asked: Vec<String>,
    codes: Vec<(Stack, String)>,
}

impl Answer {
    /// `PAM_SUCCESS` and so on; nothing when the stack was not called.
    pub(crate) fn code(&self, stack: Stack) -> Option<&str> {
        self.codes.iter().find(|(known, _)| *known == stack).map(|(_, code)| code.as_str())
    }

    pub(crate) fn is_success(&self, stack: Stack) -> bool {
        self.code(stack) == Some("PAM_SUCCESS")
    }

    /// What the last stack that was called returned.
    pub(crate) fn last(&self) -> Option<&str> {
        self.codes.last().map(|(_, code)| code.as_str())
    }

    fn hear(&mut self, line: &str) {
        let Some((name, text)) = line.split_once(' ') else { return };
        match name {
            "error" => self.said.push(text.to_owned()),
            "asks" => self.asked.push(text.to_owned()),
            "auth" => self.codes.push((Stack::Auth, text.to_owned())),
            "account" => self.codes.push((Stack::Account, text.to_owned())),
            "session" => self.codes.push((Stack::Session, text.to_owned())),
            _ => {}
        }
    }
}

impl Question {
    /// Asks. `on_said` hears at once what a module tells the person, who may have to touch a key.
    ///
    /// # Errors
    /// PAM could not be asked.
    pub(crate) fn ask(&self, mut on_said: impl FnMut(&str)) -> Result<Answer> {
        self.ask_by(Path::new(PROGRAM), &mut on_said)
    }

    fn ask_by(&self, program: &Path, on_said: &mut dyn FnMut(&str)) -> Result<Answer> {
        let cannot = format!("{} cannot be run", program.display());
        let mut child = self.command(program).spawn().or_say(&cannot, ADVICE)?;
        let errors = child.stderr.take().map(|stderr| std::thread::spawn(move || first_lines(stderr)));
        let mut answer = Answer::default();
        for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            let line = line.or_say(&cannot, ADVICE)?;
            answer.hear(&line);
            if let Some((_, text)) = line.split_once(' ').filter(|(name, _)| matches!(*name, "message" | "error")) {
                on_said(text);
            }
        }
        let status = child.wait().or_say(&cannot, ADVICE)?;
        let errors = errors.and_then(|errors| errors.join().ok()).unwrap_or_default();
        match status.code() {
            Some(0) => Ok(answer),
            Some(124) if self.seconds.is_some() => {
                Err(Error::new("The PAM stack did not answer in time.", "Which module waits?"))
            }
            Some(_) => Err(Error::new(format!("PAM cannot be asked: {}", errors.trim()), ADVICE)),
            None => Err(Error::new(format!("A PAM module took ussh-pam-try down: {status}."), "Which module is it?")),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut words: Vec<String> = Vec::new();
        if let Some(seconds) = self.seconds {
            words.extend(["timeout", "--kill-after=1"].map(str::to_owned));
            words.push(seconds.to_string());
        }
        if let Some(invoker) = &self.invoker {
            words.extend(["setpriv", "--ruid", invoker, "--euid", "0", "--"].map(str::to_owned));
        }
        let mut command = match words.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.args(["--service", &self.service, "--user", &self.user]);
        if let Some(folder) = &self.folder {
            command.arg("--confdir").arg(folder);
        }
        command.args(self.calls.iter().flat_map(|stack| ["--call", stack.name()]));
        for (name, value) in &self.variables {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        for (name, value) in [("--rhost", &self.rhost), ("--ruser", &self.ruser)] {
            command.args(value.iter().flat_map(|value| [name, value.as_str()]));
        }
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8");
        command.envs(self.agent.iter().map(|socket| ("SSH_AUTH_SOCK", socket)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// All is read, so that nobody waits to write more.
fn first_lines(mut stderr: impl Read) -> String {
    let mut all = Vec::new();
    let _ = stderr.read_to_end(&mut all);
    String::from_utf8_lossy(&all).lines().take(3).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_and_unknown_ones_passed_over() {
        let mut answer = Answer::default();
        for line in ["message a b", "error c", "asks Password: ", "account PAM_SUCCESS", "auth PAM_AUTH_ERR", "x", "y z"] {
            answer.hear(line);
        }
        assert_eq!(answer.said, ["c"]);
        assert_eq!(answer.asked, ["Password: "]);
        assert!(answer.is_success(Stack::Account) && !answer.is_success(Stack::Auth));
        assert_eq!((answer.code(Stack::Session), answer.last()), (None, Some("PAM_AUTH_ERR")));
    }

    #[test]
    fn a_program_that_is_not_there_is_said() {
        let error = Question::default().ask_by(Path::new("/nonexistent"), &mut |_| ()).unwrap_err();
        assert!(error.what().contains("/nonexistent cannot be run"), "{error}");
    }

    /// Written by another process: what this one has open for writing, or another test's child has inherited, cannot be run.
    fn program(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"";
        let status = Command::new("sh").args(["-c", write, "sh", text]).arg(folder.path().join("program")).status().unwrap();
        assert!(status.success());
        folder
    }

    #[test]
    fn who_does_not_end_is_ended_and_who_falls_gives_no_answer() {
        for (text, seconds, expected) in [
            ("#!/bin/sh\necho auth PAM_SUCCESS\nexec sleep 600\n", Some(1), "did not answer in time"),
            (
                "#!/bin/bash\ntrap '' TERM\necho auth PAM_SUCCESS\nwhile :; do sleep 600 >&-; done\n",
                Some(5), // until bash has got to its trap
                "took ussh-pam-try down",
            ),
            ("#!/bin/sh\necho auth PAM_SUCCESS\nkill -KILL $$\n", None, "took ussh-pam-try down"),
        ] {
            let question = Question { seconds, ..Question::default() };
            let error = question.ask_by(&program(text).path().join("program"), &mut |_| ()).unwrap_err();
            assert!(error.what().contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_failure_is_no_answer() {
        assert!(
            Question::default()
                .ask_by(Path::new("/bin/false"), &mut |_| ())
                .unwrap_err()
                .what()
                .contains("PAM cannot be asked")
        );
    }
}
