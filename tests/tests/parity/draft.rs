//! Certificates as bytes, also those that ssh-keygen refuses to make (PROTOCOL.certkeys).

use std::time::{SystemTime, UNIX_EPOCH};

use signature::Signer as _;
use ssh_key::PrivateKey;
use ssh_key::encoding::Encode as _;

/// A user certificate.
pub const USER: u32 = 1;
/// A host certificate.
pub const HOST: u32 = 2;

/// Everything that a certificate says. An hour for alice, unless told otherwise.
#[derive(Clone)]
pub struct Draft {
    /// `ssh-ed25519-cert-v01@openssh.com`, or what a test puts there.
    pub type_name: String,
    /// The public key without its type name.
    pub key: Vec<u8>,
    pub nonce: Vec<u8>,
    pub serial: u64,
    pub kind: u32,
    pub key_id: Vec<u8>,
    pub principals: Vec<Vec<u8>>,
    pub valid_after: u64,
    pub valid_before: u64,
    /// Names and values in their order.
    pub critical: Vec<(Vec<u8>, Vec<u8>)>,
    pub extensions: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes behind the critical options, inside their field.
    pub critical_tail: Vec<u8>,
    pub reserved: Vec<u8>,
    /// What stands as the CA's key instead of the key that signs.
    pub signature_key: Option<Vec<u8>>,
}

impl Draft {
    /// For the key with this blob.
    pub fn for_key(blob: &[u8]) -> Draft {
        let length = usize::try_from(u32::from_be_bytes(blob[..4].try_into().unwrap())).unwrap();
        let (name, key) = blob[4..].split_at(length);
        let name = std::str::from_utf8(name).unwrap();
        let now = now();
        Draft {
            type_name: format!("{}-cert-v01@openssh.com", name.trim_end_matches("@openssh.com")),
            key: key.to_vec(),
            nonce: vec![7; 32],
            serial: 1,
            kind: USER,
            key_id: b"parity".to_vec(),
            principals: vec![b"alice".to_vec()],
            valid_after: now - 60,
            valid_before: now + 3600,
            critical: Vec::new(),
            extensions: vec![(b"permit-pty".to_vec(), Vec::new())],
            critical_tail: Vec::new(),
            reserved: Vec::new(),
            signature_key: None,
        }
    }

    pub fn change(mut self, change: impl FnOnce(&mut Draft)) -> Draft {
        change(&mut self);
        self
    }

    pub fn principals(self, principals: &[&str]) -> Draft {
        self.change(|draft| draft.principals = principals.iter().map(|name| name.as_bytes().to_vec()).collect())
    }

    pub fn valid(self, valid_after: u64, valid_before: u64) -> Draft {
        self.change(|draft| (draft.valid_after, draft.valid_before) = (valid_after, valid_before))
    }

    /// A critical option with this raw value.
    pub fn critical(self, name: &str, value: &[u8]) -> Draft {
        self.change(|draft| draft.critical.push((name.as_bytes().to_vec(), value.to_vec())))
    }

    /// A critical option whose value is a string, as `force-command` has it.
    pub fn critical_string(self, name: &str, value: &str) -> Draft {
        self.critical(name, &string(value.as_bytes()))
    }

    /// An extension with this raw value.
    pub fn extension(self, name: &str, value: &[u8]) -> Draft {
        self.change(|draft| draft.extensions.push((name.as_bytes().to_vec(), value.to_vec())))
    }

    /// The whole certificate, signed.
    pub fn sign(&self, ca: &PrivateKey) -> Vec<u8> {
        let signed = self.to_be_signed(&ca.public_key().to_bytes().unwrap());
        let signature = ca.try_sign(&signed).unwrap().encode_vec().unwrap();
        [signed, string(&signature)].concat()
    }

    fn to_be_signed(&self, ca: &[u8]) -> Vec<u8> {
        let options = |options: &[(Vec<u8>, Vec<u8>)]| {
            options.iter().flat_map(|(name, value)| [string(name), string(value)].concat()).collect::<Vec<u8>>()
        };
        let principals: Vec<u8> = self.principals.iter().flat_map(|name| string(name)).collect();
        [
            string(self.type_name.as_bytes()),
            string(&self.nonce),
            self.key.clone(),
            self.serial.to_be_bytes().to_vec(),
            self.kind.to_be_bytes().to_vec(),
            string(&self.key_id),
            string(&principals),
            self.valid_after.to_be_bytes().to_vec(),
            self.valid_before.to_be_bytes().to_vec(),
            string(&[options(&self.critical), self.critical_tail.clone()].concat()),
            string(&options(&self.extensions)),
            string(&self.reserved),
            string(self.signature_key.as_deref().unwrap_or(ca)),
        ]
        .concat()
    }
}

/// A string as SSH sends it: length, bytes.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// The blob in a line of a .pub file.
pub fn blob_of_line(line: &str) -> Vec<u8> {
    if line.contains("-cert-v01@") {
        return ssh_key::Certificate::from_openssh(line).unwrap().to_bytes().unwrap();
    }
    ssh_key::PublicKey::from_openssh(line).unwrap().to_bytes().unwrap()
}

/// Seconds since the epoch.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
