use ussh_cert::Certificate;
use ussh_cert::krl::{Header, Reason, Subject, Verdict};

use super::bytes::{certificate, certificates, check, key, krl, numbers, section, string};

fn ask(list: &[u8], serial: u64, key_id: &[u8]) -> Verdict {
    let blob = certificate(serial, key_id);
    let certificate = Certificate::parse(&blob).unwrap();
    check(list, &Subject::certificate(&certificate).unwrap()).unwrap().1
}

fn is_revoked(parts: &[Vec<u8>], serial: u64) -> bool {
    ask(&krl(&[certificates(&key(2), parts)]), serial, b"alice") != Verdict::NotRevoked
}

#[test]
fn the_header_is_read_whole_and_alone() {
    let header = Header { version: 7, generated_date: 1_700_000_000, flags: 0 };
    let list = krl(&[]);
    assert_eq!(check(&list, &Subject::key(&key(1)).unwrap()).unwrap(), (header, Verdict::NotRevoked));
    assert_eq!(Header::read(&krl(&[vec![99]])).unwrap(), header);
}

#[test]
fn serial_numbers_count_in_lists_ranges_and_bitmaps() {
    let list = [section(0x20, &numbers(&[9, 5]))];
    let range = [section(0x21, &numbers(&[5, 9]))];
    let bitmap = [section(0x22, &[numbers(&[5]), string(&[0, 0x81, 0x10])].concat())];
    let revoked = |parts: &[Vec<u8>]| (1..30).filter(|&serial| is_revoked(parts, serial)).collect::<Vec<_>>();
    assert_eq!(revoked(&list), [5, 9]);
    assert_eq!(revoked(&range), [5, 6, 7, 8, 9]);
    assert_eq!(revoked(&bitmap), [9, 13, 20]);
    assert_eq!(revoked(&[list, range, bitmap].concat()), [5, 6, 7, 8, 9, 13, 20]);
}

#[test]
fn serial_number_0_is_never_revoked_by_serial() {
    let all = [section(0x21, &numbers(&[1, u64::MAX])), section(0x22, &[numbers(&[0]), string(&[2])].concat())];
    assert!(is_revoked(&all, 1) && is_revoked(&all, u64::MAX));
    assert!(!is_revoked(&all, 0));
}

#[test]
fn a_list_counts_for_its_ca_alone_and_one_without_ca_for_all() {
    let parts = [section(0x20, &numbers(&[5])), section(0x23, &[string(b"bob"), string(b"eve\0")].concat())];
    let of = |ca: &[u8], serial, key_id: &[u8]| ask(&krl(&[certificates(ca, &parts)]), serial, key_id);
    assert_eq!(of(&key(3), 5, b"bob"), Verdict::NotRevoked);
    assert_eq!(of(&key(2), 5, b"alice"), Verdict::Revoked(Reason::Serial));
    assert_eq!(of(&key(2), 5, b"bob"), Verdict::Revoked(Reason::KeyId));
    assert_eq!(of(b"", 5, b"alice"), Verdict::Revoked(Reason::SerialOfAnyCa));
    assert_eq!(of(b"", 0, b"eve"), Verdict::Revoked(Reason::KeyIdOfAnyCa));
    assert_eq!(of(b"", 6, b"alice"), Verdict::NotRevoked);
}

#[test]
fn a_plain_key_has_no_serial_number_and_no_key_id() {
    let parts = [section(0x21, &numbers(&[1, u64::MAX])), section(0x23, &string(b""))];
    let list = krl(&[certificates(b"", &parts), certificates(&key(1), &parts)]);
    assert_eq!(check(&list, &Subject::key(&key(1)).unwrap()).unwrap().1, Verdict::NotRevoked);
}

#[test]
fn of_several_reasons_the_first_in_openssh_s_order_is_told() {
    let [key_sha256, ca_sha256] = [key(1), key(2)].map(|blob| ssh_key::HashAlg::Sha256.digest(&blob));
    let [key_sha1, ca_sha1] = [key(1), key(2)].map(|blob| sha1(&blob));
    let serial = section(0x20, &numbers(&[5]));
    let id = section(0x23, &string(b"alice"));
    let by_reason = [
        (Reason::Ca, section(2, &string(&key(2)))),
        (Reason::CaSha256, section(5, &string(&ca_sha256))),
        (Reason::CaSha1, section(3, &string(&ca_sha1))),
        (Reason::SerialOfAnyCa, certificates(b"", std::slice::from_ref(&serial))),
        (Reason::KeyIdOfAnyCa, certificates(b"", std::slice::from_ref(&id))),
        (Reason::Serial, certificates(&key(2), std::slice::from_ref(&serial))),
        (Reason::KeyId, certificates(&key(2), std::slice::from_ref(&id))),
        (Reason::Key, section(2, &string(&key(1)))),
        (Reason::KeySha256, section(5, &string(&key_sha256))),
        (Reason::KeySha1, section(3, &string(&key_sha1))),
    ];
    for count in 1..=by_reason.len() {
        let (reason, _) = &by_reason[count - 1];
        let mut sections: Vec<_> = by_reason[..count].iter().map(|(_, section)| section.clone()).collect();
        assert_eq!(ask(&krl(&sections), 5, b"alice"), Verdict::Revoked(*reason));
        sections.reverse();
        assert_eq!(ask(&krl(&sections), 5, b"alice"), Verdict::Revoked(*reason), "in another order");
    }
}

fn sha1(blob: &[u8]) -> Vec<u8> {
    use sha1::Digest;
    sha1::Sha1::digest(blob).to_vec()
}
