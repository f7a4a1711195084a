//! Keys: generated, imported, used under their PIN policies, moved.

use crate::reader::*;
use p256::ecdsa::signature::{Verifier, hazmat::PrehashVerifier};
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};
use software_yubikey::Firmware;

const DIGEST: [u8; 48] = [0x42; 48];
/// Elements of GENERATE and IMPORT that say when the PIN is asked for.
const NEVER: [u8; 3] = [0xaa, 1, 1];
const ONCE: [u8; 3] = [0xaa, 1, 2];
const ALWAYS: [u8; 3] = [0xaa, 1, 3];

fn manager(firmware: Firmware) -> Reader {
    let mut card = yubikey(firmware);
    card.become_manager();
    card
}

fn verify_p256(point: &[u8], digest: &[u8], signature: &[u8]) {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
    key.verify_prehash(digest, &p256::ecdsa::Signature::from_der(signature).unwrap()).unwrap();
}

#[test]
fn p256_signs_a_digest() {
    let mut card = manager(Firmware::V4_3);
    let public = card.generate(0x9a, P256, &NEVER);
    verify_p256(inside(&public), &DIGEST[..32], &card.sign(0x9a, P256, &DIGEST[..32]).unwrap());
}

#[test]
fn a_short_digest_is_padded_on_the_left_and_a_long_one_refused() {
    let mut card = manager(Firmware::V5_4);
    let public = card.generate(0x9a, P256, &NEVER);
    let padded = [&[0; 12], &DIGEST[..20]].concat();
    verify_p256(inside(&public), &padded, &card.sign(0x9a, P256, &DIGEST[..20]).unwrap());
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..33]), Err(WRONG_DATA));
}

#[test]
fn p384_signs_a_digest() {
    let mut card = manager(Firmware::V4_3);
    let public = card.generate(0x9c, P384, &NEVER);
    let signature = p384::ecdsa::Signature::from_der(&card.sign(0x9c, P384, &DIGEST).unwrap()).unwrap();
    p384::ecdsa::VerifyingKey::from_sec1_bytes(inside(&public)).unwrap().verify_prehash(&DIGEST, &signature).unwrap();
}

#[test]
fn ed25519_signs_the_whole_message_however_long() {
    let mut card = manager(Firmware::V5_7);
    let public = card.generate(0x9a, ED25519, &NEVER);
    let key = ed25519_dalek::VerifyingKey::try_from(inside(&public)).unwrap();
    for message in [&b""[..], b"short", &[1; 3000]] {
        let signature = card.sign(0x9a, ED25519, message).unwrap();
        key.verify(message, &signature.as_slice().try_into().unwrap()).unwrap();
    }
}

#[test]
fn rsa_takes_a_padded_block_as_long_as_its_modulus() {
    let mut card = manager(Firmware::V5_4);
    for (number, length) in [(0x06, 128), (0x07, 256)] {
        let public = card.generate(0x9a, number, &NEVER);
        let modulus = inside(&public);
        assert_eq!(modulus.len(), length);
        let key = RsaPublicKey::new(BoxedUint::from_be_slice_vartime(modulus), BoxedUint::from(65537_u64)).unwrap();
        let block = [&[0, 1], &*vec![0xff; length - 35], &[0], &DIGEST[..32]].concat();
        let signature = card.sign(0x9a, number, &block).unwrap();
        key.verify(Pkcs1v15Sign::new_unprefixed(), &DIGEST[..32], &signature).unwrap();
        assert_eq!(card.sign(0x9a, number, &block[1..]), Err(WRONG_DATA));
    }
}

#[test]
fn two_keys_agree_on_a_secret() {
    let mut card = manager(Firmware::V5_7);
    for algorithm in [P256, P384, 0xe1] {
        let one = card.generate(0x9a, algorithm, &NEVER);
        let other = card.generate(0x9d, algorithm, &NEVER);
        let mut agree = |slot, public: &[u8]| {
            let template = tlv(0x7c, &[tlv(0x82, &[]), tlv(0x85, inside(public))].concat());
            card.ask(0x87, algorithm, slot, &template)
        };
        assert_eq!(agree(0x9a, &other), agree(0x9d, &one));
    }
}

#[test]
fn an_empty_slot_and_another_algorithm_cannot_sign() {
    let mut card = manager(Firmware::V5_4);
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]), Err(WRONG_DATA));
    card.generate(0x9a, P384, &NEVER);
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]), Err(WRONG_DATA));
}

#[test]
fn the_attestation_key_signs_nothing_else() {
    let mut card = yubikey(Firmware::V5_7);
    card.verify(PIN);
    assert_eq!(card.sign(0xf9, P256, &DIGEST[..32]), Err(WRONG_DATA));
}

#[test]
fn without_the_pin_only_the_policy_never_signs() {
    let mut card = manager(Firmware::V5_4);
    for (policy, expected) in [(NEVER, None), (ONCE, Some(SECURITY_NOT_SATISFIED)), (ALWAYS, Some(SECURITY_NOT_SATISFIED))] {
        card.generate(0x9a, P256, &policy);
        assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]).err(), expected, "{policy:?}");
    }
}

#[test]
fn once_means_once_in_a_session() {
    let mut card = manager(Firmware::V5_4);
    card.generate(0x9a, P256, &ONCE);
    card.verify(PIN);
    for _ in 0..3 {
        card.sign(0x9a, P256, &DIGEST[..32]).unwrap();
    }
    card.select_piv();
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]), Err(SECURITY_NOT_SATISFIED));
}

#[test]
fn always_means_just_before_each_signature() {
    let mut card = manager(Firmware::V5_4);
    card.generate(0x9a, P256, &ALWAYS);
    card.verify(PIN);
    card.sign(0x9a, P256, &DIGEST[..32]).unwrap();
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]), Err(SECURITY_NOT_SATISFIED));
    card.verify(PIN);
    card.ask(0xfd, 0, 0, &[]);
    assert_eq!(card.sign(0x9a, P256, &DIGEST[..32]), Err(SECURITY_NOT_SATISFIED));
}

#[test]
fn each_slot_has_its_own_default_policies() {
    let mut card = manager(Firmware::V5_4);
    for (slot, pin_policy) in [(0x9a, 2), (0x9c, 3), (0x9d, 2), (0x9e, 1), (0x82, 2), (0x95, 2)] {
        card.generate(slot, P256, &[]);
        assert_eq!(inside(&card.ask(0xf7, 0, slot, &[])[3..]), [pin_policy, 1], "{slot:02x}");
    }
}

#[test]
fn slots_algorithms_and_policies_that_do_not_exist_are_refused() {
    let mut card = manager(Firmware::V5_7);
    for slot in [0x00, 0x04, 0x80, 0x96, 0x9b] {
        assert_eq!(card.status(0x47, 0, slot, b"\xac\x03\x80\x01\x11"), 0x6b00, "{slot:02x}");
    }
    for data in
        [&b"\xac\x03\x80\x01\x12"[..], b"\xac\x06\x80\x01\x11\xaa\x01\x09", b"\xac\x06\x80\x01\x11\xab\x01\x04", b"\xac\x00"]
    {
        assert_eq!(card.status(0x47, 0, 0x9a, data), WRONG_DATA, "{data:02x?}");
    }
}

#[test]
fn an_imported_key_signs_but_says_that_it_was_imported() {
    let mut card = manager(Firmware::V5_7);
    let p256 = p256::SecretKey::from_slice(&DIGEST[..32]).unwrap();
    card.ask(0xfe, P256, 0x9a, &[tlv(6, &p256.to_bytes()), NEVER.to_vec()].concat());
    let point = p256.public_key().to_sec1_bytes();
    verify_p256(&point, &DIGEST[..32], &card.sign(0x9a, P256, &DIGEST[..32]).unwrap());
    assert_eq!(card.ask(0xf7, 0, 0x9a, &[]), [&[1, 1, P256, 2, 2, 1, 1, 3, 1, 2][..], &tlv(4, &tlv(0x86, &point))].concat());

    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    card.ask(0xfe, ED25519, 0x9a, &[tlv(7, &ed25519.to_bytes()), NEVER.to_vec()].concat());
    let signature = card.sign(0x9a, ED25519, b"message").unwrap();
    ed25519.verify(b"message", &signature.as_slice().try_into().unwrap()).unwrap();
}

#[test]
fn import_needs_the_management_key_and_a_whole_key() {
    let mut card = yubikey(Firmware::V5_7);
    let key = tlv(6, &DIGEST[..32]);
    assert_eq!(card.status(0xfe, P256, 0x9a, &key), SECURITY_NOT_SATISFIED);
    card.become_manager();
    assert_eq!(card.status(0xfe, P256, 0x9a, &key[..20]), WRONG_DATA);
    assert_eq!(card.status(0xfe, P256, 0x9a, &tlv(6, &[0; 32])), WRONG_DATA);
    assert_eq!(card.status(0xfe, ED25519, 0x9a, &key), WRONG_DATA);
    let rsa = rsa::RsaPrivateKey::new_unchecked(&mut rand::rng(), 1024).unwrap();
    let primes: Vec<Vec<u8>> =
        rsa::traits::PrivateKeyParts::primes(&rsa).iter().map(|prime| prime.to_be_bytes().to_vec()).collect();
    let key = [tlv(1, &primes[0]), tlv(2, &primes[1])].concat();
    assert_eq!(card.status(0xfe, 0x07, 0x9a, &key), WRONG_DATA, "half as long as it is said to be");
    assert_eq!(card.status(0xfe, 0x06, 0x9a, &key), OK);
}

#[test]
fn a_key_moves_with_all_it_is_and_nothing_is_overwritten() {
    let mut card = manager(Firmware::V5_7);
    card.generate(0x9a, P256, &ONCE);
    card.generate(0x9d, P256, &[]);
    let metadata = card.ask(0xf7, 0, 0x9a, &[]);
    assert_eq!(card.status(0xf6, 0x9d, 0x9a, &[]), WRONG_DATA);
    card.ask(0xf6, 0x82, 0x9a, &[]);
    assert_eq!(card.ask(0xf7, 0, 0x82, &[]), metadata);
    assert_eq!(card.status(0xf6, 0x83, 0x9a, &[]), REFERENCE_NOT_FOUND);
    card.ask(0xf6, 0xff, 0x82, &[]);
    assert_eq!(card.status(0xf7, 0, 0x82, &[]), REFERENCE_NOT_FOUND);
    assert_eq!(card.status(0xf6, 0x83, 0xf9, &[]), WRONG_DATA, "the attestation key stays");
    card.ask(0xf6, 0xff, 0xf9, &[]);
    assert_eq!(card.status(0xf9, 0x9d, 0, &[]), WRONG_DATA, "or goes for good");
    card.select_piv();
    assert_eq!(card.status(0xf6, 0xff, 0x9d, &[]), SECURITY_NOT_SATISFIED);
}
