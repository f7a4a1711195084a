//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

const USAGE: &str = "usage: ussh-pam-try --service NAME --user NAME [--confdir FOLDER] [--call auth|account|session] ... \
     [--env NAME=VALUE] ... [--rhost HOST] [--ruser USER] [--tty TTY]";

/// A stack to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Auth,
    Account,
    Session,
}

impl Call {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Session => "session",
        }
    }
}

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) service: String,
    pub(crate) user: String,
    /// Where the pam.d files are, if not where the system has them.
    pub(crate) folder: Option<PathBuf>,
    /// In the order typed; auth and account if none was.
    pub(crate) calls: Vec<Call>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) rhost: Option<String>,
    pub(crate) ruser: Option<String>,
    pub(crate) tty: Option<String>,
}

impl Arguments {
    /// Nothing for `--version`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut words = words.map(|word| word.into_string().map_err(|word| format!("{word:?} is not UTF-8")));
        let mut arguments = Self::default();
        while let Some(word) = words.next().transpose()? {
            if word == "--version" {
                return Ok(None);
            }
            let value = words.next().transpose()?.ok_or_else(|| format!("nothing follows {word}\n{USAGE}"))?;
            arguments.take(&word, value)?;
        }
        if arguments.service.is_empty() || arguments.user.is_empty() {
            return Err(format!("--service and --user are needed\n{USAGE}"));
        }
        if arguments.calls.is_empty() {
            arguments.calls = vec![Call::Auth, Call::Account];
        }
        Ok(Some(arguments))
    }

    fn take(&mut self, word: &str, value: String) -> Result<(), String> {
        match word {
            "--service" => self.service = value,
            "--user" => self.user = value,
            "--confdir" => self.folder = Some(value.into()),
            "--call" => self.calls.push(call(&value)?),
            "--env" => self.variables.push(variable(&value)?),
            "--rhost" => self.rhost = Some(value),
            "--ruser" => self.ruser = Some(value),
            "--tty" => self.tty = Some(value),
            _ => return Err(format!("{word} is not known\n{USAGE}")),
        }
        Ok(())
    }
}

fn call(name: &str) -> Result<Call, String> {
    let known = [Call::Auth, Call::Account, Call::Session].into_iter().find(|call| call.name() == name);
    known.ok_or_else(|| format!("--call {name}: not auth, account or session"))
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("--env {text}: not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    /// The man page's `.It Fl \-NAME …`, and the arms of `take`.
    #[test]
    fn every_option_is_in_the_man_page_and_no_other_one() {
        let page = include_str!("../ussh-pam-try.8");
        let items = page.lines().filter(|line| line.starts_with(".It Fl ")).flat_map(|line| line.split("Fl \\-").skip(1));
        let mut documented: Vec<&str> = items.map(|item| item.split(' ').next().unwrap()).collect();
        let arms =
            include_str!("arguments.rs").lines().filter_map(|line| line.trim().strip_prefix("\"--")?.split_once("\" => "));
        let mut understood: Vec<&str> = arms.map(|(name, _)| name).collect();
        documented.sort_unstable();
        understood.sort_unstable();
        assert_eq!(documented, understood);
        assert!(page.contains(".Fl \\-version"));
    }

    #[test]
    fn what_is_typed_is_understood() {
        let typed =
            "--service sudo --user alice --confdir /x --call session --call auth --env A=b=c --rhost h --ruser r --tty t";
        let arguments = parse(typed).unwrap().unwrap();
        assert_eq!(arguments.calls, [Call::Session, Call::Auth]);
        assert_eq!(arguments.variables, [("A".to_owned(), "b=c".to_owned())]);
        assert_eq!((arguments.service.as_str(), arguments.user.as_str()), ("sudo", "alice"));
        assert_eq!(arguments.folder, Some("/x".into()));
        let items = (arguments.rhost.as_deref(), arguments.ruser.as_deref(), arguments.tty.as_deref());
        assert_eq!(items, (Some("h"), Some("r"), Some("t")));
        assert_eq!(parse("--service a --user b").unwrap().unwrap().calls, [Call::Auth, Call::Account]);
        assert_eq!(parse("--version"), Ok(None));
    }

    #[test]
    fn what_is_not_known_or_missing_is_refused() {
        for line in [
            "",
            "--service sudo",
            "--user alice",
            "--service sudo --user",
            "--service sudo --user alice --call password",
            "--service sudo --user alice --env A",
            "--service sudo --user alice --silent yes",
        ] {
            assert!(parse(line).is_err(), "{line:?}");
        }
    }
}
