use ussh_cert::Certificate;
use ussh_cert::krl::spec::{Issuer, Operation, Problem, parse};
use ussh_cert::krl::{Krl, RevokeError};
use ussh_cert::plain_key::NotAKey;

use super::bytes::{certificate, certificates, key, krl, numbers, section, string};

fn list() -> Krl {
    let mut list = Krl::new();
    (list.version, list.generated_date) = (7, 1_700_000_000);
    list
}

#[test]
fn the_same_content_is_written_in_the_same_bytes_whatever_its_order() {
    let mut forwards = list();
    let mut backwards = list();
    let serials = [1, 2, 3, 10, 500, 501, 1 << 40];
    for serial in serials {
        forwards.revoke_serials(None, serial, serial).unwrap();
    }
    for serial in serials.iter().rev() {
        backwards.revoke_serials(None, *serial, *serial).unwrap();
    }
    for (one, other) in [("a", "c"), ("b", "b"), ("c", "a"), ("a", "c")] {
        forwards.revoke_key_id(None, one.as_bytes()).unwrap();
        backwards.revoke_key_id(None, other.as_bytes()).unwrap();
    }
    assert_eq!(forwards.write().unwrap(), backwards.write().unwrap());
}

#[test]
fn an_empty_list_is_a_header() {
    let mut empty = list();
    empty.set_comment(b"c").unwrap();
    let bytes = krl(&[]);
    // Without what stands in its reserved field.
    assert_eq!(empty.write().unwrap(), [&bytes[..36], &string(b""), &string(b"c")].concat());
}

#[test]
fn what_cannot_be_revoked_is_an_error_and_leaves_no_trace() {
    let mut krl = list();
    let before = krl.write().unwrap();
    assert_eq!(krl.revoke_serials(None, 0, 5), Err(RevokeError::Serials(0, 5)));
    assert_eq!(krl.revoke_serials(None, 6, 5), Err(RevokeError::Serials(6, 5)));
    assert_eq!(krl.revoke_key_id(None, b"a\0"), Err(RevokeError::Nul));
    assert_eq!(krl.set_comment(b"a\0"), Err(RevokeError::Nul));
    assert_eq!(krl.revoke_serials(Some(b"x"), 1, 5), Err(RevokeError::Key(NotAKey::Malformed)));
    assert_eq!(krl.revoke_key(&certificate(1, b"a")), Err(NotAKey::Type));
    assert_eq!(krl.write().unwrap(), before);
}

#[test]
fn a_certificate_is_revoked_by_its_serial_number_or_else_by_its_key_id() {
    for (serial, part) in [(5, section(0x20, &numbers(&[5]))), (0, section(0x23, &string(b"alice")))] {
        let blob = certificate(serial, b"alice");
        let mut krl = list();
        krl.revoke_certificate(&Certificate::parse(&blob).unwrap()).unwrap();
        assert!(krl.write().unwrap().ends_with(&certificates(&key(2), &[part])));
    }
}

#[test]
fn the_reserved_fields_and_extensions_of_a_list_that_is_changed_are_dropped() {
    let extension = section(255, &[string(b"x"), vec![0], string(b"")].concat());
    let mut changed = Krl::read(&krl(&[extension, certificates(&key(2), &[])])).unwrap();
    assert!(changed.write().unwrap().len() < krl(&[]).len());
    assert_eq!((changed.version, changed.generated_date, changed.comment()), (7, 1_700_000_000, &b"c"[..]));
}

#[test]
fn a_million_scattered_serial_numbers_are_read_back() {
    let serials: Vec<u64> = (1..=1_000_000).map(|n| n * 3 + n % 2).collect();
    let mut krl = list();
    for serial in &serials {
        krl.revoke_serials(None, *serial, *serial).unwrap();
    }
    let bytes = krl.write().unwrap();
    assert!(bytes.len() < 400_000, "{} bytes", bytes.len());
    let mut again = Krl::read(&bytes).unwrap();
    let read = again.authorities()[0].serials().iter().flat_map(|&(min, max)| min..=max);
    assert!(read.eq(serials));
}

#[test]
fn a_specification_ends_at_its_first_wrong_line_which_is_named() {
    let text = b"id: a\n\nserial: 1-2 # x\nserial: 2-1\nid: b\n";
    let lines: Vec<_> = parse(text).collect();
    assert_eq!(lines[..2], [Ok(Operation::KeyId(b"a")), Ok(Operation::Serials(1, 2))]);
    let error = lines[2].as_ref().unwrap_err();
    assert_eq!((error.line, error.problem, lines.len()), (4, Problem::Serial, 3));
    let error = Krl::new().apply(b"\nserial: 1", Issuer::Unnamed).unwrap_err();
    assert_eq!((error.line, error.problem), (2, Problem::NoIssuer));
    let error = Krl::new().apply(b"serial: 0", Issuer::Any).unwrap_err();
    assert_eq!(error.problem, Problem::Revoke(RevokeError::Serials(0, 0)));
}
