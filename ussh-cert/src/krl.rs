//! Key revocation lists (PROTOCOL.krl): asked, read, written, as OpenSSH 10.5 does (krl.c, bitmap.c, ssh-keygen.c).
//!
//! ```text
//! revoked_keys::check_all         check     one pass over a stream, nothing built or kept: for every sudo
//! krl::check(bytes, subject)      check     the same for one certificate and a list in memory
//! Krl::read / revoke_… / write    content   the list in memory: for building, updating, showing
//! spec::parse(text)               spec      what `ssh-keygen -k` reads
//! ```
//!
//! Where this is stricter than OpenSSH 10.5, it refuses the whole list:
//! - A signature section. PROTOCOL.krl says that 9.4 and newer refuse it; 9.2 checks the signature, and 10.5's code
//!   skips it unchecked. What nobody checks should not look as if somebody had.
//! - A certificate in the place of a CA's key: it can never match, so somebody's revocations would be without effect.
//! - A CA's key of more than 64 KiB.
//! - A CA's key of a type that this crate accepts nowhere, and the aliases that OpenSSH has for names of types.

mod certificates;
mod check;
mod content;
mod error;
mod listing;
mod read;
mod search;
mod serials;
mod source;
pub mod spec;
mod subject;
mod walk;
mod write;

pub(crate) use check::check_after_magic;
pub use check::{Reason, Verdict, check};
pub use content::{Authority, Krl, RevokeError, TooLarge};
pub use error::KrlError;
pub use subject::Subject;
pub use walk::Header;

/// The first bytes of every KRL.
pub const MAGIC: &[u8; 8] = b"SSHKRL\n\0";
const FORMAT_VERSION: u32 = 1;
/// OpenSSH loads no larger file (sshbuf.h: SSHBUF_SIZE_MAX).
pub const MAX_LENGTH: usize = 0x800_0000;

/// `KRL_SECTION_…`
mod section {
    pub(super) const CERTIFICATES: u8 = 1;
    pub(super) const EXPLICIT_KEY: u8 = 2;
    pub(super) const FINGERPRINT_SHA1: u8 = 3;
    pub(super) const SIGNATURE: u8 = 4;
    pub(super) const FINGERPRINT_SHA256: u8 = 5;
    pub(super) const EXTENSION: u8 = 255;
}

/// `KRL_SECTION_CERT_…`
mod subsection {
    pub(super) const SERIAL_LIST: u8 = 0x20;
    pub(super) const SERIAL_RANGE: u8 = 0x21;
    pub(super) const SERIAL_BITMAP: u8 = 0x22;
    pub(super) const KEY_ID: u8 = 0x23;
    pub(super) const EXTENSION: u8 = 0x39;
}
