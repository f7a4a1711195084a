//! Revocations: what they say, and how they stand in the journal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ussh_cert::key::fingerprint;
use ussh_cert::krl::spec::Operation;

use super::Journal;
use super::query::principals;
use super::row::{Event, Head, Row};
use crate::error::{Error, Result};
use crate::talk::escaped;

/// What is revoked. In JSON: `{"serials":[5,9]}`, `{"key_id":"alice"}`, `{"key":"AAAA…"}`, `{"sha256":"AAAA…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Revoked {
    /// First and last serial number of certificates.
    Serials(u64, u64),
    /// Certificates with this key ID.
    KeyId(String),
    /// A key, all certificates for it and by it: its blob in base64.
    Key(String),
    /// The same by the key's SHA-256 hash, in base64.
    Sha256(String),
}

/// What is revoked, and whose certificates are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) what: Revoked,
    /// The CA's public key as a blob, for serial numbers and key IDs. None: those of any CA.
    pub(crate) ca: Option<Vec<u8>>,
    /// For people: the key ID of a certificate that is revoked by its serial number.
    pub(crate) key_id: Option<String>,
}

impl Revocation {
    /// As the rooms for revocation lists have it.
    pub(crate) fn operation(&self) -> Option<Operation<'_>> {
        Some(match &self.what {
            Revoked::Serials(first, last) => Operation::Serials(*first, *last),
            Revoked::KeyId(key_id) => Operation::KeyId(key_id.as_bytes()),
            Revoked::Key(base64) => Operation::Key(STANDARD.decode(base64).ok()?),
            Revoked::Sha256(base64) => Operation::Hash(STANDARD.decode(base64).ok()?.try_into().ok()?),
        })
    }

    pub(crate) fn in_words(&self) -> String {
        let ca = self.ca.as_deref().map_or_else(|| "any CA".into(), fingerprint);
        match &self.what {
            Revoked::Serials(first, last) if first == last => format!("serial {first} of {ca}"),
            Revoked::Serials(first, last) => format!("serials {first}-{last} of {ca}"),
            Revoked::KeyId(key_id) => format!("key ID \"{}\" of {ca}", escaped(key_id)),
            Revoked::Key(base64) => format!("key {}", fingerprint(&STANDARD.decode(base64).unwrap_or_default())),
            Revoked::Sha256(base64) => format!("key SHA256:{}", base64.trim_end_matches('=')),
        }
    }

    pub(crate) fn from_row(row: &Row) -> Option<Self> {
        if row.event != Event::Revoked {
            return None;
        }
        let what = serde_json::from_str(row.revocation.as_deref()?).ok()?;
        Some(Self { what, ca: row.ca_key.clone(), key_id: row.key_id.clone() })
    }
}

/// A revocation list as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrittenKrl {
    pub(crate) file: String,
    pub(crate) version: u64,
    /// Seconds since the epoch.
    pub(crate) generated: u64,
}

impl WrittenKrl {
    pub(crate) fn from_row(row: &Row) -> Option<Self> {
        row.revocation.as_deref().filter(|_| row.event == Event::Krl).and_then(|json| serde_json::from_str(json).ok())
    }
}

impl Journal {
    /// Writes revocations, all or none.
    pub(crate) fn revoke(&mut self, revocations: &[Revocation]) -> Result<Head> {
        self.write(|writer| {
            for one in revocations {
                writer.add(Row {
                    event: Event::Revoked,
                    ca: one.ca.as_deref().map(fingerprint),
                    ca_key: one.ca.clone(),
                    key_id: one.key_id.clone(),
                    revocation: serde_json::to_string(&one.what).ok(),
                    ..Row::default()
                })?;
            }
            Ok(writer.head.clone())
        })
    }

    /// All that was ever revoked, in its order.
    pub(crate) fn revocations(&self) -> Result<Vec<Revocation>> {
        let mut revocations = Ok(Vec::new());
        self.each_row("WHERE event = 'revoked'", |row| match (Revocation::from_row(&row), &mut revocations) {
            (Some(one), Ok(list)) => list.push(one),
            (None, Ok(_)) => revocations = Err(not_understood(row.seq)),
            (_, Err(_)) => {}
        })?;
        revocations
    }

    /// Every user certificate that names this person, as a principal or with its key ID, that has not expired at `now`
    /// and is not revoked by its serial number yet. Unfinished attempts count: their certificates may have been signed.
    pub(crate) fn certificates_of(&self, person: &str, now: u64) -> Result<Vec<Revocation>> {
        let mut found = Vec::new();
        self.each_row(
            "WHERE event = 'intent' AND certificate_type = 'user'
             AND NOT EXISTS (SELECT 1 FROM journal AS end WHERE end.attempt = journal.seq AND end.event = 'failed')",
            |row| {
                let names = row.key_id.as_deref() == Some(person) || principals(&row).iter().any(|name| name == person);
                let lives = row.valid_before.is_none_or(|end| end > now);
                if let (true, true, Some(serial)) = (names, lives, row.serial) {
                    found.push(Revocation { what: Revoked::Serials(serial, serial), ca: row.ca_key, key_id: row.key_id });
                }
            },
        )?;
        let before = self.revocations()?;
        found.retain(|one| !before.iter().any(|other| other.what == one.what && other.ca == one.ca));
        Ok(found)
    }

    /// Public keys of all CAs that ever signed here, as blobs.
    pub(crate) fn cas(&self) -> Result<Vec<Vec<u8>>> {
        let read = || -> rusqlite::Result<_> {
            let sql = "SELECT DISTINCT ca_key FROM journal WHERE event = 'intent'";
            self.connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.trouble(&error))
    }

    /// Announces that a revocation list is written.
    pub(crate) fn write_krl(&mut self, written: &WrittenKrl) -> Result<Head> {
        self.write(|writer| {
            writer.add(Row { event: Event::Krl, revocation: serde_json::to_string(written).ok(), ..Row::default() })?;
            Ok(writer.head.clone())
        })
    }

    /// The list that was last written to this file.
    pub(crate) fn last_krl(&self, file: &str) -> Result<Option<WrittenKrl>> {
        let mut last = None;
        self.each_row("WHERE event = 'krl'", |row| {
            if let Some(written) = WrittenKrl::from_row(&row).filter(|written| written.file == file) {
                last = Some(written);
            }
        })?;
        Ok(last)
    }
}

fn not_understood(seq: i64) -> Error {
    Error::new(
        format!("Row {seq} of the journal revokes something that this ca-tool does not understand."),
        "Run `ca-tool log verify`; use the ca-tool that wrote it, or a newer one.",
    )
}
