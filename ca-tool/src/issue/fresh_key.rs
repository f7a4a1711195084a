//! A key pair made for one certificate, in memory: whoever needs it for an hour needs no file to keep.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use ssh_key::encoding::Encode;
use ssh_key::{Algorithm, EcdsaCurve, LineEnding, PrivateKey};
use zeroize::Zeroizing;

use crate::error::{Error, OrSay, Result};

/// As after `ssh-keygen -t`. No RSA: making one takes seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    #[default]
    Ed25519,
    /// NIST P-256, for hosts that take nothing else.
    Ecdsa,
}

/// Overwritten when dropped.
pub(crate) struct FreshKey {
    key: PrivateKey,
    kind: Kind,
    blob: Vec<u8>,
}

impl FreshKey {
    /// Makes one; the comment goes where keys have theirs.
    pub(crate) fn generate(kind: Kind, comment: &str) -> Result<Self> {
        // Asked first, because the generator that ssh-key wants has no way to say that the kernel has none.
        getrandom::fill(&mut [0; 1]).or_say("The kernel gives no random numbers", "Try again later.")?;
        let algorithm = match kind {
            Kind::Ed25519 => Algorithm::Ed25519,
            Kind::Ecdsa => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        };
        let what = "A key pair cannot be made";
        let mut key = PrivateKey::random(&mut UnwrapErr(SysRng), algorithm).or_say(what, "This is a defect.")?;
        key.set_comment(comment);
        let blob = key.public_key().key_data().encode_vec().or_say(what, "This is a defect.")?;
        Ok(Self { key, kind, blob })
    }

    /// The public key.
    pub(crate) fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// As ssh-keygen names the files of its keys.
    pub(crate) fn file_name(&self) -> &'static str {
        match self.kind {
            Kind::Ed25519 => "id_ed25519",
            Kind::Ecdsa => "id_ecdsa",
        }
    }

    /// The private key's file, in OpenSSH's format.
    pub(crate) fn to_file(&self) -> Result<Zeroizing<String>> {
        self.key.to_openssh(LineEnding::LF).or_say("The private key cannot be written", "This is a defect.")
    }

    /// The key as an agent takes it: `string type, public fields, private field`.
    pub(crate) fn for_agent(&self) -> Result<Zeroizing<Vec<u8>>> {
        let encoded = self.key.key_data().encode_vec().or_say("The private key cannot be written", "This is a defect.")?;
        Ok(Zeroizing::new(encoded))
    }

    /// The certificate with the key, as an agent takes it: `string type, string certificate`, then for ed25519 both
    /// public and private field, for ecdsa the private one alone (OpenSSH's sshkey_private_serialize).
    pub(crate) fn for_agent_with(&self, certificate: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let defect = || Error::new("The key cannot be written as agents take it.", "This is a defect.");
        let plain = self.for_agent()?;
        let fields_before = match self.kind {
            Kind::Ed25519 => 1, // type
            Kind::Ecdsa => 3,   // type, curve, point
        };
        let rest = (0..fields_before).try_fold(plain.as_slice(), |bytes, _| after_string(bytes)).ok_or_else(defect)?;
        let name = ussh_cert::certificate::blob_name(certificate).ok_or_else(defect)?;
        let mut out = Zeroizing::new(Vec::with_capacity(8 + name.len() + certificate.len() + rest.len()));
        for string in [name, certificate] {
            out.extend(u32::try_from(string.len()).map_err(|_| defect())?.to_be_bytes());
            out.extend(string);
        }
        out.extend(rest);
        Ok(out)
    }
}

/// What follows the string at the front (RFC 4251 section 5).
fn after_string(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.get(usize::try_from(u32::from_be_bytes(*length)).ok()?..)
}
