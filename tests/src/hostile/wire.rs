//! Bytes of the agent protocol (draft-miller-ssh-agent), as loosely as lies need.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use base64ct::{Base64, Encoding};

/// SSH_AGENT_FAILURE.
pub const FAILURE: u8 = 5;
/// SSH_AGENTC_REQUEST_IDENTITIES.
pub const REQUEST_IDENTITIES: u8 = 11;
/// SSH_AGENT_IDENTITIES_ANSWER.
pub const IDENTITIES_ANSWER: u8 = 12;
/// SSH_AGENTC_SIGN_REQUEST.
pub const SIGN_REQUEST: u8 = 13;
/// SSH_AGENT_SIGN_RESPONSE.
pub const SIGN_RESPONSE: u8 = 14;

/// One identity of a listing: key or certificate blob, and comment.
pub type Identity = (Vec<u8>, Vec<u8>);

/// `u32 length, bytes`.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("shorter than 4 GiB");
    [&length.to_be_bytes(), bytes].concat()
}

/// The `string` at the front, and the rest.
pub fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// An IDENTITIES_ANSWER without its frame.
pub fn listing(identities: &[Identity]) -> Vec<u8> {
    let count = u32::try_from(identities.len()).expect("a u32 of identities");
    let mut message = vec![IDENTITIES_ANSWER];
    message.extend(count.to_be_bytes());
    for (blob, comment) in identities {
        message.extend(string(blob));
        message.extend(string(comment));
    }
    message
}

/// What an IDENTITIES_ANSWER lists.
///
/// # Panics
/// If it is none: only a real agent's goes in here.
pub fn listed(message: &[u8]) -> Vec<Identity> {
    let mut identities = Vec::new();
    let mut rest = &message[5..];
    while !rest.is_empty() {
        let (blob, after) = split_string(rest).expect("a blob");
        let (comment, after) = split_string(after).expect("a comment");
        identities.push((blob.to_vec(), comment.to_vec()));
        rest = after;
    }
    identities
}

/// The blob in an OpenSSH public key or certificate line.
pub fn blob(line: &str) -> Vec<u8> {
    let encoded = line.split_whitespace().nth(1).expect("type, base64, comment");
    Base64::decode_vec(encoded).expect("base64")
}

/// One message without its frame; None at the end of the stream.
pub fn read_message(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

/// One message in its frame; false when the other side is gone.
pub fn write_message(stream: &mut UnixStream, message: &[u8]) -> bool {
    stream.write_all(&string(message)).is_ok()
}

/// Waits until the other side closes.
pub fn wait_for_end(stream: &mut UnixStream) {
    let mut ignored = [0; 4096];
    while matches!(stream.read(&mut ignored), Ok(length) if length > 0) {}
}
