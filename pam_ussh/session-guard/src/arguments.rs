//! What the guard is told: arguments that anybody may read in a list of processes, and an environment that only root may.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What this process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Start,
    Watch,
    Look,
    Renew,
    Agents,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Watch => "watch",
            Self::Look => "look",
            Self::Renew => "renew",
            Self::Agents => "agents",
        }
    }
}

/// The session that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// PAM_USER.
    pub(crate) user: String,
    /// Theirs: whose terminals are written to.
    pub(crate) uid: u32,
    /// valid_before of the certificate, seconds since the epoch; `u64::MAX` for never.
    pub(crate) until: u64,
    /// Seconds before the end, the longest first.
    pub(crate) warnings: Vec<u64>,
    /// Seconds from one look to the next.
    pub(crate) check: u64,
    /// Whether a newer certificate extends the session.
    pub(crate) renew: bool,
    /// sshd's process, for the log alone: it is held by pidfd.
    pub(crate) sshd: u32,
    /// Of the module's line in pam.d.
    pub(crate) words: Vec<String>,
    /// From the environment.
    pub(crate) login: Login,
}

/// What the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Login {
    /// SSH_AUTH_INFO_0: one line, `publickey TYPE BASE64`.
    pub(crate) auth_info: String,
    /// SSH_CONNECTION.
    pub(crate) connection: Option<String>,
    /// USSH_KEY_ID: of the certificate that opened the session, as the module's log writes it.
    pub(crate) key_id: String,
}

pub(crate) const AUTH_INFO: &str = "SSH_AUTH_INFO_0";
pub(crate) const CONNECTION: &str = "SSH_CONNECTION";
pub(crate) const KEY_ID: &str = "USSH_KEY_ID";

impl Login {
    /// As environment variables, for the next process.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let connection = self.connection.as_deref().map(|value| (CONNECTION, value));
        [(AUTH_INFO, self.auth_info.as_str()), (KEY_ID, self.key_id.as_str())].into_iter().chain(connection)
    }

    fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok();
        let needed = |name| variable(name).unwrap_or_default();
        Self { auth_info: needed(AUTH_INFO), connection: variable(CONNECTION), key_id: needed(KEY_ID) }
    }
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) verb: Verb,
    pub(crate) session: Session,
}

impl Arguments {
    /// `VERB --user NAME --uid N --until SECONDS --warn N,N|none --check N [--renew] [--sshd N] -- WORDS`
    ///
    /// # Errors
    /// What is not understood, and what is missing.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut words = words.map(|word| word.into_string().map_err(|word| format!("not UTF-8: {}", word.display())));
        let verb = verb(words.next().transpose()?.as_deref())?;
        let (mut user, mut uid, mut until, mut warnings, mut check) = (None, None, None, None, None);
        let (mut renew, mut sshd) = (false, 0);
        loop {
            let name = words.next().transpose()?.ok_or("the words of the pam.d line are missing: -- WORDS")?;
            let mut value = || words.next().transpose()?.ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--user" => user = Some(value()?),
                "--uid" => uid = Some(number(&name, &value()?)?),
                "--until" => until = Some(number(&name, &value()?)?),
                "--warn" => warnings = Some(numbers(&name, &value()?)?),
                "--check" => check = Some(number::<u64>(&name, &value()?)?.max(1)),
                "--renew" => renew = true,
                "--sshd" => sshd = number(&name, &value()?)?,
                "--" => break,
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        let missing = |name: &str| format!("{name} is missing");
        let session = Session {
            user: user.ok_or_else(|| missing("--user"))?,
            uid: uid.ok_or_else(|| missing("--uid"))?,
            until: until.ok_or_else(|| missing("--until"))?,
            warnings: warnings.ok_or_else(|| missing("--warn"))?,
            check: check.ok_or_else(|| missing("--check"))?,
            renew,
            sshd,
            words: words.collect::<Result<_, _>>()?,
            login: Login::from_environment(),
        };
        Ok(Self { verb, session })
    }
}

/// As lists of processes show it.
pub(crate) const NAME: &str = "ussh-session-guard";

/// This program, also when another has been installed in its place since.
const MYSELF: &str = "/proc/self/exe";

impl Session {
    /// This program again, for something else about this session.
    pub(crate) fn command(&self, verb: Verb) -> Command {
        let mut command = Command::new(MYSELF);
        command.arg0(NAME).args(self.arguments(verb)).current_dir("/");
        command.env_clear().envs(self.login.variables());
        command
    }

    /// The arguments that [`Arguments::parse`] reads back.
    pub(crate) fn arguments(&self, verb: Verb) -> Vec<String> {
        let warnings: Vec<String> = self.warnings.iter().map(u64::to_string).collect();
        let warnings = if warnings.is_empty() { "none".to_owned() } else { warnings.join(",") };
        let (uid, until, check) = (self.uid.to_string(), self.until.to_string(), self.check.to_string());
        let mut words = vec![verb.name().to_owned()];
        for (name, value) in
            [("--user", &self.user), ("--uid", &uid), ("--until", &until), ("--warn", &warnings), ("--check", &check)]
        {
            words.extend([name.to_owned(), value.clone()]);
        }
        words.extend(self.renew.then(|| "--renew".to_owned()));
        words.extend(["--sshd".to_owned(), self.sshd.to_string()]);
        words.push("--".to_owned());
        words.extend(self.words.iter().cloned());
        words
    }
}

fn verb(word: Option<&str>) -> Result<Verb, String> {
    let verbs = [Verb::Start, Verb::Watch, Verb::Look, Verb::Renew, Verb::Agents];
    verbs.into_iter().find(|verb| Some(verb.name()) == word).ok_or_else(|| {
        "pam_ussh.so starts this program; there is nothing to start by hand. See ussh-session-guard(8).".to_owned()
    })
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{name} {value}: not a number"))
}

fn numbers(name: &str, value: &str) -> Result<Vec<u64>, String> {
    if value == "none" {
        return Ok(Vec::new());
    }
    value.split(',').map(|value| number(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn what_is_passed_on_is_read_back() {
        for (renew, warnings, words) in [
            (false, vec![300, 60], vec![]),
            (true, vec![], vec!["--renew".to_owned(), "ca_file=/a b".to_owned(), "--".to_owned(), String::new()]),
        ] {
            let (user, login) = ("alice".to_owned(), Login::default());
            let session = Session { user, uid: 7, until: u64::MAX, warnings, check: 60, renew, sshd: 4, words, login };
            let words = session.arguments(Verb::Watch);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(parse(&words).unwrap(), Arguments { verb: Verb::Watch, session });
        }
    }

    #[test]
    fn what_is_not_understood_or_missing_is_said() {
        let good = ["start", "--user", "a", "--uid", "1", "--until", "5", "--warn", "none", "--check", "60", "--"];
        assert!(parse(&good).is_ok());
        for (words, what) in [
            (&good[..0], "pam_ussh.so starts this program"),
            (&["--help"], "pam_ussh.so starts this program"),
            (&good[..11], "-- WORDS"),
            (&good[..10], "--check needs a value"),
            (&["start", "--now", "--"], "unknown argument --now"),
            (&["start", "--uid", "-1", "--"], "--uid -1: not a number"),
            (&["start", "--warn", "1,", "--"], "--warn : not a number"),
            (&["start", "--user", "a", "--"], "--uid is missing"),
        ] {
            assert!(parse(words).unwrap_err().contains(what), "{words:?}: {:?}", parse(words));
        }
    }
}
