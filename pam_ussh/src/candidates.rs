//! What an agent, or sshd, lists, and which of its certificates the rules accept.

use std::time::Instant;

use ussh_cert::algorithm::KeyType;
use ussh_cert::certificate::{Certificate, blob_name};
use ussh_cert::{Accepted, Refusal, Rules, check};

use crate::authenticate::now;
use crate::options::Options;
use crate::outcome::{NoAgent, Outcome};
use crate::report::Report;
use crate::revoked;

/// Keys and certificates, sorted by what they are. One that cannot be read does no harm to the others.
#[derive(Debug, Default)]
pub(crate) struct Listed<'i> {
    pub(crate) certificates: Vec<Certificate<'i>>,
    /// Blobs of plain keys: signing with one is cheaper for the agent than with its certificate.
    plain_keys: Vec<&'i [u8]>,
    /// Certificates that cannot be read.
    unreadable: Vec<Refusal>,
    /// Neither plain keys that we know nor certificates.
    pub(crate) unknown: usize,
}

impl<'i> Listed<'i> {
    pub(crate) fn read(blobs: impl Iterator<Item = &'i [u8]>) -> Self {
        let mut listed = Self::default();
        blobs.for_each(|blob| listed.add(blob));
        listed
    }

    /// Whether there is anything that is, or means to be, a certificate.
    pub(crate) fn has_certificates(&self) -> bool {
        !self.certificates.is_empty() || !self.unreadable.is_empty()
    }

    fn add(&mut self, blob: &'i [u8]) {
        let name = blob_name(blob).unwrap_or_default();
        if KeyType::from_name(name).is_some() {
            self.plain_keys.push(blob);
        } else if self.certificates.iter().any(|certificate| certificate.blob == blob) {
            // Listed again, it would only cost time again.
        } else if is_certificate_name(name) {
            match Certificate::parse(blob) {
                Ok(certificate) => self.certificates.push(certificate),
                Err(error) => self.unreadable.push(error.into()),
            }
        } else {
            self.unknown += 1;
        }
    }

    pub(crate) fn has_plain_key(&self, blob: &[u8]) -> bool {
        self.plain_keys.contains(&blob)
    }
}

fn is_certificate_name(name: &[u8]) -> bool {
    KeyType::from_certificate_name(name).is_some() || name.windows(8).any(|part| part == b"-cert-v0")
}

/// The certificates after the decision.
#[derive(Debug, Default)]
pub(crate) struct Judged<'c> {
    accepted: Vec<Accepted<'c>>,
    pub(crate) refused: Vec<(Option<&'c Certificate<'c>>, Refusal)>,
}

impl<'c> Judged<'c> {
    /// Judges them all, after the lists of revoked keys were asked about them, unless there are so many that the deadline
    /// passes.
    pub(crate) fn new(
        listed: &'c Listed<'_>,
        rules: &Rules<'_>,
        options: &Options,
        report: &Report<'_>,
        deadline: Instant,
    ) -> Result<Self, Outcome> {
        let of_our_cas = |certificate: &&Certificate<'_>| rules.ca_keys.contains(certificate.signature_key);
        let revocation = revoked::ask(options, report, listed.certificates.iter().filter(of_our_cas))?;
        let (rules, now) = (Rules { revocation: revocation.as_ref(), ..rules.clone() }, now());
        let mut judged = Self::default();
        judged.refused.extend(listed.unreadable.iter().map(|refusal| (None, refusal.clone())));
        for certificate in &listed.certificates {
            if Instant::now() > deadline {
                let count = listed.certificates.len();
                return Err(NoAgent::TimedOut(format!("its {count} certificates could not be judged in time")).into());
            }
            match check(certificate, &rules, now) {
                Ok(accepted) => judged.accepted.push(accepted),
                Err(refusal) => judged.refused.push((Some(certificate), refusal)),
            }
        }
        Ok(judged)
    }

    /// Software keys first: nobody touches a security key in vain.
    pub(crate) fn accepted_in_order(&mut self) -> impl Iterator<Item = Accepted<'c>> + use<'c> {
        let (security_keys, software): (Vec<_>, Vec<_>) = self.accepted.drain(..).partition(Accepted::is_sk);
        software.into_iter().chain(security_keys)
    }
}
