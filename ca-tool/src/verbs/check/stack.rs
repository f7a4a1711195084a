//! The lines of a service that name pam_ussh, alone in a pam.d folder of their own.

use std::fs;

use tempfile::TempDir;

use crate::error::{Error, OrSay, Result};
use crate::pam_d::{Line, Service, Stack, control};
use crate::verbs::doctor::control::binds;

pub(super) const MODULE: &str = "pam_ussh.so";

/// What libpam returns is then what the module returned: a stack where nobody judged would be a refusal.
const CONTROL: &str = "[success=ok ignore=ok default=bad]";

/// Options that change no verdict: a session guard is not to start, and the person shall hear why.
const LEFT_OUT: [&str; 4] = ["quiet", "end_session", "session_warnings", "session_check"];

/// The module's lines.
pub(super) struct Stacks {
    lines: Vec<Line>,
}

impl Stacks {
    pub(super) fn of(service: &Service) -> Self {
        let is_ours = |line: &&Line| line.is(MODULE) && line.stack != Stack::Password;
        let without = |line: &Line| {
            let words = line.words.iter().filter(|word| !LEFT_OUT.contains(&name(word))).cloned().collect();
            Line { words, ..line.clone() }
        };
        Self { lines: service.lines.iter().filter(is_ours).map(without).collect() }
    }

    pub(super) fn has(&self, stack: Stack) -> bool {
        self.lines.iter().any(|line| line.stack == stack)
    }

    /// Whether a line of the auth stack refuses whatever the lines below it say.
    pub(super) fn auth_binds(&self) -> bool {
        self.lines.iter().any(|line| line.stack == Stack::Auth && binds(&line.control))
    }

    /// Lines that ask different things, the first of each; most often one.
    pub(super) fn questions(&self) -> Vec<&Line> {
        let mut questions: Vec<&Line> = Vec::new();
        for line in &self.lines {
            if !questions.iter().any(|known| (&known.module, &known.words) == (&line.module, &line.words)) {
                questions.push(line);
            }
        }
        questions
    }

    /// A folder with all of them, each in its stack.
    pub(super) fn folder(&self, service: &str) -> Result<TempDir> {
        let is_alone = |line: &Line| self.lines.iter().filter(|other| other.stack == line.stack).count() == 1;
        let of = |line: &Line| if is_alone(line) { CONTROL.to_owned() } else { control::without_jumps(&line.control) };
        write(service, self.lines.iter().map(|line| (line, of(line))))
    }

    /// A folder with one of them.
    pub(super) fn folder_with(&self, line: &Line, service: &str) -> Result<TempDir> {
        write(service, std::iter::once((line, CONTROL.to_owned())))
    }
}

fn name(word: &str) -> &str {
    word.split('=').next().unwrap_or_default()
}

fn write<'l>(service: &str, lines: impl Iterator<Item = (&'l Line, String)>) -> Result<TempDir> {
    let what = "There is no room for a pam.d file to try";
    let advice = "Is there room in the folder for temporary files?";
    let folder = tempfile::Builder::new().prefix("ca-tool-pam.d").tempdir().or_say(what, advice)?;
    let mut text = String::new();
    for (line, control) in lines {
        let words = line.words.iter().map(|word| quoted(word)).collect::<Result<Vec<_>>>()?;
        text.push_str(&format!("{} {control} {} {}\n", line.stack.name(), quoted(&line.module)?, words.join(" ")));
    }
    fs::write(folder.path().join(service), text).or_say(what, advice)?;
    let deny = ["auth", "account", "session"].map(|stack| format!("{stack} required pam_deny.so\n")).concat();
    fs::write(folder.path().join("other"), deny).or_say(what, advice)?;
    Ok(folder)
}

/// As libpam reads it back: pam.d(5).
fn quoted(word: &str) -> Result<String> {
    let has_blank = word.contains([' ', '\t']);
    if word.contains(['#', '\n']) || word.ends_with('\\') {
        let advice = "Take it out of the file.";
        return Err(Error::new(format!("The word {word:?} of the pam.d line cannot be tried."), advice));
    }
    Ok(if has_blank || word.starts_with('[') || word.is_empty() {
        format!("[{}]", word.replace(']', "\\]"))
    } else {
        word.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pam_d::PamD;

    fn stacks(text: &str) -> Stacks {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sudo"), text).unwrap();
        Stacks::of(&PamD::new(Some(folder.path())).service("sudo").unwrap())
    }

    #[test]
    fn the_modules_lines_are_written_as_libpam_reads_them() {
        let stacks = stacks(
            "auth sufficient pam_ussh.so ca_file=/a quiet\nauth required pam_unix.so\naccount required pam_ussh.so [ca_file=/b ]]\n\
             session required pam_ussh.so end_session session_warnings=1m\npassword required pam_ussh.so\n",
        );
        let folder = stacks.folder("sudo").unwrap();
        let text = fs::read_to_string(folder.path().join("sudo")).unwrap();
        assert_eq!(
            text,
            format!(
                "auth {CONTROL} pam_ussh.so ca_file=/a\naccount {CONTROL} pam_ussh.so [ca_file=/b ] ]\nsession {CONTROL} pam_ussh.so \n"
            )
        );
        assert_eq!(stacks.questions().len(), 3);
    }

    #[test]
    fn lines_that_ask_the_same_are_one_question() {
        let stacks = stacks("auth sufficient pam_ussh.so debug\naccount required pam_ussh.so debug quiet\n");
        assert_eq!(stacks.questions().len(), 1);
        assert!(stacks.has(Stack::Auth) && stacks.has(Stack::Account) && !stacks.has(Stack::Session));
    }

    #[test]
    fn several_lines_in_a_stack_keep_their_control_but_for_jumps() {
        let stacks = stacks("auth [success=1 default=ignore] pam_ussh.so group=a\nauth sufficient pam_ussh.so group=b\n");
        let folder = stacks.folder("sudo").unwrap();
        let text = fs::read_to_string(folder.path().join("sudo")).unwrap();
        let expected = "auth [success=done default=ignore] pam_ussh.so group=a\nauth sufficient pam_ussh.so group=b\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_no_line_can_hold_is_refused() {
        assert!(quoted("a#b").is_err() && quoted("a\\").is_err());
        assert_eq!((quoted("").unwrap(), quoted("[a b").unwrap()), ("[]".to_owned(), "[[a b]".to_owned()));
    }
}
