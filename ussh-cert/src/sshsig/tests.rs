use super::*;
use crate::testing::{blob, key, sign, string};
use base64ct::{Base64, Encoding};

const USE: &str = "ussh-krl";
const MESSAGE: &[u8] = b"a list";

fn trusted(blobs: &[Vec<u8>]) -> CaKeys {
    let name = |blob: &[u8]| String::from_utf8(crate::certificate::blob_name(blob).unwrap().to_vec()).unwrap();
    let lines: Vec<String> = blobs.iter().map(|blob| format!("{} {}", name(blob), Base64::encode_string(blob))).collect();
    let (keys, bad) = CaKeys::parse(lines.join("\n"));
    assert!(bad.is_empty(), "{bad:?}");
    keys
}

/// Key 1 is trusted.
fn judged(armored: impl AsRef<[u8]>) -> Result<Vec<u8>, SshSigError> {
    verify(armored.as_ref(), MESSAGE, USE, &trusted(&[blob(&key(1))]))
}

fn by(seed: u8, namespace: &str, message: &[u8]) -> String {
    armored(&blob(&key(seed)), namespace, &sign(&key(seed), &to_sign(namespace, message)))
}

/// A signature's file with these fields, whatever they are.
fn fields(version: u32, fields: &[&[u8]]) -> String {
    let strings: Vec<u8> = fields.iter().flat_map(|field| string(field)).collect();
    enclosed(&[MAGIC, &version.to_be_bytes(), &strings].concat())
}

fn enclosed(blob: &[u8]) -> String {
    format!("{BEGIN}\n{}\n{END}\n", Base64::encode_string(blob))
}

#[test]
fn a_trusted_keys_signature_over_these_bytes_for_this_use_is_believed() {
    assert_eq!(judged(by(1, USE, MESSAGE)), Ok(blob(&key(1))));
    assert_eq!(judged(by(1, USE, MESSAGE).replace('\n', "\r\n")), Ok(blob(&key(1))), "from a host that writes lines so");
}

#[test]
fn refuses_what_was_signed_for_another_use() {
    assert_eq!(judged(by(1, "file", MESSAGE)), Err(SshSigError::Namespace(b"file".to_vec())));
    // The label alone does not help: it is signed, too.
    let relabelled = armored(&blob(&key(1)), USE, &sign(&key(1), &to_sign("file", MESSAGE)));
    assert_eq!(judged(relabelled), Err(SshSigError::Invalid(fingerprint(&blob(&key(1))))));
}

#[test]
fn refuses_another_key_and_other_bytes() {
    assert_eq!(judged(by(2, USE, MESSAGE)), Err(SshSigError::Untrusted(fingerprint(&blob(&key(2))))));
    let invalid = Err(SshSigError::Invalid(fingerprint(&blob(&key(1)))));
    assert_eq!(judged(by(1, USE, b"a lisp")), invalid);
    let borrowed_name = armored(&blob(&key(1)), USE, &sign(&key(2), &to_sign(USE, MESSAGE)));
    assert_eq!(judged(borrowed_name), invalid);
}

#[test]
fn refuses_a_certificate_even_of_a_trusted_key() {
    let certificate = crate::testing::Fields::good().signed();
    let armored = armored(&certificate, USE, &sign(&key(1), &to_sign(USE, MESSAGE)));
    assert_eq!(judged(armored), Err(SshSigError::Untrusted(fingerprint(&certificate))));
}

#[test]
fn refuses_fields_that_are_not_of_this_format() {
    let signature = sign(&key(1), &to_sign(USE, MESSAGE));
    let public = blob(&key(1));
    let good: [&[u8]; 5] = [&public, USE.as_bytes(), b"", b"sha512", &signature];
    assert_eq!(judged(fields(1, &good)), Ok(public.clone()));
    assert_eq!(judged(fields(2, &good)), Err(SshSigError::Version(2)));
    assert_eq!(judged(fields(1, &good[..4])), Err(SshSigError::Malformed));
    assert_eq!(judged(fields(1, &[&good[..], &[b"more"]].concat())), Err(SshSigError::Malformed));
    let md5: [&[u8]; 5] = [&public, USE.as_bytes(), b"", b"md5", &signature];
    assert_eq!(judged(fields(1, &md5)), Err(SshSigError::Hash(b"md5".to_vec())));
    assert_eq!(judged(enclosed(b"SSHSIX")), Err(SshSigError::Malformed));
}

#[test]
fn refuses_every_signature_that_is_cut_off() {
    let whole = by(1, USE, MESSAGE);
    let whole = whole.trim_end().as_bytes();
    for end in 0..whole.len() {
        assert!(judged(&whole[..end]).is_err(), "{end} bytes");
    }
    let body = dearmored(whole).unwrap();
    for end in 0..body.len() {
        assert!(judged(enclosed(&body[..end])).is_err(), "{end} bytes inside");
    }
}

#[test]
fn refuses_whatever_stands_around_it() {
    let good = by(1, USE, MESSAGE);
    for armored in [format!("x\n{good}"), format!("\n{good}"), format!("{good}x"), format!("{good}{good}"), String::new()] {
        assert_eq!(judged(&armored), Err(SshSigError::Armor), "{armored}");
    }
    assert_eq!(judged(good.replacen('\n', "", 1)), Err(SshSigError::Armor), "all in one line");
    assert_eq!(judged(format!("{good}{}", "\n".repeat(MAX_LENGTH))), Err(SshSigError::TooLarge));
}

#[test]
fn refuses_a_security_key_that_nobody_touched() {
    let public = [string(b"sk-ssh-ed25519@openssh.com"), blob(&key(1)).split_off(4 + "ssh-ed25519".len()), string(b"ssh:")];
    let public = public.concat();
    let signed = |flags: u8| {
        let trailer = [&[flags][..], &5u32.to_be_bytes()].concat();
        let digest = |bytes: &[u8]| HashAlg::Sha256.digest(bytes);
        let message = [digest(b"ssh:"), trailer.clone(), digest(&to_sign(USE, MESSAGE))].concat();
        let raw = sign(&key(1), &message).split_off(4 + "ssh-ed25519".len());
        let signature = [string(b"sk-ssh-ed25519@openssh.com"), raw, trailer].concat();
        verify(armored(&public, USE, &signature).as_bytes(), MESSAGE, USE, &trusted(std::slice::from_ref(&public)))
    };
    assert_eq!(signed(1), Ok(public.clone()));
    assert_eq!(signed(0), Err(SshSigError::UserNotPresent));
    assert_eq!(signed(4), Err(SshSigError::UserNotPresent));
}
