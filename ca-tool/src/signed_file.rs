//! Lists that a CA signed, for hosts that fetch them from wherever they are published: the revocation list, and the
//! file of trusted CAs. The signature is a file beside the list, `LIST.sig`, as `ssh-keygen -Y sign` makes it.

pub(crate) mod trust;

use std::path::{Path, PathBuf};

use ussh_cert::ca_keys::CaKeys;
use ussh_cert::timestamp::rfc3339;
use ussh_cert::{revoked_keys, sshsig};

use crate::backend::CaSigner;
use crate::ca_file;
use crate::error::{Error, OrSay, Result};
use crate::file;
use crate::issue::{certificate::ca_blob, deliver, request::now};

/// Everybody reads lists and signatures.
pub(crate) const MODE: u32 = 0o644;

/// What kind of list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Krl,
    CaFile,
}

/// Which of two lists is newer: by version, then by date in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edition {
    pub(crate) version: u64,
    pub(crate) date: u64,
}

impl Edition {
    /// `version 7 of 2026-11-22T14:57:03Z`
    pub(crate) fn in_words(self) -> String {
        format!("version {} of {}", self.version, rfc3339(self.date))
    }

    /// Whether it is dated in the future, by more than clocks differ: as pam_ussh sees it.
    pub(crate) fn is_ahead(self) -> bool {
        const CLOCK_SKEW: u64 = 300;
        self.date > now().saturating_add(CLOCK_SKEW)
    }
}

impl Kind {
    /// The SSHSIG namespace: a signature over one kind of list is none over another.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Krl => "ussh-krl",
            Self::CaFile => "ussh-ca-file",
        }
    }

    /// For sentences.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Krl => "revocation list",
            Self::CaFile => "file of trusted CAs",
        }
    }

    /// As programs read it, and as ca.toml has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Krl => "krl",
            Self::CaFile => "ca_file",
        }
    }

    /// Of the list, in bytes: what pam_ussh reads.
    pub(crate) fn max_length(self) -> usize {
        match self {
            Self::Krl => ussh_cert::krl::MAX_LENGTH,
            Self::CaFile => 4 << 20,
        }
    }

    /// Reads a whole list as pam_ussh does, and says which one it is.
    ///
    /// # Errors
    /// Why no host should have it, as the end of a sentence.
    pub(crate) fn edition(self, bytes: &[u8]) -> std::result::Result<Edition, String> {
        if bytes.len() > self.max_length() {
            return Err(format!("it has more than {} bytes", self.max_length()));
        }
        match self {
            Self::Krl => {
                let (header, _) = revoked_keys::check_all(bytes, bytes.len(), &[]).map_err(|error| error.to_string())?;
                let header = header.ok_or("it is a list of keys, which has no version and no date")?;
                Ok(Edition { version: header.version, date: header.generated_date })
            }
            Self::CaFile => match ca_file::fault(bytes) {
                Some(fault) => Err(fault),
                None => ca_file::edition(bytes)?.ok_or_else(|| "it has no version: `ca-tool ca-file sign` writes it".into()),
            },
        }
    }
}

/// Where a list's signature is.
pub(crate) fn signature_of(list: &Path) -> PathBuf {
    file::with_more(list, ".sig")
}

/// Has a CA sign a list. `path` is for the sentence that a person reads when a touch is wanted. Gives back the
/// signature's file and the CA's key as a blob.
///
/// # Errors
/// When it does not sign, or its signature is none that a host would believe.
pub(crate) fn sign(kind: Kind, path: &Path, bytes: &[u8], ca: &mut dyn CaSigner) -> Result<(String, Vec<u8>)> {
    let advice = "Nothing was signed.";
    let edition = kind.edition(bytes).or_say(format!("{} is no {} for hosts", path.display(), kind.noun()), advice)?;
    if kind == Kind::Krl && edition.is_ahead() {
        return Err(Error::new(
            format!("{} is dated in the future, {}: hosts refuse it.", path.display(), rfc3339(edition.date)),
            "See that this clock is right, have `ca-tool krl update` give it today's date, and sign that.",
        ));
    }
    let what = format!("the {} {}, {}", kind.noun(), path.display(), edition.in_words());
    let blob = ca_blob(ca)?;
    let signature = ca.sign(&sshsig::to_sign(kind.namespace(), bytes), &what)?;
    let armored = sshsig::armored(&blob, kind.namespace(), &signature);
    let own = CaKeys::parse(deliver::line(&blob, "").unwrap_or_default()).0;
    sshsig::verify(armored.as_bytes(), bytes, kind.namespace(), &own).or_say(
        "No host would believe the signature that the CA's key made",
        "The key in the device may have been replaced: compare `ca-tool key export` with the CA's public key.",
    )?;
    Ok((armored, blob))
}

/// Reads a signature's file.
pub(crate) fn read_signature(path: &Path) -> Result<Vec<u8>> {
    let advice = "`ca-tool krl sign` and `ca-tool ca-file sign` make it, beside the list; --signature names another one.";
    std::fs::read(path).or_say(format!("The signature {} cannot be read", path.display()), advice)
}
