//! The other fields, and what is not a certificate any more.

use tests::world::World;

use super::draft::{Draft, string};
use super::rig::Rig;

#[test]
fn both_take_any_key_id_serial_nonce_and_reserved_field() {
    let world = World::new();
    let rig = Rig::new(&world);
    let with = |name, change: fn(&mut Draft)| rig.case(name, rig.draft().change(change));
    with("an empty key ID", |draft| draft.key_id.clear()).accepted();
    with("a key ID of 20,000 characters", |draft| draft.key_id = vec![b'x'; 20_000]).accepted();
    with("a key ID that is not UTF-8", |draft| draft.key_id = b"al\xffice".to_vec()).accepted();
    with("a key ID with line feeds and escapes", |draft| draft.key_id = b"a\nsudo: accepted\x1b[2J".to_vec()).accepted();
    with("serial 0", |draft| draft.serial = 0).accepted();
    with("the highest serial", |draft| draft.serial = u64::MAX).accepted();
    with("an empty nonce", |draft| draft.nonce.clear()).accepted();
    with("a nonce of 10,000 bytes", |draft| draft.nonce = vec![7; 10_000]).accepted();
    with("a reserved field with bytes in it", |draft| draft.reserved = b"later".to_vec()).accepted();
    with("a key ID with a NUL behind it", |draft| draft.key_id = b"alice\0".to_vec()).accepted();
    with("a key ID with a NUL in it", |draft| draft.key_id = b"al\0ice".to_vec()).unreadable("malformed");
    rig.finish();
}

#[test]
fn both_refuse_what_the_ca_did_not_sign() {
    let world = World::new();
    let rig = Rig::new(&world);
    let good = rig.draft().sign(&rig.ca);
    let bytes = |name, bytes: Vec<u8>| rig.case_of(name, bytes, &rig.key);
    let position = |needle: &[u8]| good.windows(needle.len()).position(|window| window == needle).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    bytes("as signed", good.clone()).accepted();
    bytes("a bit of the signature flipped", flipped(good.len() - 1)).unreadable("does not carry its CA's signature");
    bytes("a bit of the principal flipped", flipped(position(b"alice"))).unreadable("does not carry its CA's signature");
    bytes("a bit of the key ID flipped", flipped(position(b"parity"))).unreadable("does not carry its CA's signature");
    bytes("a bit of the CA's key flipped", flipped(position(rig.ca.public_key().key_data().ed25519().unwrap().as_ref())))
        .unreadable("a CA that this host does not trust");
    bytes("a byte behind the signature", [good.clone(), vec![0]].concat()).unreadable("malformed");
    bytes("the last byte missing", good[..good.len() - 1].to_vec()).unreadable("malformed");

    let stranger = world.ca("ed25519");
    let stranger = ssh_key::PrivateKey::from_openssh(world.read(stranger.key().path())).unwrap();
    rig.case_of(
        "another CA's signature under the trusted CA's key",
        {
            let ca = rig.ca.public_key().to_bytes().unwrap();
            rig.draft().change(|draft| draft.signature_key = Some(ca)).sign(&stranger)
        },
        &rig.key,
    )
    .unreadable("does not carry its CA's signature");
    rig.case_of("signed by a CA that is not trusted", rig.draft().sign(&stranger), &rig.key)
        .refused("Failed publickey", "a CA that this host does not trust");
    rig.case("the CA's key is itself a certificate", rig.draft().change(|draft| draft.signature_key = Some(good.clone())))
        .unreadable("a CA that this host does not trust");
    rig.finish();
}

#[test]
fn both_refuse_what_is_not_the_certificate_of_a_known_key() {
    let world = World::new();
    let rig = Rig::new(&world);
    let named = |name, type_name: &str| {
        let type_name = type_name.to_owned();
        rig.case(name, rig.draft().change(|draft| draft.type_name = type_name))
    };
    named("a type that nobody knows", "ssh-new-cert-v01@openssh.com").unreadable("which is not accepted");
    named("a type without a name", "-cert-v01@openssh.com").unreadable("which is not accepted");
    named("version 0 of the format", "ssh-ed25519-cert-v00@openssh.com").unreadable("which is not accepted");
    named("an ed25519 key called ecdsa", "ecdsa-sha2-nistp256-cert-v01@openssh.com").unreadable("malformed");
    rig.case("a key of 31 bytes", rig.draft().change(|draft| draft.key = string(&[1; 31]))).unreadable("malformed");
    rig.case("a key of 33 bytes", rig.draft().change(|draft| draft.key = string(&[1; 33]))).unreadable("malformed");
    rig.case_of("the plain key, no certificate", rig.blob(&rig.key), &rig.key).refused("Failed publickey", "no-certificate");
    rig.finish();
}
