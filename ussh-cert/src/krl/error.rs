//! Why bytes are not a KRL that can be relied on.

use std::fmt;
use std::io;

/// Why a KRL is refused. Whoever asks one must then refuse, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KrlError {
    /// The bytes do not begin as a KRL does. sshd then takes them for a flat list: see [`crate::revoked_keys`].
    NotAKrl,
    /// More than 128 MiB, which OpenSSH does not load.
    TooLarge,
    /// A format version other than 1.
    FormatVersion(u32),
    /// A field ends before it should, or something follows it.
    Malformed,
    /// A section of unknown type.
    UnknownSection(u8),
    /// A certificates section's part of unknown type.
    UnknownCertificateSection(u8),
    /// An extension that must be understood, and is not: its name.
    CriticalExtension(Vec<u8>),
    /// A signature, which nobody checks.
    Signed,
    /// Serial number 0, or a range that ends before it begins.
    Serials(u64, u64),
    /// A bitmap that is negative, of more than 16384 bits, or goes past the last serial number.
    Bitmap,
    /// The key of a CA is none, or of a type that is not accepted.
    CaKey,
    /// A hash of the wrong length.
    Hash,
    /// The list could not be read to its end: why.
    Unreadable(String),
}

impl From<io::Error> for KrlError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Malformed,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

impl fmt::Display for KrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKrl => write!(f, "not a KRL"),
            Self::TooLarge => write!(f, "more than 128 MiB, which OpenSSH does not load"),
            Self::FormatVersion(version) => write!(f, "KRL of unknown format version {version}"),
            Self::Malformed => write!(f, "malformed KRL"),
            Self::UnknownSection(number) => write!(f, "KRL section of unknown type {number}"),
            Self::UnknownCertificateSection(number) => write!(f, "KRL certificate section of unknown type {number:#x}"),
            Self::CriticalExtension(name) => write!(f, "KRL has unknown critical extension {}", name.escape_ascii()),
            Self::Signed => {
                write!(f, "KRL has a signature section, which nobody checks; sign the file with ssh-keygen -Y sign")
            }
            Self::Serials(min, max) => write!(f, "KRL revokes impossible serial numbers {min} to {max}"),
            Self::Bitmap => write!(f, "KRL has a bitmap that is too large, negative, or past the last serial number"),
            Self::CaKey => write!(f, "KRL names a CA by something else than a plain key of an accepted type"),
            Self::Hash => write!(f, "KRL has a hash of the wrong length"),
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

impl std::error::Error for KrlError {}
