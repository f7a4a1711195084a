//! The yubikey crate, unmodified, with YubiKeys on a desk.

use p256::ecdsa::signature::{Verifier, hazmat::PrehashVerifier};
use software_yubikey::{Desk, Firmware, Touch, YubiKey as Card};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use x509_cert::der::{Decode, Encode};
use yubikey::certificate::{CertInfo, Certificate};
use yubikey::mgm::{Manager, MgmAlgorithmId};
use yubikey::piv::{self, AlgorithmId, Origin, SlotAlgorithmId, SlotId};
use yubikey::{Error, MgmKey, PinPolicy, Serial, TouchPolicy, YubiKey};

/// libpcsclite looks at its environment once a process, so all tests share a desk. They take turns, because opening a YubiKey by its
/// serial number selects the PIV application of every one on the desk, which forgets the verified PIN.
static DESK: LazyLock<Mutex<Desk>> = LazyLock::new(|| {
    let desk = Desk::new();
    // SAFETY: no other thread of this process reads or writes the environment: all tests come here first.
    unsafe { std::env::set_var("PCSCLITE_CSOCK_NAME", desk.socket()) };
    Mutex::new(desk)
});

/// A card, alone on the desk, and what the crate makes of it.
struct Plugged {
    desk: MutexGuard<'static, Desk>,
    card: Card,
    yubikey: YubiKey,
}

impl Plugged {
    fn new(firmware: Firmware) -> Self {
        let desk = DESK.lock().unwrap_or_else(PoisonError::into_inner);
        let card = Card::new(6_000_001, firmware);
        desk.plug(&card);
        let yubikey = YubiKey::open_by_serial(Serial::from(card.serial())).unwrap();
        Self { desk, card, yubikey }
    }

    fn manager(firmware: Firmware) -> Self {
        let mut plugged = Self::new(firmware);
        let key = MgmKey::get_default(&plugged.yubikey).unwrap();
        plugged.yubikey.authenticate(&key).unwrap();
        plugged
    }

    fn generate(&mut self, slot: SlotId, algorithm: AlgorithmId) -> Vec<u8> {
        let info = piv::generate(&mut self.yubikey, slot, algorithm, PinPolicy::Once, TouchPolicy::Never).unwrap();
        info.subject_public_key.raw_bytes().to_vec()
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        self.desk.unplug(&self.card);
    }
}

#[test]
fn opens_every_firmware_and_reads_version_serial_and_tries() {
    for (firmware, version) in
        [(Firmware::V4_3, "4.3.5"), (Firmware::V5_2, "5.2.7"), (Firmware::V5_4, "5.4.3"), (Firmware::V5_7, "5.7.4")]
    {
        let mut plugged = Plugged::new(firmware);
        assert_eq!(plugged.yubikey.version().to_string(), version);
        assert_eq!(plugged.yubikey.serial().0, plugged.card.serial());
        assert_eq!(plugged.yubikey.get_pin_retries(), Ok(3));
    }
}

#[test]
fn generates_and_signs_with_the_nist_curves() {
    let mut plugged = Plugged::manager(Firmware::V5_4);
    let p256 = plugged.generate(SlotId::Authentication, AlgorithmId::EccP256);
    let p384 = plugged.generate(SlotId::Signature, AlgorithmId::EccP384);
    let digest = [3; 48];
    let refused = piv::sign_data(&mut plugged.yubikey, &digest[..32], AlgorithmId::EccP256, SlotId::Authentication);
    assert_eq!(refused, Err(Error::AuthenticationError));
    plugged.yubikey.verify_pin(b"123456").unwrap();

    let signature = piv::sign_data(&mut plugged.yubikey, &digest[..32], AlgorithmId::EccP256, SlotId::Authentication).unwrap();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&p256).unwrap();
    key.verify_prehash(&digest[..32], &p256::ecdsa::Signature::from_der(&signature).unwrap()).unwrap();

    let signature = piv::sign_data(&mut plugged.yubikey, &digest, AlgorithmId::EccP384, SlotId::Signature).unwrap();
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&p384).unwrap();
    key.verify_prehash(&digest, &p384::ecdsa::Signature::from_der(&signature).unwrap()).unwrap();
}

#[test]
fn generates_and_signs_with_ed25519() {
    let mut plugged = Plugged::manager(Firmware::V5_7);
    let public = plugged.generate(SlotId::Authentication, AlgorithmId::Ed25519);
    plugged.yubikey.verify_pin(b"123456").unwrap();
    let message = [7; 600];
    let signature = piv::sign_data(&mut plugged.yubikey, &message, AlgorithmId::Ed25519, SlotId::Authentication).unwrap();
    let key = ed25519_dalek::VerifyingKey::try_from(public.as_slice()).unwrap();
    key.verify(&message, &signature.as_slice().try_into().unwrap()).unwrap();
}

#[test]
fn generates_and_signs_with_rsa() {
    for (firmware, algorithm, length) in
        [(Firmware::V4_3, AlgorithmId::Rsa2048, 256), (Firmware::V5_7, AlgorithmId::Rsa3072, 384)]
    {
        let mut plugged = Plugged::manager(firmware);
        let public = plugged.generate(SlotId::Authentication, algorithm);
        let modulus = rsa_modulus(&public);
        assert_eq!(modulus.len(), length);
        plugged.yubikey.verify_pin(b"123456").unwrap();
        let block = [&[0, 1], &*vec![0xff; length - 35], &[0], &[9; 32]].concat();
        let signature = piv::sign_data(&mut plugged.yubikey, &block, algorithm, SlotId::Authentication).unwrap();
        let key = rsa::RsaPublicKey::new(
            rsa::BoxedUint::from_be_slice_vartime(&modulus),
            rsa::BoxedUint::from_be_slice_vartime(&[1, 0, 1]),
        );
        key.unwrap().verify(rsa::Pkcs1v15Sign::new_unprefixed(), &[9; 32], &signature).unwrap();
    }
}

/// The modulus in an RSAPublicKey.
fn rsa_modulus(public: &[u8]) -> Vec<u8> {
    let numbers = Vec::<x509_cert::der::asn1::Uint>::from_der(public).unwrap();
    numbers[0].as_bytes().to_vec()
}

#[test]
fn a_wrong_pin_tells_the_tries_left_and_the_puk_unblocks() {
    let mut plugged = Plugged::new(Firmware::V5_4);
    for tries in [2, 1, 0] {
        assert_eq!(plugged.yubikey.verify_pin(b"000000"), Err(Error::WrongPin { tries }));
    }
    assert_eq!(plugged.yubikey.change_pin(b"123456", b"234567"), Err(Error::PinLocked));
    plugged.yubikey.unblock_pin(b"12345678", b"234567").unwrap();
    plugged.yubikey.verify_pin(b"234567").unwrap();
    plugged.yubikey.change_puk(b"12345678", b"87654321").unwrap();
    plugged.yubikey.change_pin(b"234567", b"345678").unwrap();
}

#[test]
fn resets_a_card_with_the_pin_and_puk_blocked() {
    let mut plugged = Plugged::manager(Firmware::V5_7);
    plugged.generate(SlotId::Authentication, AlgorithmId::EccP256);
    assert_eq!(plugged.yubikey.reset_device(), Err(Error::GenericError));
    while plugged.yubikey.verify_pin(b"000000") != Err(Error::WrongPin { tries: 0 }) {}
    plugged.yubikey.block_puk().unwrap();
    plugged.yubikey.reset_device().unwrap();
    plugged.yubikey.verify_pin(b"123456").unwrap();
    assert!(matches!(piv::metadata(&mut plugged.yubikey, SlotId::Authentication), Err(Error::NotFound)));
}

#[test]
fn sets_retries_and_management_keys() {
    for firmware in [Firmware::V4_3, Firmware::V5_7] {
        let mut plugged = Plugged::manager(firmware);
        plugged.yubikey.verify_pin(b"123456").unwrap();
        plugged.yubikey.set_pin_retries(5, 4).unwrap();
        assert_eq!(plugged.yubikey.get_pin_retries(), Ok(5));
        let key = MgmKey::get_default(&plugged.yubikey).unwrap();
        plugged.yubikey.authenticate(&key).unwrap();
        plugged.yubikey.verify_pin(b"123456").unwrap();
        let new = MgmKey::generate_for(&plugged.yubikey, &mut rand::rng()).unwrap();
        new.set_protected(&mut plugged.yubikey).unwrap();
        assert_eq!(plugged.yubikey.authenticate(&key), Err(Error::AuthenticationError));
        let stored = MgmKey::get_protected(&mut plugged.yubikey).unwrap();
        plugged.yubikey.authenticate(&stored).unwrap();
    }
}

#[test]
fn an_aes_256_management_key_works_on_firmware_5_4() {
    let mut plugged = Plugged::manager(Firmware::V5_4);
    let new = MgmKey::generate(MgmAlgorithmId::Aes256, &mut rand::rng()).unwrap();
    new.set_manual(&mut plugged.yubikey, false).unwrap();
    plugged.yubikey.deauthenticate().unwrap();
    let mut again = YubiKey::open_by_serial(plugged.yubikey.serial()).unwrap();
    again.authenticate(&new).unwrap();
}

#[test]
fn metadata_tell_the_key_from_5_3_on() {
    let mut plugged = Plugged::manager(Firmware::V5_7);
    plugged.generate(SlotId::Signature, AlgorithmId::EccP384);
    let metadata = piv::metadata(&mut plugged.yubikey, SlotId::Signature).unwrap();
    assert_eq!(metadata.algorithm, SlotAlgorithmId::Asymmetric(AlgorithmId::EccP384));
    assert_eq!(metadata.policy, Some((PinPolicy::Once, TouchPolicy::Never)));
    assert_eq!(metadata.origin, Some(Origin::Generated));
    let pin = piv::metadata(&mut plugged.yubikey, SlotId::Management(piv::ManagementSlotId::Pin)).unwrap();
    assert_eq!((pin.default, pin.retries), (Some(true), Some(piv::Retries { retry_count: 3, remaining_count: 3 })));
    drop(plugged);
    let mut old = Plugged::new(Firmware::V5_2);
    assert!(matches!(piv::metadata(&mut old.yubikey, SlotId::Signature), Err(Error::NotSupported)));
}

#[test]
fn attests_and_keeps_certificates() {
    let mut plugged = Plugged::manager(Firmware::V5_4);
    plugged.generate(SlotId::Signature, AlgorithmId::EccP256);
    let attestation = piv::attest(&mut plugged.yubikey, SlotId::Signature).unwrap();
    let attestation = Certificate::from_bytes(attestation.to_vec()).unwrap();
    assert_eq!(attestation.subject(), "CN=YubiKey PIV Attestation 9c");
    let issuer = Certificate::read(&mut plugged.yubikey, SlotId::Attestation).unwrap();
    assert_eq!(issuer.subject(), attestation.issuer());
    attestation.write(&mut plugged.yubikey, SlotId::Signature, CertInfo::Uncompressed).unwrap();
    let read = Certificate::read(&mut plugged.yubikey, SlotId::Signature).unwrap();
    assert_eq!(read.cert.to_der(), attestation.cert.to_der());
    let keys = piv::Key::list(&mut plugged.yubikey).unwrap();
    assert!(keys.iter().any(|key| key.slot() == SlotId::Signature), "{keys:?}");
    Certificate::delete(&mut plugged.yubikey, SlotId::Signature).unwrap();
    Certificate::read(&mut plugged.yubikey, SlotId::Signature).unwrap_err();
}

#[test]
fn imports_an_rsa_and_an_elliptic_key() {
    let mut plugged = Plugged::manager(Firmware::V5_7);
    let key = p256::SecretKey::from_slice(&[5; 32]).unwrap();
    piv::import_ecc_key(
        &mut plugged.yubikey,
        SlotId::Authentication,
        AlgorithmId::EccP256,
        &key.to_bytes(),
        TouchPolicy::Never,
        PinPolicy::Never,
    )
    .unwrap();
    let signature = piv::sign_data(&mut plugged.yubikey, &[8; 32], AlgorithmId::EccP256, SlotId::Authentication).unwrap();
    let signature = p256::ecdsa::Signature::from_der(&signature).unwrap();
    p256::ecdsa::VerifyingKey::from(key.public_key()).verify_prehash(&[8; 32], &signature).unwrap();

    let rsa = rsa::RsaPrivateKey::new(&mut rand::rng(), 2048).unwrap();
    let primes = rsa::traits::PrivateKeyParts::primes(&rsa);
    let data = piv::RsaKeyData::new(&primes[0].to_be_bytes(), &primes[1].to_be_bytes()).unwrap();
    let slot = SlotId::KeyManagement;
    piv::import_rsa_key(&mut plugged.yubikey, slot, AlgorithmId::Rsa2048, data, TouchPolicy::Never, PinPolicy::Never).unwrap();
    let metadata = piv::metadata(&mut plugged.yubikey, slot).unwrap();
    assert_eq!(metadata.origin, Some(Origin::Imported));
}

#[test]
fn the_management_application_is_read() {
    let plugged = Plugged::new(Firmware::V5_4);
    let again = YubiKey::open_by_serial(plugged.yubikey.serial()).unwrap();
    let info = Manager::new(again).unwrap().read_config().unwrap();
    assert!(!info.is_locked);
}

#[test]
fn a_touch_withheld_is_no_signature_and_a_card_pulled_out_is_an_error() {
    let mut plugged = Plugged::manager(Firmware::V5_4);
    let slot = SlotId::CardAuthentication;
    piv::generate(&mut plugged.yubikey, slot, AlgorithmId::EccP256, PinPolicy::Never, TouchPolicy::Always).unwrap();
    plugged.card.touch(Touch::Withheld);
    let refused = piv::sign_data(&mut plugged.yubikey, &[1; 32], AlgorithmId::EccP256, slot);
    assert_eq!(refused, Err(Error::AuthenticationError));
    plugged.card.touch(Touch::Given);
    piv::sign_data(&mut plugged.yubikey, &[1; 32], AlgorithmId::EccP256, slot).unwrap();
    plugged.card.unplug_before("GENERAL AUTHENTICATE");
    let gone = piv::sign_data(&mut plugged.yubikey, &[1; 32], AlgorithmId::EccP256, slot);
    // pcscd with vpcd gives an empty response, which the crate takes for an unknown status.
    assert!(matches!(gone, Err(Error::PcscError { .. } | Error::GenericError)), "{gone:?}");
}

#[test]
fn two_yubikeys_are_told_apart_by_serial_number() {
    let plugged = Plugged::new(Firmware::V5_7);
    let other = Card::new(6_000_002, Firmware::V5_4);
    plugged.desk.plug(&other);
    assert_eq!(YubiKey::open().err(), Some(Error::PcscError { inner: None }));
    let opened = YubiKey::open_by_serial(Serial::from(6_000_002)).unwrap();
    assert_eq!(opened.version().to_string(), "5.4.3");
    plugged.desk.unplug(&other);
    assert_eq!(YubiKey::open().unwrap().serial().0, 6_000_001);
}

#[test]
fn opening_a_yubikey_forgets_the_pin_verified_on_another_handle_and_dropping_it_resets_the_card() {
    let mut plugged = Plugged::manager(Firmware::V5_4);
    plugged.generate(SlotId::Authentication, AlgorithmId::EccP256);
    plugged.yubikey.verify_pin(b"123456").unwrap();
    let other = YubiKey::open_by_serial(plugged.yubikey.serial()).unwrap();
    let mut sign = || piv::sign_data(&mut plugged.yubikey, &[1; 32], AlgorithmId::EccP256, SlotId::Authentication);
    assert_eq!(sign(), Err(Error::AuthenticationError));
    drop(other);
    assert_eq!(sign(), Err(Error::PcscError { inner: Some(pcsc::Error::ResetCard) }));
}
