//! The usual setting of these tests: alice's agent holds a valid certificate of the trusted CA.

use std::path::PathBuf;

use tests::pam::{Agent, Answer, Certificate, Host, Key, Room};

/// A room with a trusted CA, and alice's agent with key and certificate.
pub(crate) struct Usual {
    pub(crate) room: Room,
    pub(crate) ca: Key,
    pub(crate) key: Key,
    pub(crate) certificate: PathBuf,
    pub(crate) agent: Agent,
}

impl Usual {
    /// The certificate is valid for an hour, names alice, and has the key ID `alice@corp`.
    pub(crate) fn new() -> Self {
        Self::with(&Certificate::default())
    }

    /// Another certificate.
    pub(crate) fn with(certificate: &Certificate) -> Self {
        let room = Room::new();
        let ca = room.key("ca", "ed25519");
        room.trust(&ca);
        let key = room.key("id", "ed25519");
        let certificate = room.certify(&ca, &key, certificate);
        let agent = room.agent();
        agent.add(&key);
        Self { room, ca, key, certificate, agent }
    }

    /// Gives the key another certificate, and the agent nothing but that.
    pub(crate) fn hold(&self, certificate: &Certificate) {
        self.room.certify(&self.ca, &self.key, certificate);
        self.agent.clear();
        self.agent.add(&self.key);
    }

    /// alice runs sudo.
    pub(crate) fn sudo(&self, options: &str) -> Host<'_> {
        Host::sudo(&self.room, options)
    }

    /// alice runs sudo: see [`verdict`].
    pub(crate) fn verdict(&self, options: &str) -> Verdict {
        verdict(|| self.sudo(options))
    }
}

/// The code of the auth stack, that of the account stack, and the reason that both logged.
pub(crate) type Verdict<T = String> = [T; 3];

/// Asks both stacks, each in a host of its own.
pub(crate) fn verdict<'a>(host: impl Fn() -> Host<'a>) -> Verdict {
    let (auth, account) = (host().auth(), host().account());
    assert_eq!(reason(&auth), reason(&account), "both stacks give the same reason");
    [auth.code().to_owned(), account.code().to_owned(), reason(&auth)]
}

/// What stands behind `reason=` in the module's log line; empty when there is none.
pub(crate) fn reason(answer: &Answer) -> String {
    let line = answer.log.iter().find_map(|line| line.split_once(" reason=")).map_or("", |(_, rest)| rest);
    line.split(' ').next().unwrap_or_default().to_owned()
}

pub(crate) const ACCEPTED: Verdict<&str> = ["SUCCESS", "SUCCESS", ""];
pub(crate) const EXPIRED: Verdict<&str> = ["CRED_EXPIRED", "CRED_EXPIRED", "expired"];
pub(crate) const NO_AGENT: Verdict<&str> = ["AUTHINFO_UNAVAIL", "AUTHINFO_UNAVAIL", "no-agent"];
pub(crate) const MISCONFIGURED: Verdict<&str> = ["SERVICE_ERR", "SERVICE_ERR", "configuration"];
pub(crate) const IGNORED: Verdict<&str> = ["IGNORE", "IGNORE", "not-in-group"];
pub(crate) const UNKNOWN_USER: Verdict<&str> = ["USER_UNKNOWN", "USER_UNKNOWN", "unknown-user"];

/// A certificate that is refused, and why.
pub(crate) const fn refused(reason: &str) -> Verdict<&str> {
    ["AUTH_ERR", "PERM_DENIED", reason]
}
