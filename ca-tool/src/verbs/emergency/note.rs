//! What others must hear of an emergency: a loud line in the system log, and a message for a colleague.

use ussh_cert::certificate::Certificate;
use ussh_cert::key::fingerprint;

use super::folder::Folder;
use super::{Level, Line};
use crate::clock;
use crate::error::{Error, Result};
use crate::issue::fresh_key::FreshKey;
use crate::journal::Head;
use crate::talk;

/// What there is to say about one certificate.
pub(super) struct Note {
    pub(super) serial: u64,
    key_id: String,
    principals: Vec<String>,
    valid_after: u64,
    valid_before: u64,
    ca: String,
    key: String,
    reason: String,
    by: String,
}

impl Note {
    /// Reads it from the certificate itself, so that it says what is so.
    pub(super) fn about(blob: &[u8], reason: &str) -> Result<Self> {
        let certificate = Certificate::parse(blob)
            .map_err(|_| Error::new("The certificate cannot be read.", "This is a defect: please report it."))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            serial: certificate.serial,
            key_id: text(certificate.key_id),
            principals: certificate.principals.iter().map(|principal| text(principal)).collect(),
            valid_after: certificate.valid_after,
            valid_before: certificate.valid_before,
            ca: fingerprint(certificate.signature_key),
            key: fingerprint(&certificate.public_key),
            reason: reason.to_owned(),
            by: person(),
        })
    }

    /// In the system log, as loud as it gets short of a dying host; before the certificate leaves.
    pub(super) fn alert(&self) {
        Line::new("EMERGENCY certificate")
            .text("reason", &self.reason)
            .text("by", &self.by)
            .text("key_id", &self.key_id)
            .value("serial", self.serial)
            .text("principals", &self.principals.join(","))
            .value("valid_until", self.valid_before)
            .value("key", &self.key)
            .value("ca", &self.ca)
            .log(Level::Alert);
    }

    /// To stdout: the message, or all of it as JSON.
    pub(super) fn print(&self, json: bool, folder: &Folder, key: &FreshKey, in_agent: bool, head: &Head) -> Result<()> {
        if !json {
            return talk::print(self.message(head));
        }
        let file = (!in_agent).then(|| folder.path().join(key.file_name()));
        talk::print(serde_json::json!({
            "serial": self.serial,
            "key_id": self.key_id,
            "principals": self.principals,
            "valid_after": self.valid_after,
            "valid_before": self.valid_before,
            "ca": self.ca,
            "key": self.key,
            "reason": self.reason,
            "by": self.by,
            "file": file,
            "journal": folder.has_journal().then(|| folder.journal_path()),
            "head": head.to_string(),
        }))
    }

    fn message(&self, head: &Head) -> String {
        let time = |seconds: u64| clock::stamp(i64::try_from(seconds).unwrap_or(i64::MAX));
        let principals: Vec<_> = self.principals.iter().map(|principal| talk::escaped(principal)).collect();
        [
            "I have issued an emergency certificate.".to_owned(),
            format!("  reason      {}", talk::escaped(&self.reason)),
            format!("  by          {}", talk::escaped(&self.by)),
            format!("  key ID      {}", talk::escaped(&self.key_id)),
            format!("  serial      {}", self.serial),
            format!("  principals  {}", principals.join(",")),
            format!("  valid       {} to {}", time(self.valid_after), time(self.valid_before)),
            format!("  key         {}", self.key),
            format!("  CA          {}", self.ca),
            format!("  journal     {head}"),
        ]
        .join("\n")
    }
}

/// `USER@HOST`.
pub(super) fn person() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name);
    let user = user.unwrap_or_else(|| format!("uid{}", nix::unistd::getuid()));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{user}@{}", host.trim())
}
