use super::*;
use crate::algorithm::AlgorithmSet;
use crate::authority::{Restriction, Rules, Source, check};
use crate::ca_keys::CaKeys;
use crate::certificate::Certificate;
use crate::testing::{Fields, NOW, blob, key, option, sign, string};
use base64ct::{Base64, Encoding};

fn challenge(nonce: u8) -> Challenge {
    Challenge::new(&[nonce; 32], "sudo", "alice", "host").unwrap()
}

/// Runs `then` with the certificate, accepted through a principals line that asks for no touch.
fn with_accepted<T>(fields: &Fields, require_verify: bool, then: impl FnOnce(Accepted<'_>) -> T) -> T {
    with_accepted_by(fields, Some(b"no-touch-required alice"), require_verify, then)
}

fn with_accepted_by<T>(
    fields: &Fields,
    principals_file: Option<&[u8]>,
    require_verify: bool,
    then: impl FnOnce(Accepted<'_>) -> T,
) -> T {
    let ca_file = format!("ssh-ed25519 {}", Base64::encode_string(&blob(&key(2))));
    let bytes = fields.signed();
    let certificate = Certificate::parse(&bytes).unwrap();
    let rules = Rules {
        ca_keys: &CaKeys::parse(ca_file.as_bytes()).0,
        username: Some("alice"),
        authorized_principals: None,
        authorized_principals_file: principals_file,
        ca_signature_algorithms: &AlgorithmSet::default(),
        accepted_algorithms: &AlgorithmSet::default(),
        required_rsa_size: 2048,
        max_validity: None,
        require_sk: false,
        require_verify,
        source_address: Source::Refuse,
        force_command: Restriction::Refuse,
        revocation: None,
        local_time: |_| None,
    };
    then(check(&certificate, &rules, NOW).unwrap())
}

fn prove(signature: &[u8]) -> Result<(), Refusal> {
    with_accepted(&Fields::good(), false, |accepted| accepted.prove(&challenge(1), signature, NOW).map(|_| ()))
}

#[test]
fn the_certified_keys_signature_over_this_challenge_proves() {
    assert_eq!(prove(&sign(&key(1), challenge(1).as_bytes())), Ok(()));
}

#[test]
fn refuses_a_replayed_signature_and_one_by_another_key() {
    assert_eq!(prove(&sign(&key(1), challenge(2).as_bytes())), Err(Refusal::SignatureInvalid));
    assert_eq!(prove(&sign(&key(3), challenge(1).as_bytes())), Err(Refusal::SignatureInvalid));
    assert_eq!(prove(&sign(&key(2), challenge(1).as_bytes())), Err(Refusal::SignatureInvalid), "the CA's own");
}

#[test]
fn a_challenge_is_for_one_service_user_and_host() {
    let bytes = |service, user, host| Challenge::new(&[1; 32], service, user, host).unwrap().to_sign;
    let ours = bytes("sudo", "alice", "host");
    for other in [bytes("su", "alice", "host"), bytes("sudo", "root", "host"), bytes("sudo", "alice", "other")] {
        assert_ne!(ours, other);
    }
    assert_ne!(bytes("sudoa", "lice", "host"), bytes("sudo", "alice", "host"), "fields do not run into each other");
}

#[test]
fn refuses_a_signature_that_is_malformed_or_followed_by_bytes() {
    let good = sign(&key(1), challenge(1).as_bytes());
    assert_eq!(prove(&[good.as_slice(), b"x"].concat()), Err(Refusal::SignatureMalformed));
    assert_eq!(prove(&good[..good.len() - 1]), Err(Refusal::SignatureMalformed));
    assert_eq!(prove(b""), Err(Refusal::SignatureMalformed));
}

#[test]
fn refuses_a_signature_with_another_label() {
    let raw = sign(&key(1), challenge(1).as_bytes()).split_off(4 + "ssh-ed25519".len());
    let labelled = |label: &[u8]| prove(&[string(label), raw.clone()].concat());
    assert_eq!(labelled(b"ssh-ed25519"), Ok(()));
    assert_eq!(labelled(b"rsa-sha2-512"), Err(Refusal::SignatureKeyMismatch("rsa-sha2-512")));
    assert_eq!(labelled(b"ssh-rsa"), Err(Refusal::SignatureAlgorithm(b"ssh-rsa".to_vec())));
}

#[test]
fn refuses_a_certificate_that_expired_while_the_agent_was_asked() {
    let signature = sign(&key(1), challenge(1).as_bytes());
    let at = |now| with_accepted(&Fields::good(), false, |accepted| accepted.prove(&challenge(1), &signature, now).err());
    assert_eq!(at(NOW + 59), None);
    assert_eq!(at(NOW + 60), Some(Refusal::Expired(0)));
}

#[test]
fn a_software_key_cannot_verify_its_user() {
    let signature = sign(&key(1), challenge(1).as_bytes());
    let required_by_rules =
        with_accepted(&Fields::good(), true, |accepted| accepted.prove(&challenge(1), &signature, NOW).err());
    assert_eq!(required_by_rules, Some(Refusal::UserNotVerified));
    let fields = Fields { critical_options: option("verify-required", b""), ..Fields::good() };
    let required_by_certificate =
        with_accepted(&fields, false, |accepted| accepted.prove(&challenge(1), &signature, NOW).err());
    assert_eq!(required_by_certificate, Some(Refusal::UserNotVerified));
}

#[test]
fn a_receipt_counts_for_the_same_certificate_for_a_minute() {
    let signature = sign(&key(1), challenge(1).as_bytes());
    let receipt =
        with_accepted(&Fields::good(), false, |accepted| accepted.prove(&challenge(1), &signature, NOW).unwrap().receipt(NOW));
    let counts = |fields: &Fields, receipt: Option<&Receipt>, now| {
        with_accepted(fields, false, |accepted| accepted.proven_before(receipt, now).is_ok())
    };
    assert!(counts(&Fields::good(), Some(&receipt), NOW + 60));
    assert!(!counts(&Fields::good(), Some(&receipt), NOW + 61));
    assert!(!counts(&Fields::good(), Some(&receipt), NOW - 1), "the clock went back");
    assert!(!counts(&Fields::good(), None, NOW));
    let another = Fields { key_id: b"another".to_vec(), ..Fields::good() };
    assert!(!counts(&another, Some(&receipt), NOW));
}

/// A security key's signature over the challenge, with these flags: PROTOCOL.u2f.
fn sk_signature(flags: u8) -> Vec<u8> {
    let trailer = [&[flags][..], &5u32.to_be_bytes()].concat();
    let message = [digest(b"ssh:"), trailer.clone(), digest(challenge(1).as_bytes())].concat();
    let raw = sign(&key(1), &message).split_off(4 + "ssh-ed25519".len());
    [string(b"sk-ssh-ed25519@openssh.com"), raw, trailer].concat()
}

fn sk_fields() -> Fields {
    let good = Fields::good();
    Fields {
        name: b"sk-ssh-ed25519-cert-v01@openssh.com".to_vec(),
        key_fields: [good.key_fields.clone(), string(b"ssh:")].concat(),
        ..good
    }
}

/// What comes of a signature with these flags, for a certificate with or without no-touch-required, by this file.
fn touched(flags: u8, no_touch_in_certificate: bool, principals_file: Option<&[u8]>) -> Option<Refusal> {
    let extensions = if no_touch_in_certificate { option("no-touch-required", b"") } else { Vec::new() };
    let fields = Fields { extensions, ..sk_fields() };
    with_accepted_by(&fields, principals_file, false, |accepted| accepted.prove(&challenge(1), &sk_signature(flags), NOW).err())
}

#[test]
fn a_security_key_must_be_touched_unless_certificate_and_principals_line_say_otherwise() {
    let (agreeing, silent) = (Some(&b"no-touch-required alice"[..]), Some(&b"alice"[..]));
    assert_eq!(touched(1, false, silent), None);
    assert_eq!(touched(0, false, agreeing), Some(Refusal::UserNotPresent));
    assert_eq!(touched(4, false, agreeing), Some(Refusal::UserNotPresent), "verified is not present");
    assert_eq!(touched(0, true, silent), Some(Refusal::UserNotPresent));
    assert_eq!(touched(0, true, agreeing), None);
}

#[test]
fn without_a_principals_line_the_certificate_alone_says_whether_a_touch_is_required() {
    assert_eq!(touched(0, false, None), Some(Refusal::UserNotPresent));
    assert_eq!(touched(0, true, None), None);
}

#[test]
fn user_verification_is_read_from_the_signature() {
    let prove =
        |flags| with_accepted(&sk_fields(), true, |accepted| accepted.prove(&challenge(1), &sk_signature(flags), NOW).err());
    assert_eq!(prove(5), None);
    assert_eq!(prove(1), Some(Refusal::UserNotVerified));
}

#[test]
fn a_receipt_shows_no_more_than_the_signature_did() {
    let counted_where_verification_is_required = |flags| {
        let receipt = with_accepted(&sk_fields(), false, |accepted| {
            accepted.prove(&challenge(1), &sk_signature(flags), NOW).unwrap().receipt(NOW)
        });
        with_accepted(&sk_fields(), true, |accepted| accepted.proven_before(Some(&receipt), NOW).is_ok())
    };
    assert!(counted_where_verification_is_required(5));
    assert!(!counted_where_verification_is_required(1));
}

#[test]
fn flags_that_the_key_did_not_sign_do_not_count() {
    let mut signature = sk_signature(0);
    let at = signature.len() - 5;
    signature[at] = 1;
    let refused = with_accepted(&sk_fields(), false, |accepted| accepted.prove(&challenge(1), &signature, NOW).err());
    assert_eq!(refused, Some(Refusal::SignatureInvalid));
}

#[test]
fn of_sshd_only_what_it_must_have_seen_counts() {
    let seen = |fields: &Fields, file: Option<&[u8]>, require_verify| {
        with_accepted_by(fields, file, require_verify, |accepted| accepted.verified_by_sshd().err())
    };
    let no_touch = Fields { extensions: option("no-touch-required", b""), ..sk_fields() };
    let verified = Fields { critical_options: option("verify-required", b""), ..sk_fields() };
    let verified_software = Fields { critical_options: option("verify-required", b""), ..Fields::good() };
    let (agreeing, silent) = (Some(&b"no-touch-required alice"[..]), Some(&b"alice"[..]));
    assert_eq!(seen(&Fields::good(), None, false), None);
    assert_eq!(seen(&sk_fields(), silent, false), None, "sshd wants a touch unless the certificate does without");
    assert_eq!(seen(&no_touch, agreeing, false), None);
    assert_eq!(seen(&no_touch, silent, false), Some(Refusal::TouchNotAskedFor), "sshd's own file may have agreed");
    assert_eq!(seen(&verified, None, true), None);
    assert_eq!(seen(&sk_fields(), None, true), Some(Refusal::VerificationNotAskedFor));
    assert_eq!(seen(&verified_software, None, false), Some(Refusal::VerificationNotAskedFor), "sshd lets it pass");
}
