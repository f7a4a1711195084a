//! What `ssh-keygen -k` reads (ssh-keygen.c: update_krl_from_file): one revocation a line.
//!
//! ```text
//! serial: 5            serial: 0x10-0x20        id: alice@example
//! key: ssh-ed25519 …   sha1: ssh-ed25519 …      sha256: ssh-ed25519 …     hash: SHA256:…
//! ssh-ed25519 …        ssh-ed25519-cert-v01@openssh.com …                # comment
//! ```
//!
//! Everything behind a `#` is a comment, wherever it stands: a key ID cannot have one. Stricter than ssh-keygen:
//! it takes `serial: -5` for 18446744073709551611, and that is an error here.

mod line;
mod number;

use std::fmt;

use super::{Krl, RevokeError};
use crate::certificate::Certificate;
use crate::plain_key::NotAKey;

/// Whose certificates the lines `serial:` and `id:` are about: the option `-s` of ssh-keygen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer<'a> {
    /// None was named: such lines are errors.
    Unnamed,
    /// Those of any CA: `-s none`.
    Any,
    /// Those of the CA with this plain key's blob.
    Ca(&'a [u8]),
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation<'t> {
    /// `serial:`, first and last.
    Serials(u64, u64),
    /// `id:`
    KeyId(&'t [u8]),
    /// `key:`, or a public key alone: its blob.
    Key(Vec<u8>),
    /// `sha1:`: the key's blob, of which the hash is revoked.
    Sha1(Vec<u8>),
    /// `sha256:`: the key's blob, of which the hash is revoked.
    Sha256(Vec<u8>),
    /// `hash:`
    Hash([u8; 32]),
    /// A certificate alone: its blob. It is revoked under its own CA, whatever the issuer.
    Certificate(Vec<u8>),
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not a serial number or range of them.
    Serial,
    /// More than 18446744073709551615.
    SerialOutOfRange,
    /// `serial:` or `id:`, and it is not said of which CA.
    NoIssuer,
    /// `hash:` is not followed by `SHA256:` and the base64 of 32 bytes.
    Hash,
    /// It should be a public key.
    Key(NotAKey),
    /// It cannot be revoked.
    Revoke(RevokeError),
}

/// A line that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::Serial => write!(f, "not a serial number, nor a range of them (serial: 5, serial: 5-10)"),
            Problem::SerialOutOfRange => write!(f, "serial numbers end at {}", u64::MAX),
            Problem::NoIssuer => write!(f, "serial numbers and key IDs are a CA's: say which, or that any CA's are meant"),
            Problem::Hash => write!(f, "not a SHA256: fingerprint"),
            Problem::Key(error) => write!(f, "not a public key: {error}"),
            Problem::Revoke(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SpecError {}

/// The operations of a specification, in its order, until the first line that is wrong.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Operation<'_>, SpecError>> {
    numbered(text).map(|(_, operation)| operation)
}

fn numbered(text: &[u8]) -> impl Iterator<Item = (usize, Result<Operation<'_>, SpecError>)> {
    let mut failed = false;
    (1..)
        .zip(text.split(|&byte| byte == b'\n'))
        .filter_map(|(number, line)| line::parse(line).transpose().map(|operation| (number, operation)))
        .map(|(line, operation)| (line, operation.map_err(|problem| SpecError { line, problem })))
        .take_while(move |(_, operation)| !std::mem::replace(&mut failed, operation.is_err()))
}

impl Krl {
    /// Revokes all that a specification says.
    ///
    /// # Errors
    /// [`SpecError`] of the first wrong line. What stood before it is revoked then: throw the list away.
    pub fn apply(&mut self, text: &[u8], issuer: Issuer<'_>) -> Result<(), SpecError> {
        for (line, operation) in numbered(text) {
            self.revoke(&operation?, issuer).map_err(|problem| SpecError { line, problem })?;
        }
        Ok(())
    }

    /// Revokes what one line says.
    ///
    /// # Errors
    /// [`Problem`]
    pub fn revoke(&mut self, operation: &Operation<'_>, issuer: Issuer<'_>) -> Result<(), Problem> {
        match operation {
            Operation::Serials(min, max) => self.revoke_serials(issuer.ca()?, *min, *max).map_err(Problem::Revoke),
            Operation::KeyId(key_id) => self.revoke_key_id(issuer.ca()?, key_id).map_err(Problem::Revoke),
            Operation::Key(blob) => self.revoke_key(blob).map_err(Problem::Key),
            Operation::Sha1(blob) => self.revoke_key_by_sha1(blob).map_err(Problem::Key),
            Operation::Sha256(blob) => self.revoke_key_by_sha256(blob).map_err(Problem::Key),
            Operation::Hash(hash) => {
                self.revoke_sha256(*hash);
                Ok(())
            }
            Operation::Certificate(blob) => {
                let certificate = Certificate::parse(blob).map_err(|_| Problem::Key(NotAKey::Malformed))?;
                self.revoke_certificate(&certificate).map_err(Problem::Revoke)
            }
        }
    }
}

impl<'a> Issuer<'a> {
    fn ca(self) -> Result<Option<&'a [u8]>, Problem> {
        match self {
            Self::Unnamed => Err(Problem::NoIssuer),
            Self::Any => Ok(None),
            Self::Ca(blob) => Ok(Some(blob)),
        }
    }
}
