//! Whether an attestation leads to a root: attestation, the device's own certificate (slot f9), intermediates, root.
//!
//! Checked: each signature, each issuer's name, that the device's certificate is issued by a root or a known intermediate
//! (no attested key can stand in for it), and that it does not say it is no authority. Not checked: dates, which Yubico sets to the same
//! decades for all devices, so that a host with a wrong clock decides as others do; and path lengths, since the shape is fixed.
//! Attestation certificates before firmware 4.4 lack basicConstraints, so that they cannot be demanded.

use rsa::pkcs1v15;
use rsa::signature::Verifier;
use sha2::{Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::referenced::OwnedToRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::name::Name;

use super::roots::Roots;

/// More than any chain of Yubico's has.
const MAX_INTERMEDIATES: usize = 4;

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It leads to this root of Yubico's.
    Yubico(String),
    /// It leads to this root, which was named with `--root`.
    Named(String),
    /// It leads nowhere: nobody here knows this issuer.
    UnknownIssuer(String),
    /// A signature in it is not what it claims to be.
    BadSignature(String),
    /// It is no X.509 certificate.
    Malformed,
}

impl Trust {
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self, Self::Yubico(_) | Self::Named(_))
    }
}

/// One certificate, and the bytes of it that are signed, as they came.
#[derive(Clone)]
pub(crate) struct Link {
    certificate: Certificate,
    signed: Vec<u8>,
}

/// Judges the attestation `leaf` that was signed by the key of `device`.
pub(super) fn judge(leaf: &Link, device: &Link, roots: &Roots) -> Trust {
    if !leaf.is_signed_by(device) || device.says_it_is_no_authority() {
        return Trust::BadSignature(leaf.issuer());
    }
    let mut current = device;
    for _ in 0..=MAX_INTERMEDIATES {
        if let Some(anchor) = roots.anchors.iter().find(|anchor| current.is_signed_by(&anchor.link)) {
            let name = anchor.link.subject();
            return if anchor.named { Trust::Named(name) } else { Trust::Yubico(name) };
        }
        match roots.intermediates.iter().find(|issuer| current.is_signed_by(issuer)) {
            Some(issuer) => current = issuer,
            None => break,
        }
    }
    let known = roots.anchors.iter().map(|anchor| &anchor.link).chain(&roots.intermediates);
    match known.map(Link::subject).any(|subject| subject == current.issuer()) {
        true => Trust::BadSignature(current.issuer()),
        false => Trust::UnknownIssuer(current.issuer()),
    }
}

impl Link {
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let mut inside = SliceReader::new(AnyRef::from_der(der).ok()?.value()).ok()?;
        Some(Self { certificate, signed: inside.tlv_bytes().ok()?.to_vec() })
    }

    pub(super) fn is_self_signed(&self) -> bool {
        self.is_signed_by(self)
    }

    /// Whether `issuer` has the name that this one gives its issuer, and its key made the signature.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> bool {
        let body = self.certificate.tbs_certificate();
        same(body.issuer(), issuer.certificate.tbs_certificate().subject()) && self.verify(issuer).is_some()
    }

    fn verify(&self, issuer: &Self) -> Option<()> {
        let key = issuer.certificate.tbs_certificate().subject_public_key_info();
        let signature = self.certificate.signature().as_bytes()?;
        let algorithm = self.certificate.signature_algorithm().oid.to_string();
        // The inner name of the algorithm is the signed one.
        if self.certificate.tbs_certificate().signature().oid != self.certificate.signature_algorithm().oid {
            return None;
        }
        let rsa = || rsa::RsaPublicKey::try_from(key.owned_to_ref()).ok();
        let rsa_signature = || pkcs1v15::Signature::try_from(signature).ok();
        match algorithm.as_str() {
            "1.2.840.113549.1.1.11" => pkcs1v15::VerifyingKey::<Sha256>::new(rsa()?).verify(&self.signed, &rsa_signature()?),
            "1.2.840.113549.1.1.12" => pkcs1v15::VerifyingKey::<Sha384>::new(rsa()?).verify(&self.signed, &rsa_signature()?),
            "1.2.840.113549.1.1.13" => pkcs1v15::VerifyingKey::<Sha512>::new(rsa()?).verify(&self.signed, &rsa_signature()?),
            "1.2.840.10045.4.3.2" => {
                let point = key.subject_public_key.as_bytes()?;
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
                key.verify(&self.signed, &p256::ecdsa::Signature::from_der(signature).ok()?)
            }
            "1.2.840.10045.4.3.3" => {
                let point = key.subject_public_key.as_bytes()?;
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
                key.verify(&self.signed, &p384::ecdsa::Signature::from_der(signature).ok()?)
            }
            _ => return None,
        }
        .ok()
    }

    fn says_it_is_no_authority(&self) -> bool {
        let body = self.certificate.tbs_certificate();
        matches!(body.get_extension::<BasicConstraints>(), Err(_) | Ok(Some((_, BasicConstraints { ca: false, .. }))))
    }

    fn subject(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    fn issuer(&self) -> String {
        self.certificate.tbs_certificate().issuer().to_string()
    }
}

fn same(one: &Name, other: &Name) -> bool {
    matches!((one.to_der(), other.to_der()), (Ok(one), Ok(other)) if one == other)
}
