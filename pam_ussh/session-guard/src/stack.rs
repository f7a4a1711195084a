//! The pam.d file for one question to pam_ussh.so, in a folder that is gone as soon as libpam has read it.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Root's alone, and emptied when the host starts.
const PARENT: &str = "/run";

/// What the module returns is what libpam returns: `ignore=ok`, because a stack where nobody judged would be a refusal.
const CONTROL: &str = "[success=ok ignore=ok default=bad]";

/// Options that are the session's, and those that are said anew.
const NOT_PASSED_ON: [&str; 5] = ["end_session", "session_warnings", "session_check", "sshd_services", "session_guard"];

/// A folder of root's with one service in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// `words` are those of the module's line; `said_anew` stand in for words of theirs with the same name.
    pub(crate) fn with(service: &str, words: &[String], said_anew: &[&str]) -> Result<Self, String> {
        let line = line(words, said_anew)?;
        let folder = Self(make().map_err(|error| format!("cannot make a folder in {PARENT}: {error}"))?);
        let written = fs::write(folder.0.join(service), format!("account {CONTROL} pam_ussh.so {line}\n"));
        let written = written.and_then(|()| fs::write(folder.0.join("other"), "account required pam_deny.so\n"));
        written.map(|()| folder).map_err(|error| format!("cannot write in {PARENT}: {error}"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Nobody else writes in /run; a number that is taken is that of a process that was killed here.
fn make() -> std::io::Result<PathBuf> {
    let pid = std::process::id();
    let mut number = 0;
    loop {
        let path = PathBuf::from(format!("{PARENT}/ussh-session-guard-{pid}-{number}"));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn line(words: &[String], said_anew: &[&str]) -> Result<String, String> {
    let name = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
    let is_passed_on = |word: &&String| {
        let name = name(word);
        !NOT_PASSED_ON.contains(&name.as_str()) && !said_anew.iter().any(|anew| self::name(anew) == name)
    };
    let quoted = words.iter().filter(is_passed_on).map(|word| quoted(word)).collect::<Result<Vec<_>, _>>()?;
    // Ours last: a backslash at the end of the line would take the next line in.
    Ok(quoted.into_iter().chain(said_anew.iter().map(|&word| word.to_owned())).collect::<Vec<_>>().join(" "))
}

fn name(word: &str) -> &str {
    word.split('=').next().unwrap_or_default()
}

/// As libpam reads it back: pam.d(5). There are words that no line of pam.d can hold, so none that came from one.
fn quoted(word: &str) -> Result<String, String> {
    let has_blank = word.contains([' ', '\t']);
    if word.contains(['#', '\n', '\r', '\0']) || (has_blank && word.ends_with('\\')) {
        return Err(format!("cannot be written in pam.d: {word:?}"));
    }
    if has_blank || word.starts_with('[') || word.is_empty() {
        return Ok(format!("[{}]", word.replace(']', "\\]")));
    }
    Ok(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn words_of_the_session_are_left_out_and_others_said_anew() {
        let words =
            owned(&["ca_file=/a", "end_session", "session_check=5s", "sshd_services=ssh", "source_address=refuse", "debug"]);
        assert_eq!(line(&words, &["sshd_services=x"]).unwrap(), "ca_file=/a source_address=refuse debug sshd_services=x");
        assert_eq!(line(&words, &["source_address=ignore"]).unwrap(), "ca_file=/a debug source_address=ignore");
    }

    #[test]
    fn what_no_line_can_hold_is_refused() {
        for word in ["a#b", "a\nb", "a b\\"] {
            assert!(quoted(word).is_err(), "{word:?}");
        }
    }

    #[test]
    fn libpam_reads_the_words_back() {
        let words = ["plain=1", "ca_file=/a b", "group=x ]y] \\]z", "[x", "a\\]b", "a]b", "tail\\", "tab\there", "q\"'"];
        let out = tempfile::tempdir().unwrap();
        let list = out.path().join("words");
        let folder = out.path().join("pam.d");
        fs::create_dir(&folder).unwrap();
        let line = line(&owned(&words), &["last"]).unwrap();
        // pam_exec hands its words to a program, which writes them down.
        let program = out.path().join("program");
        fs::write(&program, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >{}\n", list.display())).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, executable).unwrap();
        let stack = format!("account required pam_exec.so quiet {} {line}\n", program.display());
        fs::write(folder.join("service"), stack).unwrap();
        fs::write(folder.join("other"), "account required pam_deny.so\n").unwrap();
        let mut transaction = ussh_libpam::Transaction::start("service", "root", Some(&folder), |_| ()).unwrap();
        assert_eq!(transaction.account(), 0);
        let read = fs::read_to_string(list).unwrap();
        assert_eq!(read.lines().collect::<Vec<_>>(), [words.as_slice(), &["last"]].concat());
    }
}
