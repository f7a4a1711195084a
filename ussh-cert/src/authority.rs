//! The one trust decision: may this certificate be believed, under these rules, at this time?
//!
//! It mirrors sshd (sshkey.c: cert_parse, sshkey_cert_check_authority; auth2-pubkeyfile.c; auth-options.c). The CA's
//! signature comes before everything that is read out of the certificate, so that no reason is ever given in words
//! that a stranger wrote; what time mends comes last, so that "expired" means that a new one would do.
//!
//! Stricter than sshd: RequiredRSASize also binds the CA's key, and restrictions that cannot be checked where we stand
//! refuse unless the rules say otherwise.

use std::net::IpAddr;

use crate::algorithm::AlgorithmSet;
use crate::ca_keys::CaKeys;
use crate::certificate::{Certificate, CertificateType, FOREVER};
use crate::key::{KeyError, PublicKey};
use crate::krl::Verdict;
use crate::options::{CriticalOptions, Extensions};
use crate::principals::{self, LineOptions, from_allows};
use crate::refusal::Refusal;
use crate::revocation::Revocation;
use crate::signature::{self, SignatureError, UserFlags};
use crate::timestamp::LocalTime;

/// What to do about a restriction that cannot be checked where we stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// Refuse the certificate.
    Refuse,
    /// Accept it as if the restriction were not there; its syntax is still checked.
    Ignore,
}

/// What to do about restrictions to addresses: `source-address`, and `from=` on a principals line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The peer's address is not known: refuse what depends on it.
    Refuse,
    /// Accept as if the restriction were not there; its syntax is still checked.
    Ignore,
    /// The peer's address, from somebody who can be believed.
    Peer(IpAddr),
}

/// Everything that the decision depends on but the certificate and the time.
#[derive(Clone, Debug)]
pub struct Rules<'r> {
    /// The CAs that are trusted.
    pub ca_keys: &'r CaKeys,
    /// A principal that the certificate must hold; `None` leaves it to the lists.
    pub username: Option<&'r str>,
    /// Principals of which it must hold one (with those of the file).
    pub authorized_principals: Option<&'r [String]>,
    /// The content of an AuthorizedPrincipals file, likewise.
    pub authorized_principals_file: Option<&'r [u8]>,
    /// How CAs may sign.
    pub ca_signature_algorithms: &'r AlgorithmSet,
    /// How holders may sign.
    pub accepted_algorithms: &'r AlgorithmSet,
    /// Least bits of RSA keys, the CA's and the holder's.
    pub required_rsa_size: usize,
    /// Most seconds between valid_after and valid_before.
    pub max_validity: Option<u64>,
    /// Only FIDO keys.
    pub require_sk: bool,
    /// Only signatures that show user verification.
    pub require_verify: bool,
    /// For `source-address` and a principals line's `from=`.
    pub source_address: Source,
    /// For `force-command` and a principals line's `command=`.
    pub force_command: Restriction,
    /// What the host's lists of revoked keys say of the certificates that are judged; `None` where it has no lists.
    pub revocation: Option<&'r Revocation<'r>>,
    /// The host's time zone, for `expiry-time=` without `Z`.
    pub local_time: LocalTime,
}

/// A certificate that may be believed. That its holder has the key is not shown yet: see [`Accepted::prove`].
#[derive(Debug)]
pub struct Accepted<'c> {
    certificate: &'c Certificate<'c>,
    key: PublicKey,
    principal: &'c [u8],
    accepted_algorithms: AlgorithmSet,
    touch_required: bool,
    verify_required: bool,
    flags_that_sshd_saw: UserFlags,
}

impl<'c> Accepted<'c> {
    /// The certificate.
    pub fn certificate(&self) -> &'c Certificate<'c> {
        self.certificate
    }

    /// The principal that it was accepted for.
    pub fn principal(&self) -> &'c [u8] {
        self.principal
    }

    /// Whether using its key takes a security key.
    pub fn is_sk(&self) -> bool {
        self.key.key_type().is_sk()
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(crate) fn accepted_algorithms(&self) -> &AlgorithmSet {
        &self.accepted_algorithms
    }

    pub(crate) fn touch_required(&self) -> bool {
        self.touch_required
    }

    pub(crate) fn verify_required(&self) -> bool {
        self.verify_required
    }

    pub(crate) fn flags_that_sshd_saw(&self) -> UserFlags {
        self.flags_that_sshd_saw
    }
}

/// Decides. `now` is in seconds since the epoch.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn check<'c>(certificate: &'c Certificate<'c>, rules: &Rules<'_>, now: u64) -> Result<Accepted<'c>, Refusal> {
    if certificate.certificate_type != CertificateType::User {
        return Err(Refusal::NotAUserCertificate);
    }
    check_ca(certificate, rules)?;
    check_revocation(certificate, rules)?;
    let key = check_key(certificate, rules)?;
    let (principal, line) = check_principals(certificate, rules)?;
    let critical = CriticalOptions::parse(certificate.critical_options)?;
    let extensions = Extensions::parse(certificate.extensions)?;
    check_restrictions(&critical, &line, rules)?;
    check_line(&line, now)?;
    check_validity(certificate, rules, now)?;
    let is_sk = key.key_type().is_sk();
    Ok(Accepted {
        certificate,
        key,
        principal,
        accepted_algorithms: rules.accepted_algorithms.clone(),
        touch_required: !(extensions.no_touch_required && line.no_touch_required),
        verify_required: rules.require_verify || critical.verify_required || line.verify_required,
        // Its own principals line may have asked for more, or for less of a touch: that is not known here.
        flags_that_sshd_saw: UserFlags { present: !extensions.no_touch_required, verified: critical.verify_required && is_sk },
    })
}

/// A trusted CA, strong enough, signed exactly these bytes.
fn check_ca(certificate: &Certificate<'_>, rules: &Rules<'_>) -> Result<(), Refusal> {
    if !rules.ca_keys.contains(certificate.signature_key) {
        return Err(Refusal::CaUntrusted);
    }
    let ca = PublicKey::from_blob(certificate.signature_key).map_err(|_| Refusal::CaKeyUnusable)?;
    if let Some(bits) = ca.rsa_bits().filter(|&bits| bits < rules.required_rsa_size) {
        return Err(Refusal::CaKeyTooSmall(bits));
    }
    // A CA's security key need not have been touched: sshd does not ask for it either.
    signature::verify(&ca, certificate.signed, certificate.signature, rules.ca_signature_algorithms).map(|_| ()).map_err(
        |error| match error {
            SignatureError::Algorithm(label) => Refusal::CaSignatureAlgorithm(label),
            SignatureError::Malformed | SignatureError::KeyMismatch(_) | SignatureError::Invalid => Refusal::CaSignatureInvalid,
        },
    )
}

/// A revoked certificate is that before anything else: whoever renews it must know.
fn check_revocation(certificate: &Certificate<'_>, rules: &Rules<'_>) -> Result<(), Refusal> {
    match rules.revocation.map(|revocation| revocation.verdict(certificate)) {
        None | Some(Some(Verdict::NotRevoked)) => Ok(()),
        Some(Some(Verdict::Revoked(reason))) => Err(Refusal::Revoked(reason)),
        Some(None) => Err(Refusal::RevocationUnknown),
    }
}

fn check_key(certificate: &Certificate<'_>, rules: &Rules<'_>) -> Result<PublicKey, Refusal> {
    let key = PublicKey::from_blob(&certificate.public_key).map_err(|error| match error {
        KeyError::Unsupported(name) => Refusal::Unsupported(name),
        KeyError::Malformed | KeyError::TooLarge(_) | KeyError::Weak => Refusal::KeyUnusable,
    })?;
    if !rules.accepted_algorithms.allows_key(key.key_type()) {
        return Err(Refusal::KeyAlgorithm(key.key_type().name()));
    }
    if let Some(bits) = key.rsa_bits().filter(|&bits| bits < rules.required_rsa_size) {
        return Err(Refusal::KeyTooSmall(bits));
    }
    if rules.require_sk && !key.key_type().is_sk() {
        return Err(Refusal::NotASecurityKey);
    }
    Ok(key)
}

/// The principal that counts, with the options of the file's line that named it.
fn check_principals<'c>(certificate: &'c Certificate<'c>, rules: &Rules<'_>) -> Result<(&'c [u8], LineOptions), Refusal> {
    let principals = certificate.principals.as_slice();
    if principals.is_empty() {
        return Err(Refusal::NoPrincipals);
    }
    let holds = |name: &str| principals.iter().find(|&&principal| principal == name.as_bytes()).copied();
    let user = match rules.username {
        Some(username) => Some(holds(username).ok_or_else(|| Refusal::NotForUser(username.to_owned()))?),
        None => None,
    };
    if rules.authorized_principals.is_none() && rules.authorized_principals_file.is_none() {
        let principal = user.ok_or(Refusal::NoAuthorizedPrincipal)?;
        // With no line to agree, sshd takes the certificate's own word that no touch is required.
        return Ok((principal, LineOptions { no_touch_required: true, ..LineOptions::default() }));
    }
    if let Some(principal) = rules.authorized_principals.unwrap_or_default().iter().find_map(|name| holds(name)) {
        return Ok((principal, LineOptions::default()));
    }
    let file = rules.authorized_principals_file.unwrap_or_default();
    let line = principals::find(file, principals, rules.local_time).ok_or(Refusal::NoAuthorizedPrincipal)?;
    Ok((line.principal, line.options))
}

fn check_restrictions(critical: &CriticalOptions<'_>, line: &LineOptions, rules: &Rules<'_>) -> Result<(), Refusal> {
    if let (Some(ours), Some(lines)) = (critical.force_command, &line.command)
        && ours != lines.as_slice()
    {
        return Err(Refusal::ForceCommandConflict);
    }
    if rules.force_command == Restriction::Refuse && (critical.force_command.is_some() || line.command.is_some()) {
        return Err(Refusal::ForceCommand);
    }
    match rules.source_address {
        Source::Ignore => Ok(()),
        Source::Refuse if critical.source_address.is_some() => Err(Refusal::SourceAddress),
        Source::Refuse if line.from.is_some() => Err(Refusal::PrincipalsLineFrom),
        Source::Refuse => Ok(()),
        Source::Peer(peer) => check_peer(peer, critical, line),
    }
}

fn check_peer(peer: IpAddr, critical: &CriticalOptions<'_>, line: &LineOptions) -> Result<(), Refusal> {
    if critical.source_address.as_ref().is_some_and(|networks| !networks.contains(peer)) {
        return Err(Refusal::NotFromHere(peer));
    }
    if line.from.as_ref().is_some_and(|patterns| !from_allows(patterns, peer)) {
        return Err(Refusal::PrincipalsLineNotFromHere(peer));
    }
    Ok(())
}

/// auth_authorise_keyopts for a principals line.
fn check_line(line: &LineOptions, now: u64) -> Result<(), Refusal> {
    if line.expiry_time.is_some_and(|last| last < now) {
        return Err(Refusal::PrincipalsLineExpired);
    }
    if line.principals.is_some() {
        return Err(Refusal::PrincipalsLineDenies("principals"));
    }
    if line.cert_authority {
        return Err(Refusal::PrincipalsLineDenies("cert-authority"));
    }
    Ok(())
}

fn check_validity(certificate: &Certificate<'_>, rules: &Rules<'_>, now: u64) -> Result<(), Refusal> {
    let whole = certificate.valid_before.saturating_sub(certificate.valid_after);
    if let Some(allowed) = rules.max_validity
        && (whole > allowed || certificate.valid_before == FOREVER)
    {
        return Err(Refusal::ValidityTooLong(allowed));
    }
    check_time(certificate, now)
}

/// `valid_after <= now < valid_before`.
pub(crate) fn check_time(certificate: &Certificate<'_>, now: u64) -> Result<(), Refusal> {
    if now < certificate.valid_after {
        return Err(Refusal::NotYetValid(certificate.valid_after - now));
    }
    if now >= certificate.valid_before {
        return Err(Refusal::Expired(now - certificate.valid_before));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
