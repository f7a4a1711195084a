//! Inside sshd: the person comes from elsewhere and has no agent here yet, but sshd has seen their certificate and their
//! signature in this very connection, and says so in SSH_AUTH_INFO_0.
//!
//! That variable is believed in sshd's own stacks alone: a certificate is public, and any other program's PAM
//! environment may have been written by pam_env from a file of the person's.

use std::net::IpAddr;
use std::process;
use std::time::Instant;

use nix::unistd::getuid;
use pamsm::{Pam, PamLibExt};
use ussh_cert::auth_info::AuthInfo;
use ussh_cert::{Refusal, Rules};

use crate::candidates::{Judged, Listed};
use crate::options::{self, Options};
use crate::outcome::{Granted, Outcome, Shown, Why};
use crate::report::Report;
use crate::request::Stack;

/// What sshd knows of this connection.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    info: AuthInfo,
    /// Where the person comes from; `None` where that is no internet address.
    pub(crate) peer: Option<IpAddr>,
    /// sshd's process, as the system log has it.
    pub(crate) pid: u32,
}

impl Login {
    /// `None` where nobody can say that this is sshd: it runs as root and sets the variable, be it empty. Before 9.8 it
    /// did not in the auth stack of its method `password`, so there a missing one lists nothing.
    pub(crate) fn new(pam: &Pam, stack: Stack) -> Option<Self> {
        let value = pam.getenv("SSH_AUTH_INFO_0").ok().flatten();
        let is_sshd = getuid().is_root() && (value.is_some() || stack == Stack::Auth);
        let info = value.map(|value| AuthInfo::parse(value.to_bytes())).unwrap_or_default();
        is_sshd.then(|| Self { info, peer: peer(pam), pid: process::id() })
    }

    /// The certificate that counts, judged by the same rules as one in an agent.
    pub(crate) fn judge(
        &self,
        stack: Stack,
        options: &Options,
        rules: &Rules<'_>,
        report: &Report<'_>,
    ) -> Result<Granted, Outcome> {
        if self.info.too_many {
            let count = self.info.keys.len();
            return Err(Outcome::Misconfigured(format!("SSH_AUTH_INFO_0 names more than {count} keys")));
        }
        let listed = Listed::read(self.info.keys.iter().map(Vec::as_slice));
        let mut judged = Judged::new(&listed, rules, options, report, Instant::now() + options.timeout)?;
        let mut refused: Vec<_> = judged.refused.drain(..).map(|(certificate, why)| (certificate, Why::from(why))).collect();
        refused.extend((0..self.info.unreadable.min(1)).map(|_| (None, Refusal::Malformed.into())));
        for accepted in judged.accepted_in_order() {
            let certificate = accepted.certificate();
            match accepted.verified_by_sshd() {
                Ok(proven) => return Ok(Granted::new(&proven)),
                Err(why) => refused.push((Some(certificate), why.into())),
            }
        }
        Err(if refused.is_empty() { self.without_certificate(stack, options) } else { Outcome::refused(refused) })
    }

    /// Whether there is anything to judge, before a file is read. A plain key, a password, or nothing yet is no
    /// certificate: `auth_info` says what becomes of those.
    pub(crate) fn nothing_to_judge(&self, stack: Stack, options: &Options) -> Option<Outcome> {
        let certificates = Listed::read(self.info.keys.iter().map(Vec::as_slice)).has_certificates();
        (!certificates && self.info.unreadable == 0).then(|| self.without_certificate(stack, options))
    }

    fn without_certificate(&self, stack: Stack, options: &Options) -> Outcome {
        let shown = self.shown();
        if is_refused(shown, stack, options.auth_info) { Outcome::NoCertificate(shown) } else { Outcome::NotJudged(shown) }
    }

    fn shown(&self) -> Shown {
        if !self.info.keys.is_empty() {
            Shown::PlainKey
        } else if self.info.others > 0 {
            Shown::OtherMethods
        } else {
            Shown::Nothing
        }
    }
}

/// sshd runs its account stack before it lists the last method, so nothing there says nothing. Its session stack comes
/// after all of them.
fn is_refused(shown: Shown, stack: Stack, auth_info: Option<options::AuthInfo>) -> bool {
    match (auth_info, shown, stack) {
        (_, Shown::Nothing, Stack::Auth | Stack::Account) | (Some(options::AuthInfo::Optional), ..) => false,
        (Some(options::AuthInfo::Require), ..) | (None, Shown::PlainKey, _) | (None, _, Stack::Session) => true,
        (None, Shown::OtherMethods, Stack::Auth | Stack::Account) => false,
    }
}

/// The first word of SSH_CONNECTION, which sshd writes when it starts PAM. pam_env could have overwritten it since then,
/// but not PAM_RHOST, which is the same address unless sshd has looked up its name: if they differ, nobody knows.
///
/// An address with a zone is none, because to sshd it is in no network.
fn peer(pam: &Pam) -> Option<IpAddr> {
    let connection = pam.getenv("SSH_CONNECTION").ok().flatten()?.to_str().ok()?;
    let peer = address(connection.split(' ').next()?)?;
    let rhost = pam.get_rhost().ok().flatten().and_then(|host| address(host.to_str().ok()?));
    rhost.is_none_or(|rhost| rhost == peer).then_some(peer)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::AuthInfo::{Optional, Require};

    #[test]
    fn what_becomes_of_a_login_without_certificate() {
        let stacks = [Stack::Auth, Stack::Account, Stack::Session];
        let rows = [
            (None, Shown::Nothing, [false, false, true]),
            (None, Shown::OtherMethods, [false, false, true]),
            (None, Shown::PlainKey, [true, true, true]),
            (Some(Require), Shown::Nothing, [false, false, true]),
            (Some(Require), Shown::OtherMethods, [true, true, true]),
            (Some(Require), Shown::PlainKey, [true, true, true]),
            (Some(Optional), Shown::Nothing, [false, false, false]),
            (Some(Optional), Shown::OtherMethods, [false, false, false]),
            (Some(Optional), Shown::PlainKey, [false, false, false]),
        ];
        for (auth_info, shown, refused) in rows {
            assert_eq!(stacks.map(|stack| is_refused(shown, stack, auth_info)), refused, "{auth_info:?} {shown:?}");
        }
    }
}
