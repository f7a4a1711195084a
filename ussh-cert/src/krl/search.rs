//! Looks for some keys and certificates in a list that goes by.

use std::cell::OnceCell;

use sha1::{Digest, Sha1};
use ssh_key::HashAlg;

use super::check::{Reason, Verdict};
use super::subject::{Issued, Subject};
use super::walk::Visitor;

const NONE: usize = usize::MAX;

/// Subjects go by their places.
pub(super) struct Search<'s> {
    keys: Index<&'s [u8]>,
    cas: Index<&'s [u8]>,
    certificates: Vec<Certificates<'s>>,
    /// Of these, the ones that the current section is about; `NONE` for CAs that nobody has.
    current: usize,
    sha1: OnceCell<[Index<[u8; 20]>; 2]>,
    sha256: OnceCell<[Index<[u8; 32]>; 2]>,
    found: Vec<Option<Reason>>,
}

/// What a section of a list can revoke: the certificates of one CA, or all of them.
struct Certificates<'s> {
    /// None: any.
    ca: Option<&'s [u8]>,
    /// Without 0, which no list holds.
    serials: Index<u64>,
    key_ids: Index<&'s [u8]>,
}

impl<'s> Search<'s> {
    pub(super) fn new(subjects: &'s [Subject<'s>]) -> Self {
        let issued: Vec<(&Issued<'_>, usize)> =
            (0..).zip(subjects).filter_map(|(place, subject)| Some((subject.issued.as_ref()?, place))).collect();
        let mut cas: Vec<&[u8]> = issued.iter().map(|(issued, _)| issued.ca.as_ref()).collect();
        cas.sort_unstable();
        cas.dedup();
        let certificates = [None].into_iter().chain(cas.into_iter().map(Some)).map(|ca| Certificates::of(ca, &issued));
        Self {
            keys: Index::new((0..).zip(subjects).map(|(place, subject)| (subject.key.as_ref(), place))),
            cas: Index::new(issued.iter().map(|(issued, place)| (issued.ca.as_ref(), *place))),
            certificates: certificates.collect(),
            current: NONE,
            sha1: OnceCell::new(),
            sha256: OnceCell::new(),
            found: vec![None; subjects.len()],
        }
    }

    /// In the order of the subjects.
    pub(super) fn verdicts(self) -> impl Iterator<Item = Verdict> {
        self.found.into_iter().map(|reason| reason.map_or(Verdict::NotRevoked, Verdict::Revoked))
    }
}

impl<'s> Certificates<'s> {
    fn of(ca: Option<&'s [u8]>, issued: &[(&'s Issued<'s>, usize)]) -> Self {
        let ours = || issued.iter().filter(move |(issued, _)| ca.is_none_or(|ca| ca == issued.ca.as_ref()));
        Self {
            ca,
            serials: Index::new(ours().map(|(issued, place)| (issued.serial, *place)).filter(|(serial, _)| *serial != 0)),
            key_ids: Index::new(ours().map(|(issued, place)| (issued.key_id, *place))),
        }
    }

    fn reason(&self, of_ca: Reason, of_any: Reason) -> Reason {
        if self.ca.is_some() { of_ca } else { of_any }
    }
}

impl Visitor for Search<'_> {
    /// With the NUL that may end a key ID.
    fn longest(&self) -> usize {
        let key_ids = self.certificates.iter().flat_map(|certificates| certificates.key_ids.items());
        let longest = key_ids.chain(self.keys.items()).chain(self.cas.items()).map(|item| item.len()).max();
        longest.unwrap_or(0) + 1
    }

    fn comment(&mut self, _: &[u8]) {}

    fn authority(&mut self, ca: Option<&[u8]>) {
        self.current = self.certificates.iter().position(|certificates| certificates.ca == ca).unwrap_or(NONE);
    }

    #[inline]
    fn serials(&mut self, min: u64, max: u64) {
        let Some(certificates) = self.certificates.get(self.current) else { return };
        for (_, place) in certificates.serials.between(&min, &max) {
            note(&mut self.found, *place, certificates.reason(Reason::Serial, Reason::SerialOfAnyCa));
        }
    }

    fn bitmap(&mut self, offset: u64, bits: &[u8]) {
        let Some(certificates) = self.certificates.get(self.current) else { return };
        for (serial, place) in certificates.serials.between(&offset, &u64::MAX) {
            let Ok(index) = usize::try_from(serial - offset) else { return };
            let byte = bits.iter().nth_back(index / 8).copied().unwrap_or(0);
            if byte >> (index % 8) & 1 == 1 {
                note(&mut self.found, *place, certificates.reason(Reason::Serial, Reason::SerialOfAnyCa));
            }
        }
    }

    #[inline]
    fn key_id(&mut self, key_id: &[u8]) {
        let Some(certificates) = self.certificates.get(self.current) else { return };
        for (_, place) in certificates.key_ids.between(&key_id, &key_id) {
            note(&mut self.found, *place, certificates.reason(Reason::KeyId, Reason::KeyIdOfAnyCa));
        }
    }

    #[inline]
    fn key(&mut self, blob: &[u8]) {
        self.keys.between(&blob, &blob).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::Key));
        self.cas.between(&blob, &blob).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::Ca));
    }

    #[inline]
    fn sha1(&mut self, hash: &[u8; 20]) {
        let [keys, cas] = self.sha1.get_or_init(|| [self.keys.map(sha1), self.cas.map(sha1)]);
        keys.between(hash, hash).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::KeySha1));
        cas.between(hash, hash).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::CaSha1));
    }

    #[inline]
    fn sha256(&mut self, hash: &[u8; 32]) {
        let [keys, cas] = self.sha256.get_or_init(|| [self.keys.map(sha256), self.cas.map(sha256)]);
        keys.between(hash, hash).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::KeySha256));
        cas.between(hash, hash).iter().for_each(|(_, place)| note(&mut self.found, *place, Reason::CaSha256));
    }
}

/// Of several reasons the first in OpenSSH's order stays.
fn note(found: &mut [Option<Reason>], place: usize, reason: Reason) {
    if let Some(found) = found.get_mut(place) {
        *found = Some(found.map_or(reason, |earlier| earlier.min(reason)));
    }
}

/// What the subjects have, each with a subject's place, in order: for one subject, finding it is a comparison.
struct Index<T>(Vec<(T, usize)>);

impl<T: Ord> Index<T> {
    fn new(items: impl Iterator<Item = (T, usize)>) -> Self {
        let mut items: Vec<_> = items.collect();
        items.sort_unstable();
        Self(items)
    }

    #[inline]
    fn between(&self, min: &T, max: &T) -> &[(T, usize)] {
        let from = self.0.partition_point(|(item, _)| item < min);
        let rest = self.0.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|(item, _)| item <= max)).unwrap_or_default()
    }
}

impl<'s> Index<&'s [u8]> {
    fn items(&self) -> impl Iterator<Item = &'s [u8]> {
        self.0.iter().map(|(item, _)| *item)
    }

    fn map<H: Ord>(&self, hash: fn(&[u8]) -> H) -> Index<H> {
        Index::new(self.0.iter().map(|(item, place)| (hash(item), *place)))
    }
}

pub(super) fn sha1(blob: &[u8]) -> [u8; 20] {
    Sha1::digest(blob).into()
}

pub(super) fn sha256(blob: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(&HashAlg::Sha256.digest(blob));
    hash
}
