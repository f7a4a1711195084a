//! A FIDO key (sk-ssh-ed25519@openssh.com) whose flags are of our choice; the private part is a plain ed25519 key in a real ssh-agent.
//! Signed bytes: `SHA256(application) || flags || counter || SHA256(message)` (OpenSSH PROTOCOL.u2f).

use std::fs;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use ssh_agent_lib::ssh_key::{Algorithm, Signature};
use ssh_key::sha2::{Digest, Sha256};

use super::RealAgent;
use super::wire::{blob, split_string, string};
use crate::pam::{Key, Room};

/// Flag of the authenticator: somebody touched it.
pub const USER_PRESENT: u8 = 1;
/// Flag of the authenticator: a PIN or a finger was checked.
pub const USER_VERIFIED: u8 = 4;

const ALGORITHM: &str = "sk-ssh-ed25519@openssh.com";
const APPLICATION: &[u8] = b"ssh:";
const COUNTER: [u8; 4] = [0, 0, 0, 7];

/// The public key file of a token made of `key`; ssh-keygen certifies it like any other.
pub fn public_key(room: &Room, key: &Key) -> PathBuf {
    let plain = blob(&key.public());
    let point = split_string(&plain).and_then(|(_, rest)| split_string(rest)).expect("ssh-ed25519 and a point").0;
    let blob = [string(ALGORITHM.as_bytes()), string(point), string(APPLICATION)].concat();
    let path = room.folder().join("token.pub");
    fs::write(&path, format!("{ALGORITHM} {} token\n", Base64::encode_string(&blob))).expect("a public key file");
    path
}

/// The token's signature over a message.
pub fn sign(agent: &RealAgent, key: &Key, flags: u8, message: &[u8]) -> Signature {
    let mut signed = Sha256::digest(APPLICATION).to_vec();
    signed.push(flags);
    signed.extend(COUNTER);
    signed.extend(Sha256::digest(message));
    let mut signature = agent.sign(key, &signed).as_bytes().to_vec();
    signature.push(flags);
    signature.extend(COUNTER);
    Signature::new(Algorithm::SkEd25519, signature).expect("64 bytes, flags, counter")
}
