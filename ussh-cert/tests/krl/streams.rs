use std::io::{self, BufReader, Read};

use ussh_cert::Certificate;
use ussh_cert::krl::{KrlError, Reason, Subject, Verdict};
use ussh_cert::plain_key::NotAKey;
use ussh_cert::revoked_keys::{RevokedKeysError, check_all};

use super::bytes::{Drip, certificate, certificates, check, key, krl, line, numbers, section, string};

fn error(list: &[u8], length: usize) -> Option<RevokedKeysError> {
    check_all(list, length, &[]).err()
}

#[test]
fn one_pass_answers_for_each_as_asking_for_each_alone_does() {
    let serials = section(0x20, &numbers(&[5, 9]));
    let bitmap = section(0x22, &[numbers(&[20]), string(&[0b101])].concat());
    let ids = section(0x23, &[string(b"bob"), string(b"carol\0")].concat());
    let list = krl(&[
        certificates(&key(3), &[section(0x21, &numbers(&[1, 100]))]),
        certificates(&key(2), &[serials, bitmap]),
        certificates(b"", &[ids, section(0x21, &numbers(&[6, 7]))]),
        section(2, &string(&key(9))),
    ]);
    let people: [(u64, &[u8]); 9] = [
        (5, b"alice"),
        (8, b"alice"),
        (9, b"bob"),
        (7, b"alice"),
        (0, b"carol"),
        (20, b"x"),
        (21, b"x"),
        (22, b"x"),
        (5, b"alice"),
    ];
    let blobs = people.map(|(serial, key_id)| certificate(serial, key_id));
    let parsed: Vec<_> = blobs.iter().map(|blob| Certificate::parse(blob).unwrap()).collect();
    let mut subjects: Vec<_> = parsed.iter().map(|certificate| Subject::certificate(certificate).unwrap()).collect();
    let plain = [key(9), key(8)];
    subjects.extend(plain.iter().map(|blob| Subject::key(blob).unwrap()));
    let (_, together) = check_all(list.as_slice(), list.len(), &subjects).unwrap();
    let alone: Vec<_> = subjects.iter().map(|subject| check(&list, subject).unwrap().1).collect();
    assert_eq!(together, alone);
    let revoked = |reason| Verdict::Revoked(reason);
    let expected = [
        revoked(Reason::Serial),
        Verdict::NotRevoked,
        revoked(Reason::Serial),
        revoked(Reason::SerialOfAnyCa),
        revoked(Reason::KeyIdOfAnyCa),
        revoked(Reason::Serial),
        Verdict::NotRevoked,
        revoked(Reason::Serial),
        revoked(Reason::Serial),
        revoked(Reason::Key),
        Verdict::NotRevoked,
    ];
    assert_eq!(together, expected);
}

#[test]
fn a_list_is_checked_also_when_nobody_is_asked_about() {
    assert_eq!(error(&krl(&[section(99, b"")]), krl(&[section(99, b"")]).len()), Some(KrlError::UnknownSection(99).into()));
    assert_eq!(error(b"\nnonsense\n", 10), Some(RevokedKeysError::Line(2, NotAKey::Malformed)));
}

#[test]
fn a_stream_that_ends_early_is_refused_and_what_follows_the_list_is_not_looked_at() {
    let list = krl(&[section(2, &string(&key(3)))]);
    assert_eq!(error(&list, list.len() + 1), Some(KrlError::Malformed.into()));
    assert_eq!(error(&list, list.len() - 1), Some(KrlError::Malformed.into()));
    assert_eq!(error(&[list.as_slice(), b"x"].concat(), list.len()), None);
    // Of a string that is skipped nothing else would be missed.
    assert_eq!(error(&list[..list.len() - 1], list.len()), Some(KrlError::Malformed.into()));
}

#[test]
fn a_key_id_longer_than_any_key_is_found_with_and_without_its_nul() {
    let key_id = [b'x'; 300];
    for listed in [key_id.to_vec(), [&key_id[..], b"\0"].concat()] {
        let list = krl(&[certificates(b"", &[section(0x23, &string(&listed))])]);
        let blob = certificate(5, &key_id);
        let parsed = Certificate::parse(&blob).unwrap();
        assert_eq!(check(&list, &Subject::certificate(&parsed).unwrap()).unwrap().1, Verdict::Revoked(Reason::KeyIdOfAnyCa));
    }
}

#[test]
fn more_than_openssh_loads_is_refused_before_it_is_read() {
    assert_eq!(error(&krl(&[]), 0x800_0001), Some(KrlError::TooLarge.into()));
    assert_eq!(error(b"", 0x800_0001), Some(KrlError::TooLarge.into()), "a flat list, too");
}

#[test]
fn a_stream_that_fails_is_refused_and_says_why() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    for begun in [&b""[..], &krl(&[])[..20], b"# flat", &krl(&[section(2, &string(&key(3)))])[..60]] {
        let stream = BufReader::new(begun.chain(Failing));
        let error = check_all(stream, 1000, &[]).err().unwrap();
        assert!(error.to_string().starts_with("cannot be read: Input/output error"), "{error}");
    }
}

/// A stream so long that holding it would show.
struct Zeros(usize);

impl Read for Zeros {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = out.len().min(self.0);
        out[..length].fill(0);
        self.0 -= length;
        Ok(length)
    }
}

#[test]
fn strings_that_cannot_match_may_be_as_long_as_the_list() {
    const LONG: usize = 1 << 17;
    let long = string(&[b'x'; LONG]);
    let with_nul = string(&[vec![b'x'; LONG], vec![0]].concat());
    let inner_nul = string(&[vec![b'x'; LONG], vec![0, b'x']].concat());
    let blob = key(1);
    let subject = Subject::key(&blob).unwrap();
    let parts = [section(0x23, &[long.clone(), with_nul].concat())];
    let good = krl(&[certificates(b"", &parts), section(2, &[long.clone(), string(&key(1))].concat())]);
    assert_eq!(check(&good, &subject).unwrap().1, Verdict::Revoked(Reason::Key));
    let bad = krl(&[certificates(b"", &[section(0x23, &inner_nul)])]);
    assert_eq!(check(&bad, &subject).err(), Some(KrlError::Malformed));
    let critical = krl(&[section(255, &[long, vec![1], string(b"")].concat())]);
    assert_eq!(check(&critical, &subject).err(), Some(KrlError::CriticalExtension(b"(of a long name)".to_vec())));
    let start = [b"SSHKRL\n\0\0\0\0\x01".to_vec(), numbers(&[7, 1, 0]), 100_000_000u32.to_be_bytes().to_vec()].concat();
    let length = start.len() + 100_000_000 + 4;
    let stream = BufReader::new(start.chain(Zeros(100_000_004)));
    assert_eq!(check_all(stream, length, &[]).unwrap().0.unwrap().version, 7);
}

#[test]
fn a_ca_of_more_than_64_kib_is_refused() {
    let ca = |application: usize| {
        let blob = [string(b"sk-ssh-ed25519@openssh.com"), string(&[1; 32]), string(&vec![b'x'; application])].concat();
        let list = krl(&[certificates(&blob, &[])]);
        error(&list, list.len())
    };
    assert_eq!(ca(65_000), None);
    assert_eq!(ca(66_000), Some(KrlError::CaKey.into()));
}

#[test]
fn a_flat_list_is_read_in_pieces_too() {
    let blob = certificate(5, b"alice");
    let parsed = Certificate::parse(&blob).unwrap();
    let subjects = [Subject::certificate(&parsed).unwrap()];
    let list = format!("# c\n{}\n{}", line("ssh-ed25519", &key(3)), line("ssh-ed25519", &key(2)));
    for size in [1, 7, 4096] {
        let stream = BufReader::with_capacity(size, Drip::new(list.as_bytes(), size));
        assert_eq!(check_all(stream, list.len(), &subjects), Ok((None, vec![Verdict::Revoked(Reason::Ca)])));
    }
}

#[test]
fn a_flat_list_s_line_has_a_mib_at_most() {
    let comment = |length: usize| format!("#{}\n{}", "x".repeat(length), line("ssh-ed25519", &key(3)));
    assert_eq!(error(comment(1_000_000).as_bytes(), comment(1_000_000).len()), None);
    let long = comment(1_100_000);
    assert_eq!(error(long.as_bytes(), long.len()), Some(RevokedKeysError::Line(1, NotAKey::Malformed)));
}
