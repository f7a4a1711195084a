//! Whose signature under a list counts on a host: that of the CAs which it trusts now, and has not revoked.

use std::path::Path;

use ussh_cert::ca_keys::CaKeys;
use ussh_cert::key::fingerprint;
use ussh_cert::krl::{Subject, Verdict};
use ussh_cert::{revoked_keys, sshsig};

use super::Kind;
use crate::ca_file;
use crate::error::{Error, OrSay, Result};
use crate::talk;

/// The CAs that count.
pub(crate) struct Trust {
    keys: CaKeys,
    /// What is revoked; a list that cannot be relied on is none.
    revoked: Option<Vec<u8>>,
}

impl Trust {
    /// The CAs of this file, less those that `krl` revokes. A missing list revokes nothing. One that cannot be relied on
    /// neither: everybody is refused while it is there, and only a list that is signed can mend that.
    ///
    /// # Errors
    /// When there are no CAs.
    pub(crate) fn of(ca_file: &Path, krl: Option<&Path>) -> Result<Self> {
        if !ca_file.exists() {
            return Err(Error::new(
                format!("There is no {}, and so nobody's signature counts.", ca_file.display()),
                "The first file of trusted CAs comes to a host by other means: config management, an image, scp.",
            ));
        }
        let keys = ca_file::read(ca_file)?;
        let revoked = krl.and_then(|path| std::fs::read(path).ok()).filter(|list| {
            let sound = revoked_keys::check_all(list.as_slice(), list.len(), &[]);
            if let Err(error) = &sound {
                talk::warn(format_args!("The revocation list in force cannot be relied on: {error}."));
            }
            sound.is_ok()
        });
        Ok(Self { keys, revoked })
    }

    /// Checks a list's signature; its CA's fingerprint comes back.
    ///
    /// # Errors
    /// When no CA that counts has signed exactly these bytes as this kind of list.
    pub(crate) fn verify(&self, kind: Kind, bytes: &[u8], signature: &[u8]) -> Result<String> {
        let blob = sshsig::verify(signature, bytes, kind.namespace(), &self.keys).or_say(
            format!("The signature of the {} does not count", kind.noun()),
            "A CA that hosts trust now must sign the list as it is: ca-tool krl sign, ca-tool ca-file sign.",
        )?;
        let ca = fingerprint(&blob);
        match self.revokes(&blob) {
            true => Err(Error::new(
                format!("The {} is signed by {ca}, which is revoked.", kind.noun()),
                "Have another CA sign it that hosts trust.",
            )),
            false => Ok(ca),
        }
    }

    /// Whether nobody is left whose certificates and lists count.
    pub(crate) fn is_lost(&self) -> bool {
        self.keys.blobs().all(|blob| self.revokes(&blob))
    }

    fn revokes(&self, blob: &[u8]) -> bool {
        let Some(list) = &self.revoked else { return false };
        // What OpenSSH does not read as a key is no CA.
        let Ok(subject) = Subject::key(blob) else { return true };
        !matches!(revoked_keys::check(list, &subject), Ok((_, Verdict::NotRevoked)))
    }
}
