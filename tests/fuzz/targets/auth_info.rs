//! SSH_AUTH_INFO_0: read again, line by line, in the plainest way there is.
#![no_main]

use base64ct::{Base64, Encoding};
use libfuzzer_sys::fuzz_target;
use ussh_cert::auth_info::{AuthInfo, line};
use ussh_cert::certificate::{Certificate, blob_name};

fuzz_target!(|value: &[u8]| {
    let info = AuthInfo::parse(value);
    let mut plain = AuthInfo::default();
    for line in value.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        read(line, &mut plain);
    }
    plain.too_many = plain.keys.len() > 64;
    plain.keys.truncate(64);
    assert_eq!(info, plain);
    for blob in &info.keys {
        let Ok(certificate) = Certificate::parse(blob) else { continue };
        assert_eq!(AuthInfo::parse(line(&certificate).as_bytes()).keys, [blob.clone()]);
    }
});

fn read(line: &[u8], info: &mut AuthInfo) {
    if line != b"publickey" && !line.starts_with(b"publickey ") {
        info.others += 1;
        return;
    }
    let Some(blob) = key(line) else {
        info.unreadable += 1;
        return;
    };
    if !info.keys.contains(&blob) {
        info.keys.push(blob);
    }
}

fn key(line: &[u8]) -> Option<Vec<u8>> {
    let mut words = line.strip_prefix(b"publickey ")?.splitn(3, |&byte| byte == b' ');
    let (name, text) = (words.next()?, std::str::from_utf8(words.next()?).ok()?);
    let blob = Base64::decode_vec(text).ok()?;
    (!name.is_empty() && blob_name(&blob)? == name).then_some(blob)
}
