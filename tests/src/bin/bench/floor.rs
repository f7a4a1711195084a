//! The least that any program must do: connect, list, sign.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// As long as the module's challenge.
const DATA: [u8; 120] = [7; 120];
const RSA_SHA2_512: u32 = 4;

/// One round: the sign request is made beforehand, the answers are only looked at for their type.
pub(crate) fn ask(socket: &Path, sign_request: &[u8]) {
    let mut agent = UnixStream::connect(socket).expect("the agent listens");
    assert_eq!(exchange(&mut agent, &framed(&[11])).first(), Some(&12));
    assert_eq!(exchange(&mut agent, sign_request).first(), Some(&14));
}

/// The request for a signature by the key with this blob.
pub(crate) fn sign_request(blob: &[u8]) -> Vec<u8> {
    framed(&[&[13], framed(blob).as_slice(), &framed(&DATA), &RSA_SHA2_512.to_be_bytes()].concat())
}

fn exchange(agent: &mut UnixStream, request: &[u8]) -> Vec<u8> {
    agent.write_all(request).expect("the agent reads");
    let mut length = [0; 4];
    agent.read_exact(&mut length).expect("the agent answers");
    let mut reply = vec![0; u32::from_be_bytes(length).try_into().expect("a length")];
    agent.read_exact(&mut reply).expect("the agent answers");
    reply
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat()
}
