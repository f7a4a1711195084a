//! A certificate in the agent, as far as it must be known to show it and to speak of it.

use ussh_agent::Identities;
use ussh_cert::algorithm::KeyType;
use ussh_cert::certificate::{Certificate, FOREVER, blob_name};
use ussh_cert::key::fingerprint;
use ussh_cert::refusal::text;
use ussh_cert::timestamp::rfc3339;

use crate::served_agent::Listed;

/// What the module said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// All that can be known without a touch is good.
    NeedsTouch,
    /// The module has no say about this person.
    Ignored,
    Refused {
        code: String,
        said: String,
    },
}

/// A certificate, or what means to be one.
pub(super) struct Identity {
    pub(super) blob: Vec<u8>,
    pub(super) comment: Vec<u8>,
    /// Nothing where it cannot be read.
    pub(super) facts: Option<Facts>,
    pub(super) public_key: Option<Vec<u8>>,
    pub(super) is_sk: bool,
}

/// For people.
pub(super) struct Facts {
    pub(super) key_id: String,
    pub(super) serial: u64,
    pub(super) key: String,
    pub(super) ca: String,
    /// Seconds since the epoch; nothing for never.
    pub(super) valid_before: Option<u64>,
}

impl Facts {
    pub(super) fn valid_until(&self) -> String {
        self.valid_before.map_or_else(|| "for ever".to_owned(), |seconds| format!("until {}", rfc3339(seconds)))
    }
}

impl Identity {
    /// The certificates, and the plain keys.
    pub(super) fn all(identities: &Identities) -> (Vec<Self>, Vec<Listed>) {
        let (mut certificates, mut plain_keys) = (Vec::<Self>::new(), Vec::new());
        for identity in identities {
            let name = blob_name(identity.blob).unwrap_or_default();
            if KeyType::from_name(name).is_some() {
                plain_keys.push((identity.blob.to_vec(), identity.comment.to_vec()));
            } else if name.windows(8).any(|part| part == b"-cert-v0") && !certificates.iter().any(|it| it.blob == identity.blob)
            {
                certificates.push(Self::new(identity.blob, identity.comment));
            }
        }
        (certificates, plain_keys)
    }

    pub(super) fn new(blob: &[u8], comment: &[u8]) -> Self {
        let certificate = Certificate::parse(blob).ok();
        let facts = certificate.as_ref().map(|certificate| Facts {
            key_id: text(certificate.key_id),
            serial: certificate.serial,
            key: fingerprint(&certificate.public_key),
            ca: fingerprint(certificate.signature_key),
            valid_before: (certificate.valid_before != FOREVER).then_some(certificate.valid_before),
        });
        Self {
            blob: blob.to_vec(),
            comment: comment.to_vec(),
            facts,
            public_key: certificate.as_ref().map(|certificate| certificate.public_key.to_vec()),
            is_sk: certificate.is_some_and(|certificate| certificate.key_type.is_sk()),
        }
    }

    /// `"alice@corp" serial 7, key SHA256:…, valid until 2026-11-22T09:15:28Z`.
    pub(super) fn words(&self) -> String {
        match &self.facts {
            Some(facts) => {
                format!("\"{}\" serial {}, key {}, valid {}", facts.key_id, facts.serial, facts.key, facts.valid_until())
            }
            None => format!("an identity that cannot be read, \"{}\"", text(&self.comment)),
        }
    }
}
