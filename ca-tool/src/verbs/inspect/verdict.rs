//! Whether a certificate is accepted, by what was asked. User certificates are judged by the decision that pam_ussh
//! makes; host certificates as ssh does (sshkey.c: sshkey_cert_check_host).

use std::path::{Path, PathBuf};

use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::authority::{Restriction, Rules, Source, check};
use ussh_cert::ca_keys::CaKeys;
use ussh_cert::certificate::{Certificate, CertificateType};
use ussh_cert::key::PublicKey;
use ussh_cert::krl::{Subject, Verdict};
use ussh_cert::options::RawOption;
use ussh_cert::{Refusal, revoked_keys, signature};

use super::STANDARD;
use crate::ca_file;
use crate::error::{OrSay, Result};
use crate::issue::request::{local_time, now};
use base64::Engine;

/// As sshd's RequiredRSASize is set where it is not set.
const REQUIRED_RSA_SIZE: usize = 1024;

/// Why a certificate is refused: a stable word for programs, and the end of a sentence that begins with it.
pub(super) struct Reason {
    pub(super) code: String,
    pub(super) words: String,
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code().into(), words: refusal.to_string() }
    }
}

/// What was asked, read from its files.
pub(super) struct Asked<'a> {
    ca_keys: Option<CaKeys>,
    revoked: Vec<(&'a Path, Vec<u8>)>,
    principal: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(trusted: Option<&Path>, revoked: &'a [PathBuf], principal: Option<&'a str>) -> Result<Self> {
        let revoked = revoked.iter().map(|path| Ok((path.as_path(), crate::krl_file::content(path)?)));
        Ok(Self { ca_keys: trusted.map(ca_file::read).transpose()?, revoked: revoked.collect::<Result<_>>()?, principal })
    }

    /// Nothing when it is accepted.
    pub(super) fn reasons_against(&self, certificate: &Certificate<'_>) -> Result<Vec<Reason>> {
        let refused = match certificate.certificate_type {
            CertificateType::User => self.user(certificate),
            CertificateType::Host => self.host(certificate),
        };
        let mut reasons: Vec<_> = refused.err().into_iter().map(Reason::from).collect();
        for (path, list) in &self.revoked {
            reasons.extend(revoked(certificate, path, list)?);
        }
        Ok(reasons)
    }

    fn user(&self, certificate: &Certificate<'_>) -> std::result::Result<(), Refusal> {
        let own: Vec<_> = certificate.principals.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let rules = Rules {
            ca_keys: &self.ca_keys(certificate),
            username: self.principal,
            authorized_principals: self.principal.is_none().then_some(&*own),
            authorized_principals_file: None,
            ca_signature_algorithms: &AlgorithmSet::default(),
            accepted_algorithms: &AlgorithmSet::default(),
            required_rsa_size: REQUIRED_RSA_SIZE,
            max_validity: None,
            require_sk: false,
            require_verify: false,
            source_address: Source::Ignore,
            force_command: Restriction::Ignore,
            revocation: None,
            local_time,
        };
        check(certificate, &rules, now()).map(|_| ())
    }

    fn host(&self, certificate: &Certificate<'_>) -> std::result::Result<(), Refusal> {
        if !self.ca_keys(certificate).contains(certificate.signature_key) {
            return Err(Refusal::CaUntrusted);
        }
        let ca = PublicKey::from_blob(certificate.signature_key).map_err(|_| Refusal::CaKeyUnusable)?;
        signature::verify(&ca, certificate.signed, certificate.signature, &AlgorithmSet::default())
            .map_err(|_| Refusal::CaSignatureInvalid)?;
        PublicKey::from_blob(&certificate.public_key).map_err(|_| Refusal::KeyUnusable)?;
        if certificate.principals.is_empty() {
            return Err(Refusal::NoPrincipals);
        }
        if let Some(host) = self.principal.filter(|host| !certificate.principals.contains(&host.as_bytes())) {
            return Err(Refusal::NotForUser(host.to_owned()));
        }
        if let Some(option) = RawOption::all(certificate.critical_options).first() {
            return Err(Refusal::UnknownCriticalOption(option.name.to_vec()));
        }
        let now = now();
        match (now.checked_sub(certificate.valid_after), certificate.valid_before.checked_sub(now)) {
            (None, _) => Err(Refusal::NotYetValid(certificate.valid_after.saturating_sub(now))),
            (_, None | Some(0)) => Err(Refusal::Expired(now.saturating_sub(certificate.valid_before))),
            _ => Ok(()),
        }
    }

    /// Whoever signed it, where nobody said who is trusted.
    fn ca_keys(&self, certificate: &Certificate<'_>) -> CaKeys {
        self.ca_keys.clone().unwrap_or_else(|| {
            let name = ussh_cert::certificate::blob_name(certificate.signature_key).unwrap_or_default();
            CaKeys::parse([name, b" ", STANDARD.encode(certificate.signature_key).as_bytes()].concat()).0
        })
    }
}

fn revoked(certificate: &Certificate<'_>, path: &Path, list: &[u8]) -> Result<Option<Reason>> {
    let Ok(subject) = Subject::certificate(certificate) else {
        return Ok(Some(Reason { code: "key-unusable".into(), words: "has a key that OpenSSH does not read".into() }));
    };
    let (_, verdict) = revoked_keys::check(list, &subject).or_say(
        format!("{} cannot be relied on", path.display()),
        "sshd and pam_ussh refuse everybody with it. Restore it from a copy, or build it anew.",
    )?;
    Ok(match verdict {
        Verdict::Revoked(reason) => {
            Some(Reason { code: "revoked".into(), words: format!("is revoked by {}: {reason}", path.display()) })
        }
        Verdict::NotRevoked => None,
    })
}
