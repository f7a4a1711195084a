//! The worked example of pam_ussh/PROTOCOL.md, byte by byte: a change of what is signed must change the document too.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::process::Command;

use ssh_key::HashAlg;
use ssh_key::encoding::Encode;
use ussh_cert::Challenge;
use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::challenge::NAMESPACE;
use ussh_cert::key::{PublicKey, fingerprint};
use ussh_cert::signature::{SignatureError, UserFlags, verify};

const DOCUMENT: &str = include_str!("../../pam_ussh/PROTOCOL.md");

/// The bytes of the document's block "```hex NAME", without what stands behind a semicolon.
fn example(name: &str) -> Vec<u8> {
    let (_, block) = DOCUMENT.split_once(&format!("```hex {name}\n")).unwrap_or_else(|| panic!("no block {name}"));
    let (block, _) = block.split_once("```").expect("the block ends");
    let digits: String = block.lines().filter_map(|line| line.split(';').next()).collect();
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn challenge(first: u8) -> Challenge {
    let mut nonce: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    nonce[0] = first;
    Challenge::new(&nonce, "sudo", "alice", "web1.example").unwrap()
}

#[test]
fn what_is_signed_is_what_the_document_says() {
    assert_eq!(challenge(0).as_bytes(), example("to-sign"));
    assert_eq!(NAMESPACE, "pam_ussh");
}

#[test]
fn the_hash_in_it_is_the_messages() {
    assert!(example("to-sign").ends_with(&HashAlg::Sha512.digest(&example("message"))));
}

/// OpenSSH's own signature, so that both sides are shown to mean the same bytes.
#[test]
fn the_answer_that_ssh_agent_gave_is_believed_for_this_nonce_and_no_other() {
    let blob = example("key");
    let key = PublicKey::from_blob(&blob).unwrap();
    assert_eq!(fingerprint(&blob), "SHA256:l7Wedv4cDy+IPPrnu6RF4G/9QnhB9yyGtgtSqB/78tg");
    let answer = |challenge: Challenge| verify(&key, challenge.as_bytes(), &example("signature"), &AlgorithmSet::default());
    assert_eq!(answer(challenge(0)), Ok(UserFlags { present: false, verified: false }));
    assert_eq!(answer(challenge(1)), Err(SignatureError::Invalid));
}

/// `uint32 length, byte 13, string blob, string data, uint32 flags`, put together here from the document's parts.
#[test]
fn the_request_holds_the_key_and_the_bytes_to_sign() {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let request = [&[13][..], &string(&example("key")), &string(&example("to-sign")), &[0; 4]].concat();
    assert_eq!(string(&request), example("request"));
}

/// The document's other way to such a signature.
#[test]
fn ssh_keygen_signs_the_same_bytes() {
    let folder = std::env::temp_dir().join(format!("ussh-protocol-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("message"), example("message")).unwrap();
    let commands = "ssh-keygen -q -t ed25519 -N '' -f key
        ssh-keygen -Y sign -n pam_ussh -f key message
        ssh-keygen -Y check-novalidate -n pam_ussh -s message.sig <message";
    let output = Command::new("sh").args(["-ec", commands]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let signature = ssh_key::SshSig::from_pem(std::fs::read(folder.join("message.sig")).unwrap()).unwrap();
    let (key, signature) = (signature.public_key().encode_vec().unwrap(), signature.signature().encode_vec().unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    let key = PublicKey::from_blob(&key).unwrap();
    assert!(verify(&key, &example("to-sign"), &signature, &AlgorithmSet::default()).is_ok());
    assert_eq!(verify(&key, &example("message"), &signature, &AlgorithmSet::default()), Err(SignatureError::Invalid));
}
