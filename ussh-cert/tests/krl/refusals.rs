use ussh_cert::krl::{Krl, KrlError, Subject};

use super::bytes::{certificates, check, key, krl, numbers, section, string};

/// Both ways of reading refuse it so, whatever is asked.
#[track_caller]
fn refused(list: &[u8], error: KrlError) {
    let blob = key(1);
    assert_eq!(check(list, &Subject::key(&blob).unwrap()).err().as_ref(), Some(&error));
    assert_eq!(Krl::read(list).err(), Some(error));
}

#[track_caller]
fn part_refused(number: u8, content: &[u8], error: KrlError) {
    refused(&krl(&[certificates(&key(2), &[section(number, content)])]), error);
}

#[test]
fn other_bytes_are_not_a_krl() {
    for bytes in [&b""[..], b"SSHKRL\n", b"SSHKRL\n\x01\0\0\0\x01", b"ssh-ed25519 AAAA"] {
        refused(bytes, KrlError::NotAKrl);
    }
}

#[test]
fn another_format_version_is_refused() {
    let mut list = krl(&[]);
    list[11] = 2;
    refused(&list, KrlError::FormatVersion(2));
}

#[test]
fn a_list_that_is_cut_off_anywhere_is_refused() {
    let parts = [section(0x20, &numbers(&[1])), section(0x23, &string(b"a"))];
    let sections = [certificates(&key(2), &parts), section(2, &string(b"k"))];
    let list = krl(&sections);
    let ends = [krl(&[]).len(), krl(&sections[..1]).len()];
    for length in (8..list.len()).filter(|length| !ends.contains(length)) {
        refused(&list[..length], KrlError::Malformed);
    }
    assert!(Krl::read(&list).is_ok());
}

#[test]
fn bytes_after_a_field_are_refused() {
    part_refused(0x21, &[numbers(&[1, 2]), vec![0]].concat(), KrlError::Malformed);
    part_refused(0x22, &[numbers(&[1]), string(b"\x01"), vec![0]].concat(), KrlError::Malformed);
    part_refused(0x20, &[numbers(&[1]), vec![0]].concat(), KrlError::Malformed);
    part_refused(0x39, &[string(b"x"), vec![0], string(b""), vec![0]].concat(), KrlError::Malformed);
    refused(&krl(&[section(255, &[string(b"x"), vec![0], string(b""), vec![0]].concat())]), KrlError::Malformed);
    refused(&[krl(&[]), vec![2]].concat(), KrlError::Malformed);
}

#[test]
fn unknown_sections_are_refused() {
    for number in [0, 6, 254] {
        refused(&krl(&[section(number, b"")]), KrlError::UnknownSection(number));
    }
    for number in [0x1f, 0x24, 0x38] {
        part_refused(number, b"", KrlError::UnknownCertificateSection(number));
    }
}

#[test]
fn critical_extensions_are_refused_and_others_ignored() {
    let extension = |critical: u8| [string(b"x"), vec![critical], string(b"y")].concat();
    for critical in [1, 2, 255] {
        refused(&krl(&[section(255, &extension(critical))]), KrlError::CriticalExtension(b"x".to_vec()));
        part_refused(0x39, &extension(critical), KrlError::CriticalExtension(b"x".to_vec()));
    }
    let ignored = krl(&[section(255, &extension(0)), certificates(b"", &[section(0x39, &extension(0))])]);
    assert!(Krl::read(&ignored).is_ok());
}

#[test]
fn a_signature_is_refused() {
    refused(&[krl(&[section(4, &key(1))]), string(b"signature")].concat(), KrlError::Signed);
}

#[test]
fn impossible_serial_numbers_are_refused() {
    part_refused(0x20, &numbers(&[1, 0]), KrlError::Serials(0, 0));
    part_refused(0x21, &numbers(&[0, 1]), KrlError::Serials(0, 1));
    part_refused(0x21, &numbers(&[2, 1]), KrlError::Serials(2, 1));
    part_refused(0x22, &[numbers(&[0]), string(&[1])].concat(), KrlError::Serials(0, 0));
}

#[test]
fn bitmaps_beyond_the_limits_are_refused() {
    let bitmap = |offset: u64, bits: &[u8]| [numbers(&[offset]), string(bits)].concat();
    part_refused(0x22, &bitmap(1, &[0x80]), KrlError::Bitmap);
    part_refused(0x22, &bitmap(1, &[1; 2049]), KrlError::Bitmap);
    part_refused(0x22, &bitmap(1, &[0; 2050]), KrlError::Bitmap);
    part_refused(0x22, &bitmap(u64::MAX, &[2]), KrlError::Bitmap);
    let largest = [&[0], [0xff; 2048].as_slice()].concat();
    let good = krl(&[certificates(b"", &[section(0x22, &bitmap(u64::MAX - 16383, &largest))])]);
    assert_eq!(Krl::read(&good).unwrap().authorities()[0].serials(), [(u64::MAX - 16383, u64::MAX)]);
}

#[test]
fn a_ca_that_is_no_plain_key_is_refused() {
    let point = [string(b"ecdsa-sha2-nistp256"), string(b"nistp256"), string(&[4; 65])].concat();
    let small = [string(b"ssh-rsa"), string(&[3]), string(&[0x7f; 127])].concat();
    let certificate = super::bytes::certificate(1, b"alice");
    for ca in [b"x".to_vec(), [key(1), vec![0]].concat(), point, small, certificate] {
        refused(&krl(&[certificates(&ca, &[])]), KrlError::CaKey);
    }
}

#[test]
fn hashes_of_another_length_are_refused() {
    refused(&krl(&[section(3, &string(&[1; 19]))]), KrlError::Hash);
    refused(&krl(&[section(5, &string(&[1; 33]))]), KrlError::Hash);
}

#[test]
fn a_nul_inside_a_key_id_comment_or_name_is_refused() {
    part_refused(0x23, &string(b"a\0b"), KrlError::Malformed);
    part_refused(0x39, &[string(b"a\0b"), vec![0], string(b"")].concat(), KrlError::Malformed);
    let header = krl(&[]);
    let list = [&header[..header.len() - 5], &string(b"a\0b")].concat();
    refused(&list, KrlError::Malformed);
}

#[test]
fn more_than_openssh_loads_is_refused() {
    let filler = section(255, &[string(b"x"), vec![0], string(&vec![0; 0x800_0000])].concat());
    refused(&krl(&[filler]), KrlError::TooLarge);
}

#[test]
fn every_refusal_is_a_sentence() {
    for error in [KrlError::NotAKrl, KrlError::Signed, KrlError::Serials(0, 1), KrlError::CriticalExtension(b"x\n".to_vec())] {
        let text = error.to_string();
        assert!(!text.is_empty() && !text.contains('\n'), "{text}");
    }
}
