//! A RevokedKeys file. One pass over it answers as trees would that are built from it first, and what was read and
//! written again says the same.
#![no_main]

use std::collections::BTreeSet;
use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use sha1::Digest;
use ussh_cert::krl::{Header, Krl, Subject, Verdict, check, spec};
use ussh_cert::revoked_keys::RevokedKeysError;
use ussh_cert::{Certificate, revoked_keys};

/// About whom is asked: the serial numbers and the key IDs of certificates for `key(1)` by `key(2)`.
const SERIALS: [u64; 10] = [0, 1, 2, 7, 8, 63, 255, 256, u64::MAX - 1, u64::MAX];
const KEY_IDS: [&[u8]; 3] = [b"", b"alice", b"a"];

fuzz_target!(|bytes: &[u8]| {
    specification(bytes);
    let certificates: Vec<_> = SERIALS.iter().flat_map(|&serial| KEY_IDS.map(|key_id| certificate(serial, key_id))).collect();
    let mut list = match Krl::read(bytes) {
        Ok(list) => list,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let certificate = Certificate::parse(&certificates[0]).unwrap();
            let subjects = [Subject::certificate(&certificate).unwrap()];
            assert_eq!(check(bytes, &subjects[0]).err(), Some(error));
            assert_eq!(streamed(bytes, &subjects), revoked_keys::check_all(bytes, bytes.len(), &subjects));
            return;
        }
    };
    let trees = Trees::build(bytes).expect("what is read can be understood without care");
    let written = list.write().expect("shorter than what was read, or little longer");
    let mut again = Krl::read(&written).expect("what is written can be read");
    assert_eq!(again.write().unwrap(), written);
    assert_eq!(again.listing(""), list.listing(""));
    let certificates: Vec<_> = certificates.iter().map(|blob| Certificate::parse(blob).unwrap()).collect();
    let subjects: Vec<_> = certificates.iter().map(|certificate| Subject::certificate(certificate).unwrap()).collect();
    let (_, together) = streamed(bytes, &subjects).unwrap();
    for ((certificate, subject), together) in certificates.iter().zip(&subjects).zip(together) {
        let answer = check(bytes, subject).unwrap().1;
        assert_eq!(answer, together);
        assert_eq!(answer, check(&written, subject).unwrap().1);
        assert_eq!(answer != Verdict::NotRevoked, trees.revoke(certificate));
    }
    let plain = key(1);
    let answer = check(bytes, &Subject::key(&plain).unwrap()).unwrap().1;
    assert_eq!(answer != Verdict::NotRevoked, trees.hold(&plain));
});

/// As the module asks: all at once, of a stream, which comes in small pieces.
fn streamed(bytes: &[u8], subjects: &[Subject<'_>]) -> Result<(Option<Header>, Vec<Verdict>), RevokedKeysError> {
    revoked_keys::check_all(BufReader::with_capacity(7, bytes), bytes.len(), subjects)
}

/// What is taken from a specification is in the list afterwards.
fn specification(text: &[u8]) {
    let mut list = Krl::new();
    let result = list.apply(text, spec::Issuer::Any);
    let operations: Vec<_> = spec::parse(text).collect();
    assert!(operations.iter().rev().skip(1).all(Result::is_ok));
    let Ok(()) = result else { return assert!(!result.unwrap_err().to_string().is_empty()) };
    let written = list.write().unwrap();
    for operation in operations.into_iter().flatten() {
        let certificate = match operation {
            spec::Operation::Serials(_, max) => certificate(max, b"x"),
            spec::Operation::KeyId(key_id) => certificate(0, key_id),
            _ => continue,
        };
        let certificate = Certificate::parse(&certificate).unwrap();
        let (_, verdict) = check(&written, &Subject::certificate(&certificate).unwrap()).unwrap();
        assert_ne!(verdict, Verdict::NotRevoked);
    }
}

/// The list as sets of everything in it, for this CA and for any. Takes no care: only for lists that are known as good.
#[derive(Default)]
struct Trees {
    keys: BTreeSet<Vec<u8>>,
    sha1s: BTreeSet<Vec<u8>>,
    sha256s: BTreeSet<Vec<u8>>,
    ranges: Vec<(u64, u64)>,
    key_ids: BTreeSet<Vec<u8>>,
}

impl Trees {
    fn build(bytes: &[u8]) -> Option<Self> {
        let mut trees = Self::default();
        let mut rest = bytes.get(36..)?;
        take(&mut rest)?;
        take(&mut rest)?;
        while let Some((number, mut content)) = section(&mut rest) {
            match number {
                1 => {
                    let ca = take(&mut content)?;
                    take(&mut content)?;
                    while let Some((number, part)) = section(&mut content) {
                        if ca.is_empty() || ca == key(2) {
                            trees.part(number, part)?;
                        }
                    }
                }
                2 => trees.keys.extend(strings(content)),
                3 => trees.sha1s.extend(strings(content)),
                5 => trees.sha256s.extend(strings(content)),
                _ => {}
            }
        }
        Some(trees)
    }

    fn part(&mut self, number: u8, mut part: &[u8]) -> Option<()> {
        let integers = |part: &[u8]| part.chunks(8).map(integer).collect::<Vec<_>>();
        match number {
            0x20 => self.ranges.extend(integers(part).into_iter().map(|serial| (serial, serial))),
            0x21 => self.ranges.push((integer(&part[..8]), integer(&part[8..]))),
            0x22 => {
                let offset = integer(&part[..8]);
                part = &part[8..];
                let number = take(&mut part)?;
                for bit in (0..number.len() * 8).filter(|bit| number[number.len() - 1 - bit / 8] >> (bit % 8) & 1 == 1) {
                    let serial = offset + bit as u64;
                    self.ranges.push((serial, serial));
                }
            }
            0x23 => self.key_ids.extend(strings(part).map(|id| id.strip_suffix(b"\0").map_or(id.clone(), <[u8]>::to_vec))),
            _ => {}
        }
        Some(())
    }

    fn hold(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
            || self.sha1s.contains(sha1::Sha1::digest(key).as_slice())
            || self.sha256s.contains(&ssh_key::HashAlg::Sha256.digest(key))
    }

    fn revoke(&self, certificate: &Certificate<'_>) -> bool {
        [key(1), key(2)].iter().any(|key| self.hold(key))
            || self.key_ids.contains(certificate.key_id)
            || certificate.serial != 0 && self.ranges.iter().any(|&(min, max)| (min..=max).contains(&certificate.serial))
    }
}

fn section<'b>(rest: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let (&number, after) = rest.split_first()?;
    *rest = after;
    Some((number, take(rest)?))
}

fn strings(mut bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || take(&mut bytes).map(<[u8]>::to_vec))
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (string, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(string)
}

fn integer(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().unwrap())
}

/// An ed25519 key's blob.
fn key(byte: u8) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(&[byte; 32])].concat()
}

fn certificate(serial: u64, key_id: &[u8]) -> Vec<u8> {
    [
        [string(b"ssh-ed25519-cert-v01@openssh.com"), string(b""), string(&[1; 32])].concat(),
        serial.to_be_bytes().to_vec(),
        1u32.to_be_bytes().to_vec(),
        [string(key_id), string(b"")].concat(),
        [0; 16].to_vec(),
        [string(b""), string(b""), string(b""), string(&key(2)), string(b"")].concat(),
    ]
    .concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}
