use base64ct::{Base64, Encoding};

use super::*;
use crate::algorithm::AlgorithmSet;
use crate::authority::{Restriction, Rules, Source, check};
use crate::ca_keys::CaKeys;
use crate::krl::{Krl, Reason};
use crate::refusal::Refusal;
use crate::testing::{Fields, NOW, blob, key};

/// The verdict on the certificate, when these lists were asked about what `asked` says.
fn verdict_when_asked(bytes: &[u8], asked: &[u8], lists: &[Vec<u8>]) -> Result<(), Refusal> {
    let [certificate, asked] = [bytes, asked].map(|bytes| Certificate::parse(bytes).unwrap());
    let mut revocation = Revocation::of([&asked]);
    for list in lists {
        let (_, answers) = revocation.ask(list.as_slice(), list.len()).unwrap();
        revocation.add(&answers);
    }
    let line = format!("ssh-ed25519 {}", Base64::encode_string(&blob(&key(2))));
    let rules = Rules {
        ca_keys: &CaKeys::parse(line.as_bytes()).0,
        username: Some("alice"),
        authorized_principals: None,
        authorized_principals_file: None,
        ca_signature_algorithms: &AlgorithmSet::default(),
        accepted_algorithms: &AlgorithmSet::default(),
        required_rsa_size: 2048,
        max_validity: None,
        require_sk: false,
        require_verify: false,
        source_address: Source::Refuse,
        force_command: Restriction::Refuse,
        revocation: Some(&revocation),
        local_time: |_| None,
    };
    check(&certificate, &rules, NOW).map(|_| ())
}

fn verdict(fields: &Fields, lists: &[Vec<u8>]) -> Result<(), Refusal> {
    verdict_when_asked(&fields.signed(), &fields.signed(), lists)
}

fn list(revoke: impl FnOnce(&mut Krl)) -> Vec<u8> {
    let mut krl = Krl::new();
    revoke(&mut krl);
    krl.write().unwrap()
}

fn list_of_alice() -> Vec<u8> {
    list(|krl| krl.revoke_key_id(None, b"alice@corp").unwrap())
}

const REVOKED: Result<(), Refusal> = Err(Refusal::Revoked(Reason::KeyIdOfAnyCa));

#[test]
fn what_any_of_the_lists_revokes_is_refused() {
    let other = list(|krl| krl.revoke_serials(None, 8, 1000).unwrap());
    let serial = list(|krl| krl.revoke_serials(None, 7, 7).unwrap());
    let good = Fields::good();
    assert_eq!(verdict(&good, &[]), Ok(()));
    assert_eq!(verdict(&good, &[other.clone(), other.clone()]), Ok(()));
    assert_eq!(verdict(&good, &[list_of_alice(), other.clone()]), REVOKED);
    assert_eq!(verdict(&good, &[other, list_of_alice()]), REVOKED);
    assert_eq!(verdict(&good, &[list_of_alice(), serial.clone()]), REVOKED, "the first list's reason");
    assert_eq!(verdict(&good, &[serial, list_of_alice()]), Err(Refusal::Revoked(Reason::SerialOfAnyCa)));
}

#[test]
fn revoked_comes_before_whatever_is_wrong_with_the_certificate_itself() {
    let expired = Fields { valid_before: NOW, ..Fields::good() };
    let of_nobody = Fields { principals: vec![b"bob".to_vec()], ..Fields::good() };
    for fields in [expired, of_nobody] {
        assert!(!matches!(verdict(&fields, &[]), Ok(()) | Err(Refusal::Revoked(_))));
        assert_eq!(verdict(&fields, &[list_of_alice()]), REVOKED);
    }
}

#[test]
fn of_a_ca_that_is_not_trusted_or_did_not_sign_nothing_is_said_about_revocation() {
    let strange = Fields { ca: key(3), ..Fields::good() };
    assert_eq!(verdict(&strange, &[list_of_alice()]), Err(Refusal::CaUntrusted));
    let mut forged = Fields::good().signed();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(verdict_when_asked(&forged, &forged, &[list_of_alice()]), Err(Refusal::CaSignatureInvalid));
}

#[test]
fn a_certificate_that_was_not_asked_about_is_refused() {
    let other = Fields { key_id: b"bob@corp".to_vec(), ..Fields::good() };
    let verdict = verdict_when_asked(&Fields::good().signed(), &other.signed(), &[]);
    assert_eq!(verdict, Err(Refusal::RevocationUnknown));
}

#[test]
fn the_person_is_told_what_is_revoked_and_what_would_not_be() {
    let cases = [
        (Reason::KeySha256, "is for a key that is revoked. Get one for a new key"),
        (Reason::KeyId, "is revoked by its key ID. Get one with another key ID"),
        (Reason::Serial, "is revoked by its serial number. Get a new one"),
        (Reason::Ca, "is signed by a CA that is revoked. Get one from a CA that this host trusts"),
    ];
    for (reason, sentence) in cases {
        let refusal = Refusal::Revoked(reason);
        assert_eq!(format!("{refusal}. {}", refusal.next_step()), sentence);
    }
}
