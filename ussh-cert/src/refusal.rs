//! Why a certificate is refused: one variant a reason, each with its code for logs, its sentence and the next step.

use std::fmt;
use std::net::IpAddr;

use crate::certificate::CertificateError;
use crate::duration::in_words;
use crate::krl::Reason;
use crate::options::OptionError;
use crate::signature::SignatureError;

/// A reason. `Display` gives the predicate of a sentence that begins "Your certificate … ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A certificate of a type that is never accepted (DSA, unknown): its name.
    Unsupported(Vec<u8>),
    /// Not framed as its name promises.
    Malformed,
    /// A host certificate.
    NotAUserCertificate,
    /// Signed by a key that is no trusted CA.
    CaUntrusted,
    /// The CA's key cannot be used: malformed numbers, or more RSA bits than are supported.
    CaKeyUnusable,
    /// The CA's RSA key has fewer bits than required.
    CaKeyTooSmall(usize),
    /// The CA signed with an algorithm that is not accepted (SHA-1 always): its label.
    CaSignatureAlgorithm(Vec<u8>),
    /// The CA's signature is not over this certificate.
    CaSignatureInvalid,
    /// It, its key or its CA is on a list of revoked keys: how.
    Revoked(Reason),
    /// The lists of revoked keys were not asked about it.
    RevocationUnknown,
    /// The certified key cannot be used: malformed numbers, or more RSA bits than are supported.
    KeyUnusable,
    /// The certified RSA key has fewer bits than required.
    KeyTooSmall(usize),
    /// Keys of this type are not in the accepted list: its name.
    KeyAlgorithm(&'static str),
    /// Not a FIDO security key where one is required.
    NotASecurityKey,
    /// No principals: valid for anybody, so for nobody (CVE-2024-7594).
    NoPrincipals,
    /// Does not name the user: who that is.
    NotForUser(String),
    /// Names nobody on the lists.
    NoAuthorizedPrincipal,
    /// The principals line that names it has passed its expiry-time.
    PrincipalsLineExpired,
    /// The principals line has an option that denies in such a file: which.
    PrincipalsLineDenies(&'static str),
    /// The principals line has `from=`, which cannot be checked here.
    PrincipalsLineFrom,
    /// Its principals line's `from=` does not let this peer in.
    PrincipalsLineNotFromHere(IpAddr),
    /// A critical option that is not known: its name.
    UnknownCriticalOption(Vec<u8>),
    /// An option with a wrong value: its name.
    MalformedOption(Vec<u8>),
    /// An option said twice: its name.
    RepeatedOption(Vec<u8>),
    /// Bound to source addresses, which cannot be checked here.
    SourceAddress,
    /// It has `source-address`, which does not hold this peer's.
    NotFromHere(IpAddr),
    /// Bound to one command.
    ForceCommand,
    /// Certificate and principals line are bound to different commands.
    ForceCommandConflict,
    /// Valid for longer in all than allowed: seconds allowed.
    ValidityTooLong(u64),
    /// Not valid yet: seconds until it is.
    NotYetValid(u64),
    /// Expired: seconds since.
    Expired(u64),
    /// The agent's answer is not a signature.
    SignatureMalformed,
    /// The agent signed with an algorithm that is not accepted: its label.
    SignatureAlgorithm(Vec<u8>),
    /// The signature's label belongs to another type of key.
    SignatureKeyMismatch(&'static str),
    /// The agent's signature is not by this key over our challenge.
    SignatureInvalid,
    /// The security key was not touched.
    UserNotPresent,
    /// The security key did not verify its user.
    UserNotVerified,
    /// A touch is required, and sshd need not have asked for one.
    TouchNotAskedFor,
    /// Verification is required, and sshd need not have asked for it.
    VerificationNotAskedFor,
}

impl Refusal {
    /// A short word for logs, stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported-type",
            Self::Malformed => "malformed",
            Self::NotAUserCertificate => "not-a-user-certificate",
            Self::CaUntrusted => "ca-untrusted",
            Self::CaKeyUnusable => "ca-key-unusable",
            Self::CaKeyTooSmall(_) => "ca-key-too-small",
            Self::CaSignatureAlgorithm(_) => "ca-signature-algorithm",
            Self::CaSignatureInvalid => "ca-signature-invalid",
            Self::Revoked(_) => "revoked",
            Self::RevocationUnknown => "revocation-unknown",
            Self::KeyUnusable => "key-unusable",
            Self::KeyTooSmall(_) => "key-too-small",
            Self::KeyAlgorithm(_) => "key-algorithm",
            Self::NotASecurityKey => "not-a-security-key",
            Self::NoPrincipals => "no-principals",
            Self::NotForUser(_) => "not-for-user",
            Self::NoAuthorizedPrincipal => "no-authorized-principal",
            Self::PrincipalsLineExpired => "principals-line-expired",
            Self::PrincipalsLineDenies(_) => "principals-line-denies",
            Self::PrincipalsLineFrom => "principals-line-from",
            Self::PrincipalsLineNotFromHere(_) => "principals-line-not-from-here",
            Self::UnknownCriticalOption(_) => "unknown-critical-option",
            Self::MalformedOption(_) => "malformed-option",
            Self::RepeatedOption(_) => "repeated-option",
            Self::SourceAddress => "source-address",
            Self::NotFromHere(_) => "not-from-here",
            Self::ForceCommand => "force-command",
            Self::ForceCommandConflict => "force-command-conflict",
            Self::ValidityTooLong(_) => "validity-too-long",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::Expired(_) => "expired",
            Self::SignatureMalformed => "signature-malformed",
            Self::SignatureAlgorithm(_) => "signature-algorithm",
            Self::SignatureKeyMismatch(_) => "signature-key-mismatch",
            Self::SignatureInvalid => "signature-invalid",
            Self::UserNotPresent => "user-not-present",
            Self::UserNotVerified => "user-not-verified",
            Self::TouchNotAskedFor => "touch-not-asked-for",
            Self::VerificationNotAskedFor => "verification-not-asked-for",
        }
    }

    /// What the person can do about it: the first half of a sentence.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Expired(_) => "Get a new one",
            Self::Revoked(reason) => reason.next_step(),
            Self::NotYetValid(_) => "Wait, or check this host's clock",
            Self::ValidityTooLong(_) => "Get one that is valid for a shorter time",
            Self::NotForUser(_) | Self::NoPrincipals | Self::NoAuthorizedPrincipal => "Get one that names you",
            Self::NotASecurityKey
            | Self::KeyTooSmall(_)
            | Self::KeyAlgorithm(_)
            | Self::Unsupported(_)
            | Self::KeyUnusable
            | Self::RevocationUnknown => "Get one for another key",
            Self::SourceAddress | Self::ForceCommand => "Get one without that restriction",
            Self::NotFromHere(_) | Self::PrincipalsLineNotFromHere(_) => "Come from where it is allowed",
            Self::UserNotPresent | Self::UserNotVerified => "Use your security key when it blinks",
            Self::TouchNotAskedFor => "Get one without \"no-touch-required\"",
            Self::VerificationNotAskedFor => "Get one for a security key, with \"verify-required\"",
            Self::SignatureMalformed | Self::SignatureAlgorithm(_) | Self::SignatureKeyMismatch(_) | Self::SignatureInvalid => {
                "Load the key into your ssh-agent again"
            }
            Self::PrincipalsLineExpired
            | Self::PrincipalsLineDenies(_)
            | Self::PrincipalsLineFrom
            | Self::ForceCommandConflict => "Ask this host's administrator to change the principals file",
            Self::Malformed
            | Self::NotAUserCertificate
            | Self::CaUntrusted
            | Self::CaKeyUnusable
            | Self::CaKeyTooSmall(_)
            | Self::CaSignatureAlgorithm(_)
            | Self::CaSignatureInvalid
            | Self::UnknownCriticalOption(_)
            | Self::MalformedOption(_)
            | Self::RepeatedOption(_) => "Get one from a CA that this host trusts",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(name) => write!(f, "is of the type \"{}\", which is not accepted", text(name)),
            Self::Malformed => f.write_str("is malformed"),
            Self::NotAUserCertificate => f.write_str("is a host certificate, not a user certificate"),
            Self::CaUntrusted => f.write_str("is signed by a CA that this host does not trust"),
            Self::CaKeyUnusable => {
                f.write_str("is signed by a CA key that cannot be used (malformed, weak, or RSA of more than 8192 bits)")
            }
            Self::CaKeyTooSmall(bits) => write!(f, "is signed by an RSA key of only {bits} bits"),
            Self::CaSignatureAlgorithm(label) => write!(f, "is signed with \"{}\", which is not accepted", text(label)),
            Self::CaSignatureInvalid => f.write_str("does not carry its CA's signature"),
            Self::KeyUnusable => {
                f.write_str("is for a key that cannot be used (malformed, weak, or RSA of more than 8192 bits)")
            }
            Self::Revoked(reason) => f.write_str(reason.predicate()),
            Self::RevocationUnknown => f.write_str("is for a key that cannot be looked up in the list of revoked keys"),
            Self::KeyTooSmall(bits) => write!(f, "is for an RSA key of only {bits} bits"),
            Self::KeyAlgorithm(name) => write!(f, "is for a key of type {name}, which is not accepted here"),
            Self::NotASecurityKey => f.write_str("is not for a FIDO security key, which this host requires"),
            Self::NoPrincipals => f.write_str("names no principals"),
            Self::NotForUser(user) => write!(f, "does not name {} as a principal", text(user.as_bytes())),
            Self::NoAuthorizedPrincipal => f.write_str("names no principal that is authorized here"),
            Self::PrincipalsLineExpired => f.write_str("is authorized by a principals line whose expiry-time has passed"),
            Self::PrincipalsLineDenies(option) => write!(f, "is denied by \"{option}\" on its principals line"),
            Self::PrincipalsLineFrom => {
                f.write_str("is bound by \"from\" on its principals line to addresses that cannot be checked here")
            }
            Self::UnknownCriticalOption(name) => write!(f, "has the unknown critical option \"{}\"", text(name)),
            Self::MalformedOption(name) => write!(f, "has a malformed option \"{}\"", text(name)),
            Self::RepeatedOption(name) => write!(f, "has the option \"{}\" more than once", text(name)),
            Self::PrincipalsLineNotFromHere(peer) => {
                write!(f, "is bound by \"from\" on its principals line to addresses other than {peer}")
            }
            Self::NotFromHere(peer) => write!(f, "is bound to source addresses other than {peer}"),
            Self::SourceAddress => f.write_str("is bound to source addresses, which cannot be checked here"),
            Self::ForceCommand => f.write_str("is bound to one command"),
            Self::ForceCommandConflict => f.write_str("is bound to another command than its principals line"),
            Self::ValidityTooLong(allowed) => write!(f, "is valid for longer than {}", in_words(*allowed)),
            Self::NotYetValid(seconds) => write!(f, "is not valid for another {}", in_words(*seconds)),
            Self::Expired(seconds) => write!(f, "expired {} ago", in_words(*seconds)),
            Self::SignatureMalformed => f.write_str("could not be checked: your ssh-agent answered with a malformed signature"),
            Self::SignatureAlgorithm(label) => {
                write!(f, "could not be checked: your ssh-agent signed with \"{}\", which is not accepted", text(label))
            }
            Self::SignatureKeyMismatch(label) => {
                write!(f, "could not be checked: your ssh-agent signed with {label}, which is not of the key's type")
            }
            Self::SignatureInvalid => f.write_str("could not be checked: your ssh-agent's signature is wrong"),
            Self::UserNotPresent => f.write_str("is for a security key that was not touched"),
            Self::UserNotVerified => {
                f.write_str("needs a security key that verifies you (PIN or fingerprint), and the signature shows none")
            }
            Self::TouchNotAskedFor => f.write_str("does without the touch of a security key, which this host requires"),
            Self::VerificationNotAskedFor => {
                f.write_str("does without the PIN or fingerprint of a security key, which this host requires")
            }
        }
    }
}

/// Longer text from elsewhere is cut: it must not push the rest of a line out of the log.
const MOST_BYTES: usize = 200;

/// Bytes from elsewhere, fit for a terminal and for a line of a log: at most 200 of them, with quotes, control and
/// invisible characters escaped.
pub fn text(bytes: &[u8]) -> String {
    text_within(MOST_BYTES, bytes)
}

/// As [`text`], with a bound of the caller's.
pub fn text_within(most_bytes: usize, bytes: &[u8]) -> String {
    let (bytes, cut) = match bytes.split_at_checked(most_bytes) {
        Some((start, rest)) if !rest.is_empty() => (start, true),
        _ => (bytes, false),
    };
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
        }
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    if cut {
        out.push_str("...");
    }
    out
}

/// Line separators, direction marks and the like can forge what a line seems to say.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Unsupported(name) => Self::Unsupported(name),
            CertificateError::Malformed => Self::Malformed,
        }
    }
}

impl From<OptionError> for Refusal {
    fn from(error: OptionError) -> Self {
        match error {
            OptionError::Unknown(name) => Self::UnknownCriticalOption(name),
            OptionError::Malformed(name) => Self::MalformedOption(name),
            OptionError::Repeated(name) => Self::RepeatedOption(name),
        }
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Malformed => Self::SignatureMalformed,
            SignatureError::Algorithm(label) => Self::SignatureAlgorithm(label),
            SignatureError::KeyMismatch(algorithm) => Self::SignatureKeyMismatch(algorithm.name()),
            SignatureError::Invalid => Self::SignatureInvalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bytes_cannot_move_a_terminal_or_end_a_line() {
        assert_eq!(text(b"a\n\x1b[2J\"\\\xff"), "a\\u{a}\\u{1b}[2J\\\"\\\\\\xff");
        assert_eq!(text("ä\u{202e}\u{85}\u{61c}\u{ad}".as_bytes()), "ä\\u{202e}\\u{85}\\u{61c}\\u{ad}");
    }

    #[test]
    fn long_bytes_are_cut_before_they_are_escaped() {
        assert_eq!(text(&[b'a'; 200]).len(), 200);
        assert_eq!(text(&[b'a'; 201]).len(), 203);
        assert!(text(&[1; 100_000]).len() < 2_000);
        assert!(Refusal::Unsupported(vec![1; 100_000]).to_string().len() < 2_000);
    }

    #[test]
    fn sentences_read_as_sentences() {
        assert_eq!(Refusal::Expired(180).to_string(), "expired 3 minutes ago");
        assert_eq!(Refusal::UnknownCriticalOption(b"x\n".to_vec()).to_string(), "has the unknown critical option \"x\\u{a}\"");
    }
}
