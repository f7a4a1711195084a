//! PINs, passphrases and management keys: where they come from, and that they do not stay.
//!
//! In this order: a file descriptor (`--secret-fd`), a systemd credential, the terminal, SSH_ASKPASS. Never an
//! argument, never the environment, never a default one.

mod askpass;
mod given;
mod terminal;

use std::path::PathBuf;

use zeroize::Zeroizing;

pub(crate) use terminal::leave_signals_to_others;

use crate::error::{Error, Result};

/// Which secret is meant; its name is the one in `--secret-fd NAME=FD` and in the credential `ca-tool.NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Pin,
    NewPin,
    Puk,
    NewPuk,
    ManagementKey,
    NewManagementKey,
    Passphrase,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::NewPin => "new-pin",
            Self::Puk => "puk",
            Self::NewPuk => "new-puk",
            Self::ManagementKey => "management-key",
            Self::NewManagementKey => "new-management-key",
            Self::Passphrase => "passphrase",
        }
    }
}

/// A secret, overwritten when dropped, and where it came from.
pub(crate) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    from_person: bool,
}

impl Secret {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a person typed it just now and could type another one. What a program gave is tried once.
    pub(crate) fn was_typed(&self) -> bool {
        self.from_person
    }
}

/// Where to look for secrets in this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    descriptors: Vec<(Kind, i32)>,
    credentials: Option<PathBuf>,
}

impl Secrets {
    /// `descriptors` as typed; credentials where systemd has put them (systemd.exec(5), LoadCredential=).
    pub(crate) fn new(descriptors: Vec<(Kind, i32)>) -> Self {
        Self { descriptors, credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from) }
    }

    /// Gets a secret. `prompt` is what a person reads, such as `PIN of YubiKey 5001234 (3 tries left)`.
    ///
    /// # Errors
    /// When there is nobody to ask, and when the person gives up.
    pub(crate) fn ask(&self, kind: Kind, prompt: &str) -> Result<Secret> {
        if let Some(bytes) = self.given(kind)? {
            return Ok(Secret { bytes, from_person: false });
        }
        let bytes = match askpass::preferred() {
            true => askpass::ask(prompt)?,
            false => terminal::ask(prompt)?.map_or_else(|| askpass::ask(prompt), |bytes| Ok(Some(bytes)))?,
        };
        bytes.map(|bytes| Secret { bytes, from_person: true }).ok_or_else(|| nobody(kind, prompt))
    }

    /// Whether a program has put this secret ready; it is not read yet.
    pub(crate) fn is_ready(&self, kind: Kind) -> bool {
        let credential = |folder: &PathBuf| folder.join(format!("ca-tool.{}", kind.name())).exists();
        self.descriptors.iter().any(|(named, _)| *named == kind) || self.credentials.as_ref().is_some_and(credential)
    }

    /// A secret that a program has put ready, if one has.
    pub(crate) fn given(&self, kind: Kind) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some((_, descriptor)) = self.descriptors.iter().find(|(named, _)| *named == kind) {
            return given::from_descriptor(kind, *descriptor).map(Some);
        }
        match &self.credentials {
            Some(folder) => given::from_credential(kind, folder),
            None => Ok(None),
        }
    }
}

fn nobody(kind: Kind, prompt: &str) -> Error {
    Error::new(
        format!("Nobody can be asked for this: {prompt}."),
        format!(
            "Run it on a terminal, set SSH_ASKPASS, or give the {0} in a file descriptor (--secret-fd {0}=3 3<FILE) or as the systemd credential ca-tool.{0}.",
            kind.name()
        ),
    )
}
