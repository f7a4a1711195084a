//! Makes the certificate, and believes nothing of it: it is parsed again and its signature checked before it leaves.

use ssh_key::encoding::Encode;
use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::certificate::Certificate;
use ussh_cert::draft::{CertificateOption, Draft, with_signature};
use ussh_cert::key::PublicKey;
use ussh_cert::signature;

use super::options;
use super::request::Request;
use crate::backend::CaSigner;
use crate::error::{Error, OrSay, Result};

/// Has the CA sign what is asked for `subject` (a plain key's blob); the certificate's blob comes back.
pub(crate) fn sign(request: &Request, subject: &[u8], serial: u64, ca: &mut dyn CaSigner) -> Result<Vec<u8>> {
    let ca_blob = ca_blob(ca)?;
    let draft = draft(request, subject, serial, &ca_blob);
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).or_say("The kernel gives no random numbers", "Try again later.")?;
    let to_be_signed = draft
        .to_be_signed(&nonce)
        .ok_or_else(|| Error::new("This type of key cannot be certified.", "Use an ed25519, ecdsa, rsa or sk key."))?;
    let signature = ca.sign(&to_be_signed, &request.in_words())?;
    let blob = with_signature(to_be_signed, &signature);
    check(&blob, &draft).ok_or_else(|| {
        Error::new(
            "The CA's key made a signature that its public key does not verify. Nothing was delivered.",
            "The key in the device may have been replaced: compare `ca-tool key export` with the CA's public key.",
        )
    })?;
    Ok(blob)
}

/// The CA's public key as a blob.
pub(crate) fn ca_blob(ca: &dyn CaSigner) -> Result<Vec<u8>> {
    ca.public_key()
        .key_data()
        .encode_vec()
        .or_say("The CA's public key cannot be written", "This is a defect: please report it.")
}

fn draft<'a>(request: &'a Request, subject: &'a [u8], serial: u64, ca_blob: &'a [u8]) -> Draft<'a> {
    Draft {
        public_key: subject,
        serial,
        certificate_type: request.certificate_type,
        key_id: &request.key_id,
        principals: &request.principals,
        valid_after: request.interval.from,
        valid_before: request.interval.to,
        critical_options: &request.options.critical,
        extensions: &request.options.extensions,
        signature_key: ca_blob,
    }
}

/// Whether the blob says what was drafted and the CA's key signed it.
fn check(blob: &[u8], draft: &Draft<'_>) -> Option<()> {
    let certificate = Certificate::parse(blob).ok()?;
    let ca = PublicKey::from_blob(draft.signature_key).ok()?;
    signature::verify(&ca, certificate.signed, certificate.signature, &AlgorithmSet::default()).ok()?;
    let same = certificate.public_key == draft.public_key
        && certificate.serial == draft.serial
        && certificate.certificate_type == draft.certificate_type
        && certificate.key_id == draft.key_id.as_bytes()
        && certificate
            .principals
            .iter()
            .map(|bytes| bytes.to_vec())
            .eq(draft.principals.iter().map(|text| text.clone().into_bytes()))
        && certificate.valid_after == draft.valid_after
        && certificate.valid_before == draft.valid_before
        && options::are(certificate.critical_options, draft.critical_options.iter().map(named))
        && options::are(certificate.extensions, draft.extensions.iter().map(named))
        && certificate.signature_key == draft.signature_key;
    same.then_some(())
}

fn named(option: &CertificateOption) -> (&str, Option<&str>) {
    (&option.name, option.value.as_deref())
}
