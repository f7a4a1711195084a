use std::cell::RefCell;
use std::path::{Path, PathBuf};

use ssh_key::encoding::Encode;
use ssh_key::{PrivateKey, PublicKey};
use ussh_cert::certificate::CertificateType;

use super::*;
use crate::journal::{Entry, Filter, Status};

/// Made for this test; it signs nothing else.
const CA: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCLVi5Bzt+znFvr3Zns7vikcBBKyBiNWzCK+m9/CSiMHwAAAIgGBJBpBgSQ
aQAAAAtzc2gtZWQyNTUxOQAAACCLVi5Bzt+znFvr3Zns7vikcBBKyBiNWzCK+m9/CSiMHw
AAAECN0QmPRBlpV80c6xOV2ws4RQfSv7mEdvh80p39Uvtz3ItWLkHO37OcW+vdmezu+KRw
EErIGI1bMIr6b38JKIwfAAAAAXUBAgME
-----END OPENSSH PRIVATE KEY-----
";

/// A CA that does something each time before it signs, and may refuse.
struct Ca<'a> {
    key: PrivateKey,
    before: Box<dyn FnMut(usize) -> Result<()> + 'a>,
    signed: usize,
    lies: bool,
}

impl<'a> Ca<'a> {
    fn that(before: impl FnMut(usize) -> Result<()> + 'a) -> Self {
        Self { key: PrivateKey::from_openssh(CA).unwrap(), before: Box::new(before), signed: 0, lies: false }
    }
}

impl CaSigner for Ca<'_> {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&mut self, message: &[u8], _what: &str) -> Result<Vec<u8>> {
        (self.before)(self.signed)?;
        self.signed += 1;
        let message = if self.lies { b"another".as_slice() } else { message };
        Ok(signature::Signer::try_sign(&self.key, message).unwrap().encode_vec().unwrap())
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    (folder, path)
}

fn request() -> Request {
    Request::new(CertificateType::User, "alice", "alice", None, &[]).unwrap()
}

fn subject() -> Vec<u8> {
    PrivateKey::from_openssh(CA).unwrap().public_key().to_bytes().unwrap()
}

fn entries(path: &Path) -> Vec<Entry> {
    Journal::open_to_read(path).unwrap().entries(&Filter::default()).unwrap().split_off(1)
}

fn statuses(path: &Path) -> Vec<Status> {
    entries(path).iter().map(Entry::status).collect()
}

fn broken() -> Error {
    Error::new("The YubiKey was pulled.", "Plug it in.")
}

/// Asks for this many certificates in one call; the places that were delivered come back.
fn ask(count: usize, ca: &mut Ca<'_>, path: &Path, deliver: impl FnMut(usize) -> Result<()>) -> (Result<Head>, Vec<usize>) {
    ask_in_portions(Duration::MAX, count, ca, path, deliver)
}

fn ask_in_portions(
    a_while: Duration,
    count: usize,
    ca: &mut Ca<'_>,
    path: &Path,
    mut deliver: impl FnMut(usize) -> Result<()>,
) -> (Result<Head>, Vec<usize>) {
    let (request, key) = (request(), subject());
    let wanted = vec![Wanted { request: &request, key: &key, comment: "" }; count];
    let mut delivered = Vec::new();
    let mut journal = Journal::open(path).unwrap();
    let result = in_portions(a_while, &wanted, Numbering::Next, ca, &mut journal, |at, _, _| {
        deliver(at)?;
        delivered.push(at);
        Ok(())
    });
    assert_eq!(journal.verify(&[]).unwrap().faults, [""; 0]);
    (result, delivered)
}

#[test]
fn the_intent_is_on_the_disk_before_the_ca_signs() {
    let (_folder, path) = place();
    let seen = RefCell::new(Vec::new());
    let mut ca = Ca::that(|_| {
        seen.borrow_mut().push(statuses(&path));
        Ok(())
    });
    ask(1, &mut ca, &path, |_| Ok(())).0.unwrap();
    assert_eq!(*seen.borrow(), [[Status::Unfinished]]);
}

#[test]
fn the_certificate_is_on_the_disk_before_it_is_delivered() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    let mut delivered = None;
    let issued = issue(&request(), &subject(), None, &mut Ca::that(|_| Ok(())), &mut journal, |blob| {
        let entries = entries(&path);
        assert_eq!((entries[0].status(), entries[0].certificate()), (Status::Issued, Some(blob)));
        delivered = Some(blob.to_vec());
        Ok(())
    });
    let issued = issued.unwrap();
    assert_eq!((issued.serial, issued.head), (1, journal.head().unwrap()));
    assert!(delivered.is_some());
}

#[test]
fn a_ca_that_fails_leaves_its_reason_and_no_certificate() {
    let (_folder, path) = place();
    let (result, delivered) = ask(1, &mut Ca::that(|_| Err(broken())), &path, |_| Ok(()));
    assert_eq!(result.unwrap_err().what(), "The YubiKey was pulled.");
    assert_eq!(delivered, [0; 0]);
    let entries = entries(&path);
    assert_eq!(entries[0].status(), Status::Failed);
    assert_eq!(entries[0].reason(), Some("The YubiKey was pulled."));
    assert_eq!(entries[0].certificate(), None);
}

#[test]
fn a_signature_that_does_not_verify_never_leaves() {
    let (_folder, path) = place();
    let mut ca = Ca::that(|_| Ok(()));
    ca.lies = true;
    let (result, delivered) = ask(1, &mut ca, &path, |_| Ok(()));
    assert!(result.is_err());
    assert_eq!((delivered, statuses(&path)), (vec![], vec![Status::Failed]));
}

#[test]
fn of_several_keys_those_before_the_failure_are_delivered_and_all_are_accounted_for() {
    let (_folder, path) = place();
    let mut ca = Ca::that(|at| if at == 2 { Err(broken()) } else { Ok(()) });
    let (result, delivered) = ask(5, &mut ca, &path, |_| Ok(()));
    assert_eq!(result.unwrap_err().what(), "The YubiKey was pulled.");
    assert_eq!(delivered, [0, 1]);
    use Status::{Failed, Issued};
    assert_eq!(statuses(&path), [Issued, Issued, Failed, Failed, Failed]);
}

#[test]
fn serial_numbers_of_failed_attempts_stay_taken() {
    let (_folder, path) = place();
    let _ = ask(3, &mut Ca::that(|_| Err(broken())), &path, |_| Ok(()));
    let mut journal = Journal::open(&path).unwrap();
    let mut ca = Ca::that(|_| Ok(()));
    let refused = issue(&request(), &subject(), Some(2), &mut ca, &mut journal, |_| Ok(())).unwrap_err();
    assert!(refused.what().contains("already taken"), "{refused}");
    assert_eq!(issue(&request(), &subject(), None, &mut ca, &mut journal, |_| Ok(())).unwrap().serial, 4);
}

#[test]
fn a_delivery_that_fails_is_recorded_and_does_not_keep_the_others_back() {
    let (_folder, path) = place();
    let (result, delivered) = ask(3, &mut Ca::that(|_| Ok(())), &path, |at| if at == 1 { Err(broken()) } else { Ok(()) });
    assert_eq!(result.unwrap_err().what(), "The YubiKey was pulled.");
    assert_eq!(delivered, [0, 2]);
    assert_eq!(statuses(&path), [Status::Issued, Status::Undelivered, Status::Issued]);
    assert!(entries(&path)[1].certificate().is_some(), "it was signed, and the journal must have it");
}

#[test]
fn a_journal_that_fails_after_the_signature_keeps_the_certificate_back() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    let mut ca = Ca::that(|_| {
        rusqlite::Connection::open(&path).unwrap().execute("DROP TABLE journal", []).unwrap();
        Ok(())
    });
    let result = issue(&request(), &subject(), None, &mut ca, &mut journal, |_| panic!("it was delivered"));
    assert!(result.is_err());
}

#[test]
fn a_journal_that_cannot_be_written_keeps_the_ca_from_signing() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute("DROP TABLE journal", []).unwrap();
    let mut ca = Ca::that(|_| panic!("it signed"));
    assert!(issue(&request(), &subject(), None, &mut ca, &mut journal, |_| Ok(())).is_err());
}

#[test]
fn more_keys_than_go_into_one_transaction_get_numbers_without_a_gap() {
    let (_folder, path) = place();
    let count = AT_ONCE + 3;
    ask(count, &mut Ca::that(|_| Ok(())), &path, |_| Ok(())).0.unwrap();
    let serials: Vec<u64> = entries(&path).iter().filter_map(|entry| entry.row.serial).collect();
    assert_eq!(serials, (1..=u64::try_from(count).unwrap()).collect::<Vec<_>>());
}

#[test]
fn what_a_slow_ca_has_signed_is_delivered_before_it_signs_the_next() {
    let (_folder, path) = place();
    let seen = RefCell::new(Vec::new());
    let mut ca = Ca::that(|_| {
        seen.borrow_mut().push(statuses(&path));
        Ok(())
    });
    let (result, delivered) = ask_in_portions(Duration::ZERO, 3, &mut ca, &path, |_| Ok(()));
    result.unwrap();
    use Status::{Issued, Unfinished};
    assert_eq!(*seen.borrow(), [[Unfinished; 3], [Issued, Unfinished, Unfinished], [Issued, Issued, Unfinished]]);
    assert_eq!(delivered, [0, 1, 2]);
}

#[test]
fn after_a_delivery_that_fails_nothing_more_is_signed() {
    let (_folder, path) = place();
    let mut ca = Ca::that(|at| if at > 0 { panic!("it signed") } else { Ok(()) });
    assert!(ask_in_portions(Duration::ZERO, 2, &mut ca, &path, |_| Err(broken())).0.is_err());
    assert_eq!(statuses(&path), [Status::Undelivered, Status::Failed]);
}
