//! All the certificates that would not do, and the one whose reason the person is told.

use std::fmt;

use ussh_cert::Refusal;
use ussh_cert::certificate::Certificate;

use super::CertificateFacts;

/// So many are named in the log; the rest are counted.
const NAMED_IN_LOG: usize = 8;

/// Why a certificate does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Certificate(Refusal),
    /// The agent would not sign with its key.
    AgentRefused,
    /// Its security key was asked for often enough.
    TouchedEnough,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self::Certificate(refusal)
    }
}

impl Why {
    fn code(&self) -> &'static str {
        match self {
            Self::Certificate(refusal) => refusal.code(),
            Self::AgentRefused => "agent-refused",
            Self::TouchedEnough => "touched-enough",
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Certificate(refusal) => refusal.to_string(),
            Self::AgentRefused => "is for a key that your ssh-agent refused to sign with".to_owned(),
            Self::TouchedEnough => "is for a security key that was asked for twice already".to_owned(),
        }
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::Certificate(refusal) => refusal.next_step(),
            Self::AgentRefused => {
                "Unlock the agent, confirm when it asks, touch the security key, or add the key without \"ssh-add -h\""
            }
            Self::TouchedEnough => "Touch your security key when it blinks",
        }
    }

    /// How near the certificate came: the nearest one's reason is the one to tell.
    fn nearness(&self) -> u8 {
        match self {
            Self::AgentRefused | Self::TouchedEnough => 3,
            Self::Certificate(refusal) => match refusal {
                Refusal::SignatureMalformed
                | Refusal::SignatureAlgorithm(_)
                | Refusal::SignatureKeyMismatch(_)
                | Refusal::SignatureInvalid
                | Refusal::UserNotPresent
                | Refusal::UserNotVerified
                | Refusal::TouchNotAskedFor
                | Refusal::VerificationNotAskedFor => 3,
                Refusal::Unsupported(_) | Refusal::Malformed => 0,
                Refusal::NotAUserCertificate
                | Refusal::CaUntrusted
                | Refusal::CaKeyUnusable
                | Refusal::CaKeyTooSmall(_)
                | Refusal::CaSignatureAlgorithm(_)
                | Refusal::CaSignatureInvalid => 1,
                _ => 2,
            },
        }
    }
}

/// A certificate that would not do, as the log names it.
#[derive(Clone, Debug)]
struct RefusedCertificate {
    /// `None` when it could not be read.
    facts: Option<CertificateFacts>,
    why: Why,
}

impl RefusedCertificate {
    fn key_id(&self) -> &str {
        self.facts.as_ref().map_or("", |facts| &facts.key_id)
    }
}

/// The refusal of all that the agent listed.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The nearest first, among those the newest, and some others; empty when the agent holds no certificate.
    named: Vec<RefusedCertificate>,
    more: usize,
}

impl Refused {
    pub(super) fn new(mut certificates: Vec<(Option<&Certificate<'_>>, Why)>) -> Self {
        let newness = |certificate: &Option<&Certificate<'_>>| certificate.map_or(0, |certificate| certificate.valid_before);
        let nearness = |(certificate, why): &(_, Why)| (why.nearness(), newness(certificate));
        if let Some((nearest, _)) = certificates.iter().enumerate().max_by_key(|(_, refused)| nearness(refused)) {
            certificates.swap(0, nearest);
        }
        let more = certificates.len().saturating_sub(NAMED_IN_LOG);
        let named = certificates.into_iter().take(NAMED_IN_LOG);
        let named = named.map(|(certificate, why)| RefusedCertificate { facts: certificate.map(CertificateFacts::new), why });
        Self { named: named.collect(), more }
    }

    pub(super) fn newest_expired(&self) -> bool {
        matches!(self.named.first().map(|first| &first.why), Some(Why::Certificate(Refusal::Expired(_))))
    }

    pub(super) fn what(&self) -> String {
        match self.named.first() {
            None => "Your ssh-agent holds no certificate.".to_owned(),
            Some(first) if first.key_id().is_empty() => format!("Your certificate {}.", first.why.what()),
            Some(first) => format!("Your certificate \"{}\" {}.", first.key_id(), first.why.what()),
        }
    }

    pub(super) fn next_step(&self) -> &'static str {
        self.named.first().map_or("Add one with ssh-add", |first| first.why.next_step())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.named.split_first() else {
            return f.write_str("reason=no-certificate");
        };
        write!(f, "reason={}", first.why.code())?;
        if let Some(facts) = &first.facts {
            write!(f, " {facts}")?;
        }
        write!(f, " detail=\"{}\"", first.why.what().replace('"', "'"))?;
        for other in others {
            write!(f, " also=\"{}: {}\"", other.key_id(), other.why.code())?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, " more={more}"),
        }
    }
}
