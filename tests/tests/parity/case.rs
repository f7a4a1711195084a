//! One certificate under one set of rules, and what both are expected to say about it.

use std::fmt;

use tests::world::World;

use super::agent::Identity;
use super::rig::{PRINCIPALS_FILE, Rig};

/// What a judge said.
#[derive(Debug)]
pub enum Verdict {
    Accepted,
    /// With its log.
    Refused(String),
    /// OpenSSH's parser, the same in ssh, ssh-keygen and sshd, does not take it for a certificate at all.
    Unreadable,
}

/// What is expected of a judge.
#[derive(Clone, Copy)]
pub enum Expected<'a> {
    Accepts,
    /// With these words in its log.
    Refuses(&'a str),
    CannotRead,
}

pub use Expected::{Accepts, CannotRead, Refuses};

/// A case to be judged: rules first, then one of the methods that end in the expectation.
pub struct Case<'r, 'w> {
    rig: &'r Rig<'w>,
    pub name: String,
    pub identities: Vec<Identity>,
    pub ca_file: Option<Vec<u8>>,
    pub principals_file: Option<Vec<u8>>,
    /// A file that is not there, or with tokens in its name.
    principals_path: Option<String>,
    sshd: Vec<String>,
    module: Vec<String>,
    pub client: Vec<String>,
    pub spoil: Option<fn(&World)>,
    session: Option<Expected<'static>>,
}

impl<'r, 'w> Case<'r, 'w> {
    pub(super) fn new(rig: &'r Rig<'w>, name: &str, identities: Vec<Identity>) -> Self {
        Case {
            rig,
            name: name.to_owned(),
            identities,
            ca_file: None,
            principals_file: None,
            principals_path: None,
            sshd: Vec::new(),
            module: Vec::new(),
            client: Vec::new(),
            spoil: None,
            session: None,
        }
    }

    /// One more identity in the agent, behind the others.
    pub fn and(mut self, other: Self) -> Self {
        self.identities.extend(other.identities);
        self
    }

    /// The content of TrustedUserCAKeys.
    pub fn ca_file(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.ca_file = Some(content.into());
        self
    }

    /// The content of AuthorizedPrincipalsFile; then the user's name need not be a principal.
    pub fn principals_file(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.principals_file = Some(content.into());
        self
    }

    /// AuthorizedPrincipalsFile by another name.
    pub fn principals_path(mut self, path: &str) -> Self {
        self.principals_path = Some(path.to_owned());
        self
    }

    /// The same rule in both languages: a line of sshd_config, an option of the module.
    pub fn rule(mut self, sshd: &str, module: &str) -> Self {
        self.sshd.push(sshd.to_owned());
        self.module.push(module.to_owned());
        self
    }

    /// An option of the module that makes its verdict comparable.
    pub fn module(mut self, option: &str) -> Self {
        self.module.push(option.to_owned());
        self
    }

    /// An option without which ssh would not show the certificate.
    pub fn client(mut self, option: &str) -> Self {
        self.client.push(option.to_owned());
        self
    }

    /// Changes files after they were written.
    pub fn spoil(mut self, spoil: fn(&World)) -> Self {
        self.spoil = Some(spoil);
        self
    }

    /// In sshd's session stack, unlike in sudo. It is asked only where sshd accepts.
    pub fn in_session(mut self, expected: Expected<'static>) -> Self {
        self.session = Some(expected);
        self
    }

    /// Both accept.
    pub fn accepted(self) {
        self.expect(Accepts, Accepts);
    }

    /// Both refuse, with these words in sshd's and in the module's log.
    pub fn refused(self, sshd: &str, module: &str) {
        self.expect(Refuses(sshd), Refuses(module));
    }

    /// No program of OpenSSH can read it; the module says these words.
    pub fn unreadable(self, module: &str) {
        self.expect(CannotRead, Refuses(module));
    }

    /// An intended difference.
    pub fn differs(self, sshd: Expected<'_>, module: Expected<'_>, because: &str) {
        assert!(because.len() > 10, "{}: an intended difference has a reason", self.name);
        self.expect(sshd, module);
    }

    fn expect(self, sshd: Expected<'_>, module: Expected<'_>) {
        let (sshd_said, session_said, module_said) = self.rig.ask(&self);
        let session = self.session.unwrap_or(module);
        let session_said = session_said.map(|said| ("the module in sshd", session, said));
        let said = [("sshd", sshd, sshd_said), ("the module", module, module_said)].into_iter().chain(session_said);
        for (judge, expected, said) in said {
            if !expected.fits(&said) {
                let wrong = format!("- {}: {judge} should {expected}, but said {said:?}", self.name);
                self.rig.wrong.borrow_mut().push(wrong);
            }
        }
    }

    pub(super) fn sshd_lines(&self) -> String {
        let file = self.authorized_principals_file().map(|path| format!("AuthorizedPrincipalsFile {path}"));
        self.sshd.iter().cloned().chain(file).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn module_options(&self) -> String {
        let file = self.authorized_principals_file();
        let file = file.map(|path| format!("user_principal=no authorized_principals_file={path}"));
        self.module.iter().cloned().chain(file).collect::<Vec<_>>().join(" ")
    }

    fn authorized_principals_file(&self) -> Option<&str> {
        let usual = self.principals_file.as_ref().map(|_| PRINCIPALS_FILE);
        self.principals_path.as_deref().or(usual)
    }
}

impl Expected<'_> {
    fn fits(&self, said: &Verdict) -> bool {
        match (self, said) {
            (Accepts, Verdict::Accepted) | (CannotRead, Verdict::Unreadable) => true,
            (Refuses(words), Verdict::Refused(log)) => log.contains(words),
            _ => false,
        }
    }
}

impl fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Accepts => write!(f, "accept"),
            Refuses(words) => write!(f, "refuse with {words:?}"),
            CannotRead => write!(f, "not be able to read it"),
        }
    }
}
