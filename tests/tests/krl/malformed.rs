//! What ssh-keygen refuses to load, we refuse, and the other way round; where they differ, the test is called so.

use std::io::BufReader;

use signature::Signer;
use ssh_key::encoding::Encode;
use ussh_cert::krl::{Krl, KrlError};
use ussh_cert::revoked_keys::{RevokedKeysError, check_all};

use super::pool::Pool;
use super::random::Random;
use super::raw::{certificates, krl, section, string};
use super::{keygen, naive, raw};

const MUTATIONS: usize = 400;

#[test]
fn spoilt_lists_are_refused_by_both_or_by_none() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 8);
    let mut refused = 0;
    for _ in 0..MUTATIONS {
        let good = raw::random(&mut random, &pool);
        let spoilt = spoil(&mut random, good);
        let ours = Krl::read(&spoilt);
        if spoilt.starts_with(b"SSHKRL\n\0") {
            let streamed = check_all(BufReader::with_capacity(5, spoilt.as_slice()), spoilt.len(), &[]);
            assert_eq!(streamed.err(), ours.as_ref().err().cloned().map(RevokedKeysError::Krl), "{}", spoilt.escape_ascii());
        }
        let theirs = keygen::loads(pool.path(), &spoilt);
        refused += usize::from(!theirs);
        let known = match &ours {
            Ok(_) => naive::has_extension(&spoilt),
            Err(error) => *error == KrlError::Signed,
        };
        assert!(theirs == ours.is_ok() || known, "ssh-keygen loads it: {theirs}, we: {ours:?}, {}", spoilt.escape_ascii());
    }
    assert!((MUTATIONS / 5..MUTATIONS).contains(&refused), "{refused} of {MUTATIONS} are refused");
}

fn spoil(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=random.below(2) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(6) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes.push(random.next() as u8),
            2 => drop(bytes.remove(at)),
            3 => bytes[at] = 0,
            4 => bytes[at] ^= 1 << random.below(8),
            _ => bytes[at] = random.next() as u8,
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

#[test]
fn borders_are_where_ssh_keygen_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let ca = |parts: &[Vec<u8>]| krl(&[certificates(b"", parts)]);
    let bitmap = |offset: u64, bits: &[u8]| ca(&[section(0x22, &[offset.to_be_bytes().to_vec(), string(bits)].concat())]);
    let range = |min: u64, max: u64| ca(&[section(0x21, &[min, max].map(u64::to_be_bytes).concat())]);
    let full = [&[0], [0xff; 2048].as_slice()].concat();
    let cases = [
        (true, krl(&[])),
        (true, krl(&[section(2, b""), section(3, b""), section(5, b"")])),
        (true, krl(&[section(2, &string(b"no key"))])),
        (false, krl(&[section(3, &string(&[1; 32]))])),
        (false, krl(&[section(5, &string(&[1; 20]))])),
        (false, krl(&[section(6, b"")])),
        (false, krl(&[section(0, b"")])),
        (false, krl(&[section(1, b"")])),
        (true, ca(&[])),
        (false, ca(&[section(0x24, b"")])),
        (true, ca(&[section(0x20, b"")])),
        (false, ca(&[section(0x20, &[1; 9])])),
        (false, ca(&[section(0x20, &[0; 8])])),
        (false, range(0, 1)),
        (false, range(2, 1)),
        (true, range(1, u64::MAX)),
        (false, ca(&[section(0x21, &[1; 17])])),
        (true, bitmap(0, b"")),
        (true, bitmap(0, b"\x02")),
        (false, bitmap(0, b"\x03")),
        (false, bitmap(1, b"\x80")),
        (true, bitmap(1, b"\x00\x80")),
        (true, bitmap(u64::MAX, b"\x01")),
        (false, bitmap(u64::MAX, b"\x02")),
        (true, bitmap(u64::MAX - 7, b"\x00\x80")),
        (false, bitmap(u64::MAX - 6, b"\x00\x80")),
        (true, bitmap(1, &full)),
        (false, bitmap(1, &[&[0], full.as_slice()].concat())),
        (true, bitmap(1, &[&[0], &full[1..]].concat())),
        (false, bitmap(1, &[&[1], &full[1..]].concat())),
        (true, ca(&[section(0x23, &string(b"a\0"))])),
        (false, ca(&[section(0x23, &string(b"a\0b"))])),
        (true, ca(&[section(0x23, &string(b""))])),
        (false, ca(&[section(0x23, b"")]).into_iter().chain([1]).collect()),
        (false, krl(&[certificates(b"x", &[])])),
        (false, b"SSHKRL\n".to_vec()),
    ];
    for (good, bytes) in cases {
        assert_eq!(keygen::loads(dir.path(), &bytes), good, "ssh-keygen: {}", bytes.escape_ascii());
        assert_eq!(Krl::read(&bytes).is_ok(), good, "we: {}", bytes.escape_ascii());
    }
}

#[test]
fn ca_keys_are_as_good_as_ssh_keygen_finds_them() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 0);
    for file in &pool.files {
        let blob = pool.blob(file);
        for _ in 0..12 {
            let mut spoilt = blob.clone();
            let at = random.below(blob.len() as u64) as usize;
            spoilt[at] ^= 1 << random.below(8);
            let list = krl(&[certificates(&spoilt, &[])]);
            // A NUL at the end of a name, which OpenSSH drops, does not come of one bit.
            assert_eq!(keygen::loads(pool.path(), &list), Krl::read(&list).is_ok(), "{file}: {}", spoilt.escape_ascii());
        }
    }
}

#[test]
fn an_extension_that_may_be_ignored_is_though_openssh_9_2_knows_none() {
    let dir = tempfile::tempdir().unwrap();
    let extension = |critical: u8| [string(b"x@example.org"), vec![critical], string(b"value")].concat();
    for (number, wrap) in [(255, krl as fn(&[Vec<u8>]) -> Vec<u8>), (0x39, |parts| krl(&[certificates(b"", parts)]))] {
        let ignorable = wrap(&[section(number, &extension(0))]);
        assert!(Krl::read(&ignorable).is_ok());
        assert!(!keygen::loads(dir.path(), &ignorable) || !is_9_2(), "9.2 knows no extensions");
        let critical = wrap(&[section(number, &extension(1))]);
        assert_eq!(Krl::read(&critical).err(), Some(KrlError::CriticalExtension(b"x@example.org".to_vec())));
        assert!(!keygen::loads(dir.path(), &critical));
    }
}

#[test]
fn a_signed_list_is_refused_though_openssh_9_2_checks_the_signature() {
    let dir = tempfile::tempdir().unwrap();
    let key = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
    let blob = ssh_key::public::KeyData::from(key.public).encode_vec().unwrap();
    let before = [krl(&[]), vec![4], string(&blob)].concat();
    let signature: ssh_key::Signature = key.try_sign(&before).unwrap();
    let signed = [before, string(&signature.encode_vec().unwrap())].concat();
    assert!(keygen::loads(dir.path(), &signed));
    assert_eq!(Krl::read(&signed).err(), Some(KrlError::Signed));
}

#[test]
fn a_certificate_in_the_place_of_a_ca_is_refused_though_ssh_keygen_takes_it_and_never_matches() {
    let pool = Pool::new(&mut Random::new(), 1);
    let list = krl(&[certificates(&pool.blob(&pool.certificates[0]), &[section(0x20, &[0, 0, 0, 0, 0, 0, 0, 1])])]);
    assert!(keygen::loads(pool.path(), &list));
    assert_eq!(Krl::read(&list).err(), Some(KrlError::CaKey));
}

fn is_9_2() -> bool {
    let version = std::process::Command::new("ssh").arg("-V").output().expect("ssh is installed");
    String::from_utf8_lossy(&version.stderr).starts_with("OpenSSH_9.2")
}
