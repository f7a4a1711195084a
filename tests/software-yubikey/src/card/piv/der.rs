//! As much DER as X.509 certificates of keys on cards take (RFC 5280, RFC 5480, RFC 8410).

use crate::card::tlv::tlv;

// Object identifiers, without tag and length.
pub(super) const ED25519: &[u8] = b"\x2b\x65\x70";
pub(super) const X25519: &[u8] = b"\x2b\x65\x6e";
pub(super) const PRIME256V1: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(super) const SECP384R1: &[u8] = b"\x2b\x81\x04\x00\x22";
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const SHA256_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const ECDSA_WITH_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
const COMMON_NAME: &[u8] = b"\x55\x04\x03";

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, parts.concat())
}

pub(super) fn oid(oid: &[u8]) -> Vec<u8> {
    tlv(0x06, oid)
}

pub(super) fn octets(value: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x04, value)
}

/// A number that is not negative, however many zeros it begins with.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut value = bytes[start..].to_vec();
    if value.first().is_none_or(|first| first & 0x80 != 0) {
        value.insert(0, 0);
    }
    tlv(0x02, value)
}

pub(super) fn bits(value: &[u8]) -> Vec<u8> {
    tlv(0x03, [&[0], value].concat())
}

/// A name that is a common name only.
pub(super) fn name(common_name: &str) -> Vec<u8> {
    sequence(&[tlv(0x31, sequence(&[oid(COMMON_NAME), tlv(0x0c, common_name)]))])
}

/// The validity that Yubico's own certificates have: 14 March 2016 to 17 April 2052.
pub(super) fn validity() -> Vec<u8> {
    sequence(&[tlv(0x17, "160314000000Z"), tlv(0x18, "20520417000000Z")])
}

/// A certificate extension.
pub(super) fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(0x01, [0xff]) } else { vec![] };
    sequence(&[oid(id), critical, octets(value)])
}

pub(super) fn sha256_with_rsa() -> Vec<u8> {
    sequence(&[oid(SHA256_WITH_RSA), tlv(0x05, [])])
}

pub(super) fn ecdsa_with_sha256() -> Vec<u8> {
    sequence(&[oid(ECDSA_WITH_SHA256)])
}

pub(super) fn rsa_public_key_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[integer(modulus), integer(exponent)]);
    sequence(&[sequence(&[oid(RSA_ENCRYPTION), tlv(0x05, [])]), bits(&key)])
}

pub(super) fn ec_public_key_info(curve: &[u8], point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(EC_PUBLIC_KEY), oid(curve)]), bits(point)])
}

pub(super) fn edwards_public_key_info(algorithm: &[u8], point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(algorithm)]), bits(point)])
}
