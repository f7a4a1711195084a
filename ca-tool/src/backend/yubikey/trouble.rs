//! What a YubiKey or the smart card service said, as what happened and what to do. The driver's errors are coarse:
//! whoever knows more (a touch was waited for, a PIN was sent) says it before this is asked.

use ::yubikey::Error as Trouble;
use pcsc::Error as Pcsc;

use crate::error::Error;

/// `device` begins the sentence ("YubiKey 5001234"); `doing` says what was wanted ("signing").
pub(crate) fn explain(trouble: Trouble, device: &str, doing: &str) -> Error {
    match trouble {
        Trouble::PcscError { inner: Some(error) } => pcsc(error, device, doing),
        Trouble::PcscError { inner: None } => Error::new(format!("{device} does not answer while {doing}."), PULLED_OUT),
        Trouble::WrongPin { tries: 0 } | Trouble::PinLocked => blocked(device),
        Trouble::AuthenticationError => {
            Error::new(format!("{device} did not allow {doing}."), "Another program may have used it in between: try again.")
        }
        Trouble::NotSupported => {
            Error::new(format!("{device} cannot do this: {doing}."), "Its firmware is too old for it, or this program.")
        }
        Trouble::AlgorithmError => Error::new(
            format!("{device} does not know this algorithm or policy ({doing})."),
            "Ed25519, RSA-3072 and RSA-4096 need firmware 5.7; the others work everywhere.",
        ),
        other => Error::new(
            format!("{device} refused while {doing}: {other}."),
            "See `ca-tool key list` for what it holds; pull it out, plug it in and try again.",
        ),
    }
}

const PULLED_OUT: &str = "Plug it in and try again.";

/// The PIN has no tries left.
pub(crate) fn blocked(device: &str) -> Error {
    Error::new(
        format!("The PIN of {device} is blocked."),
        "Set a new one with the PUK: ca-tool key unblock. Without the PUK only a reset is left, which destroys the keys.",
    )
}

fn pcsc(error: Pcsc, device: &str, doing: &str) -> Error {
    match error {
        Pcsc::NoService | Pcsc::ServiceStopped => Error::new(
            "The smart card service (pcscd) is not running.",
            "Install pcscd, and start it: systemctl start pcscd.socket",
        ),
        Pcsc::NoSmartcard | Pcsc::RemovedCard | Pcsc::ReaderUnavailable | Pcsc::UnknownReader | Pcsc::NoReadersAvailable => {
            Error::new(format!("{device} was pulled out while {doing}."), PULLED_OUT)
        }
        Pcsc::SharingViolation => Error::new(
            format!("{device} is in use by another program."),
            "Often it is GnuPG's: gpgconf --kill scdaemon, then try again.",
        ),
        Pcsc::NoAccess => Error::new(
            "The smart card service does not let this user in.",
            "pcscd asks polkit: run this on the console, as root, or allow it with a rule for org.debian.pcsc-lite.",
        ),
        other => Error::new(
            format!("{device} does not answer while {doing}: {other}."),
            "It may have been pulled out: plug it in and try again.",
        ),
    }
}
