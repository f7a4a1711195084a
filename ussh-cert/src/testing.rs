//! Certificates for the unit tests: every field as the test wants it, signed or not, by keys that are made up on the spot.

use rsa::signature::Signer;
use ssh_key::encoding::Encode;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{PrivateKey, Signature};

use crate::algorithm::KeyType;
use crate::wire::put_string;

pub(crate) const NOW: u64 = 1_800_000_000;

/// An ed25519 key that is always the same for the same number.
pub(crate) fn key(seed: u8) -> PrivateKey {
    KeypairData::from(Ed25519Keypair::from_seed(&[seed; 32])).try_into().unwrap()
}

pub(crate) fn blob(key: &PrivateKey) -> Vec<u8> {
    key.public_key().key_data().encode_vec().unwrap()
}

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_string(&mut out, bytes);
    out
}

pub(crate) fn sign(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    let signature: Signature = key.try_sign(message).unwrap();
    signature.encode_vec().unwrap()
}

/// The fields of a certificate, good ones to begin with.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) name: Vec<u8>,
    /// What follows the nonce: the certified key without its name.
    pub(crate) key_fields: Vec<u8>,
    pub(crate) certificate_type: u32,
    pub(crate) key_id: Vec<u8>,
    pub(crate) principals: Vec<Vec<u8>>,
    pub(crate) valid_after: u64,
    pub(crate) valid_before: u64,
    pub(crate) critical_options: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) ca: PrivateKey,
}

impl Fields {
    pub(crate) fn good() -> Self {
        Self {
            name: KeyType::Ed25519.certificate_name().into(),
            key_fields: blob(&key(1)).split_off(4 + "ssh-ed25519".len()),
            certificate_type: 1,
            key_id: b"alice@corp".to_vec(),
            principals: vec![b"alice".to_vec()],
            valid_after: NOW - 60,
            valid_before: NOW + 60,
            critical_options: Vec::new(),
            extensions: Vec::new(),
            ca: key(2),
        }
    }

    pub(crate) fn unsigned(&self) -> Vec<u8> {
        let principals: Vec<u8> = self.principals.iter().flat_map(|principal| string(principal)).collect();
        [
            string(&self.name),
            string(b"nonce"),
            self.key_fields.clone(),
            7u64.to_be_bytes().to_vec(),
            self.certificate_type.to_be_bytes().to_vec(),
            string(&self.key_id),
            string(&principals),
            self.valid_after.to_be_bytes().to_vec(),
            self.valid_before.to_be_bytes().to_vec(),
            string(&self.critical_options),
            string(&self.extensions),
            string(b""),
            string(&blob(&self.ca)),
        ]
        .concat()
    }

    pub(crate) fn signed(&self) -> Vec<u8> {
        let unsigned = self.unsigned();
        let signature = sign(&self.ca, &unsigned);
        [unsigned, string(&signature)].concat()
    }
}

/// An option or extension, as it stands in its section.
pub(crate) fn option(name: &str, value: &[u8]) -> Vec<u8> {
    [string(name.as_bytes()), string(value)].concat()
}
