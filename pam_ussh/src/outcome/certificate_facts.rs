//! What a log line says of a certificate.

use std::fmt;

use ussh_cert::certificate::Certificate;
use ussh_cert::key::fingerprint;
use ussh_cert::refusal::text;
use ussh_cert::timestamp::rfc3339;

/// The facts, fit for a line of text.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFacts {
    pub(crate) key_id: String,
    serial: u64,
    ca: String,
    key: String,
    valid_until: String,
    principal: Option<String>,
}

impl CertificateFacts {
    pub(crate) fn new(certificate: &Certificate<'_>) -> Self {
        Self {
            key_id: text(certificate.key_id),
            serial: certificate.serial,
            ca: fingerprint(certificate.signature_key),
            key: fingerprint(&certificate.public_key),
            valid_until: rfc3339(certificate.valid_before),
            principal: None,
        }
    }

    /// Key ID, serial, CA, end of validity, as in the log.
    pub(crate) fn names(&self) -> [String; 4] {
        [self.key_id.clone(), self.serial.to_string(), self.ca.clone(), self.valid_until.clone()]
    }

    pub(crate) fn with_principal(self, principal: &[u8]) -> Self {
        Self { principal: Some(text(principal)), ..self }
    }
}

impl fmt::Display for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, serial, ca, key, valid_until, principal } = self;
        write!(f, "key_id=\"{key_id}\" serial={serial} ca={ca} key={key} valid_until=\"{valid_until}\"")?;
        principal.iter().try_for_each(|principal| write!(f, " principal=\"{principal}\""))
    }
}
