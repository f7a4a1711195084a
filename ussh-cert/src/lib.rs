//! Decides whether an OpenSSH user certificate is acceptable, as sshd decides it.
//!
//! Formats and the one trust decision; no I/O of its own, no clock, no `unsafe`: bytes, rules and the time come in,
//! [`Proven`] or a [`Refusal`] goes out. The reference is OpenSSH (PROTOCOL.certkeys, sshkey.c,
//! auth2-pubkeyfile.c, auth-options.c); where this crate is stricter, the item says so.
//!
//! ```text
//! Certificate::parse(blob)                     certificate   what it says
//!   -> authority::check(cert, rules, now)      authority     may it be believed: Accepted | Refusal
//!     -> Accepted::prove(challenge, signature) challenge     does its holder have the key: Proven | Refusal
//! ```
#![forbid(unsafe_code)]

pub mod algorithm;
pub mod auth_info;
pub mod authority;
pub mod ca_keys;
pub mod certificate;
pub mod challenge;
pub mod draft;
pub mod duration;
pub mod key;
mod key_line;
pub mod krl;
pub mod options;
pub mod plain_key;
pub mod principals;
pub mod refusal;
pub mod revocation;
pub mod revoked_keys;
pub mod signature;
pub mod source_address;
pub mod sshsig;
#[cfg(test)]
mod testing;
pub mod timestamp;
pub mod validity;
mod wire;

pub use authority::{Accepted, Rules, check};
pub use ca_keys::CaKeys;
pub use certificate::Certificate;
pub use challenge::{Challenge, Proven};
pub use refusal::Refusal;
