//! A signature over a file, in a file of its own (OpenSSH's PROTOCOL.sshsig), as `ssh-keygen -Y sign` makes it.
//!
//! [`verify`] is the one decision: whether somebody who may has signed these bytes for this use. Stricter than
//! `ssh-keygen -Y verify`: a security key must have been touched, RSA keys have 2048 bits, and nothing stands around
//! the signature.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh_key::HashAlg;

use crate::algorithm::AlgorithmSet;
use crate::ca_keys::CaKeys;
use crate::key::{PublicKey, fingerprint};
use crate::signature;
use crate::wire::{Malformed, Reader, put_string};

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
const REQUIRED_RSA_SIZE: usize = 2048;
const LINE: usize = 70;

/// Of a signature's file. An RSA key of 16384 bits and its signature take 6 KiB.
pub const MAX_LENGTH: usize = 16 * 1024;

/// Why a signature is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshSigError {
    /// Not one signature between its two lines, and nothing else.
    Armor,
    /// More than [`MAX_LENGTH`].
    TooLarge,
    /// What stands between the lines is not a signature.
    Malformed,
    /// Of another version of the format.
    Version(u32),
    /// Made for another use: its namespace.
    Namespace(Vec<u8>),
    /// Over a hash that is not accepted: its name.
    Hash(Vec<u8>),
    /// By a key that does not count: its fingerprint.
    Untrusted(String),
    /// By an RSA key of so few bits.
    RsaSize(usize),
    /// By one that counts, but not over these bytes, or with an algorithm that is not accepted.
    Invalid(String),
    /// By a security key that nobody touched.
    UserNotPresent,
}

impl fmt::Display for SshSigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Armor => write!(f, "it is not one SSH signature and nothing else ({BEGIN})"),
            Self::TooLarge => write!(f, "it is too large for a signature"),
            Self::Malformed => write!(f, "it is a malformed SSH signature"),
            Self::Version(version) => write!(f, "it is an SSH signature of unknown version {version}"),
            Self::Namespace(name) => write!(f, "it was made for another use, \"{}\"", name.escape_ascii()),
            Self::Hash(name) => write!(f, "it is over the hash \"{}\", which is not accepted", name.escape_ascii()),
            Self::Untrusted(signer) => write!(f, "it was made by {signer}, which is no trusted CA"),
            Self::RsaSize(bits) => write!(f, "it was made by an RSA key of {bits} bits, fewer than {REQUIRED_RSA_SIZE}"),
            Self::Invalid(signer) => write!(f, "{signer} has not signed these bytes"),
            Self::UserNotPresent => write!(f, "it was made by a security key that nobody touched"),
        }
    }
}

impl std::error::Error for SshSigError {}

impl From<Malformed> for SshSigError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The bytes that a key signs, to sign `message` for the use `namespace`. The hash is SHA-512.
pub fn to_sign(namespace: &str, message: &[u8]) -> Vec<u8> {
    signed_bytes(namespace.as_bytes(), b"sha512", &HashAlg::Sha512.digest(message))
}

fn signed_bytes(namespace: &[u8], hash: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for field in [namespace, b"", hash, digest] {
        put_string(&mut out, field);
    }
    out
}

/// The signature's file: `signature` (RFC 4253 section 6.6) by the plain key `public_key` over [`to_sign`].
pub fn armored(public_key: &[u8], namespace: &str, signature: &[u8]) -> String {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&VERSION.to_be_bytes());
    for field in [public_key, namespace.as_bytes(), b"", b"sha512", signature] {
        put_string(&mut blob, field);
    }
    let mut text = format!("{BEGIN}\n");
    for (at, digit) in STANDARD.encode(blob).chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push_str(&format!("\n{END}\n"));
    text
}

/// Checks that `armored` is a signature by one of `signers` over `message`, for the use `namespace`. The signer's key is
/// given back as a blob.
///
/// # Errors
/// [`SshSigError`]: nothing that is not signed must be relied on.
pub fn verify(armored: &[u8], message: &[u8], namespace: &str, signers: &CaKeys) -> Result<Vec<u8>, SshSigError> {
    let blob = dearmored(armored)?;
    let sig = SshSig::parse(&blob)?;
    if sig.namespace != namespace.as_bytes() {
        return Err(SshSigError::Namespace(sig.namespace.to_vec()));
    }
    let signer = fingerprint(sig.public_key);
    if !signers.contains(sig.public_key) {
        return Err(SshSigError::Untrusted(signer));
    }
    // A certificate is nobody's CA, and no key that is parsed here either.
    let key = PublicKey::from_blob(sig.public_key).map_err(|_| SshSigError::Malformed)?;
    if let Some(bits) = key.rsa_bits().filter(|&bits| bits < REQUIRED_RSA_SIZE) {
        return Err(SshSigError::RsaSize(bits));
    }
    let digest = sig.digest(message)?;
    let signed = signed_bytes(sig.namespace, sig.hash, &digest);
    let flags =
        signature::verify(&key, &signed, sig.signature, &AlgorithmSet::default()).map_err(|_| SshSigError::Invalid(signer))?;
    if key.key_type().is_sk() && !flags.present {
        return Err(SshSigError::UserNotPresent);
    }
    Ok(sig.public_key.to_vec())
}

struct SshSig<'a> {
    public_key: &'a [u8],
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> SshSig<'a> {
    fn parse(blob: &'a [u8]) -> Result<Self, SshSigError> {
        let mut reader = Reader::new(blob.strip_prefix(MAGIC).ok_or(SshSigError::Malformed)?);
        let version = reader.u32()?;
        if version != VERSION {
            return Err(SshSigError::Version(version));
        }
        let [public_key, namespace, _reserved, hash, signature] =
            [reader.string()?, reader.string()?, reader.string()?, reader.string()?, reader.string()?];
        reader.finish()?;
        Ok(Self { public_key, namespace, hash, signature })
    }

    fn digest(&self, message: &[u8]) -> Result<Vec<u8>, SshSigError> {
        match self.hash {
            b"sha512" => Ok(HashAlg::Sha512.digest(message)),
            b"sha256" => Ok(HashAlg::Sha256.digest(message)),
            other => Err(SshSigError::Hash(other.to_vec())),
        }
    }
}

/// What stands between the two lines. Unlike OpenSSH's, it wants nothing behind the second one: no other signature
/// that somebody could take for the one that was checked.
fn dearmored(text: &[u8]) -> Result<Vec<u8>, SshSigError> {
    if text.len() > MAX_LENGTH {
        return Err(SshSigError::TooLarge);
    }
    let text = text.trim_ascii_end();
    let inside = text.strip_prefix(BEGIN.as_bytes()).and_then(|text| text.strip_suffix(END.as_bytes()));
    let inside = inside.filter(|inside| inside.starts_with(b"\n") || inside.starts_with(b"\r\n"));
    let digits: Vec<u8> = inside.ok_or(SshSigError::Armor)?.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    STANDARD.decode(digits).map_err(|_| SshSigError::Armor)
}

#[cfg(test)]
mod tests;
