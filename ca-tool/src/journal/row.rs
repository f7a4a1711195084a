//! One row, and the hash that ties it to the row before.
//!
//! The hash is SHA-256 over `ussh-journal-1` and a NUL byte, then every column but `hash` in the order of [`COLUMNS`]:
//! NULL is the byte 0; an integer is the byte 1 and eight bytes, big-endian two's complement; text is the byte 2, its
//! length in bytes as eight bytes big-endian, and itself in UTF-8; a blob is the byte 3, its length likewise, and itself.
//! `prev` is one of the columns: it is the previous row's `hash`, and 32 zero bytes in the first row.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use ssh_key::HashAlg;

/// All columns that are hashed, in this order. Times are in seconds since the epoch. Numbers of 64 bits without sign
/// (`serial`, `valid_after`, `valid_before`) are 20 digits, so that SQLite orders them right.
pub(super) const COLUMNS: [&str; 23] = [
    "seq",
    "time",
    "event",
    "attempt",
    "uid",
    "login",
    "loginuid",
    "sudo_user",
    "ca",
    "ca_key",
    "serial",
    "key_id",
    "certificate_type",
    "principals",
    "valid_after",
    "valid_before",
    "options",
    "key",
    "key_comment",
    "reason",
    "revocation",
    "certificate",
    "prev",
];

const DOMAIN: &[u8] = b"ussh-journal-1\0";

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Event {
    /// The journal was made: its first row.
    #[default]
    Begun,
    /// A certificate is going to be signed; its serial number is taken from here on.
    Intent,
    /// It was signed and checked, and may leave.
    Issued,
    /// It was not signed, or what was signed did not hold.
    Failed,
    /// It was issued and could not be handed over.
    Undelivered,
    /// Something was revoked.
    Revoked,
    /// A revocation list is going to be written.
    Krl,
}

impl Event {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Intent => "intent",
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Undelivered => "undelivered",
            Self::Revoked => "revoked",
            Self::Krl => "krl",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Begun, Self::Intent, Self::Issued, Self::Failed, Self::Undelivered, Self::Revoked, Self::Krl]
            .into_iter()
            .find(|event| event.name() == name)
    }
}

/// A row as it is read and written; see [`COLUMNS`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) time: i64,
    pub(crate) event: Event,
    /// `seq` of the intent that this row belongs to; its own for rows that are no part of an attempt.
    pub(crate) attempt: i64,
    pub(crate) uid: i64,
    pub(crate) login: Option<String>,
    pub(crate) loginuid: Option<i64>,
    pub(crate) sudo_user: Option<String>,
    /// The CA's fingerprint.
    pub(crate) ca: Option<String>,
    /// The CA's public key, as a blob: revocation lists need it.
    pub(crate) ca_key: Option<Vec<u8>>,
    pub(crate) serial: Option<u64>,
    pub(crate) key_id: Option<String>,
    /// `user` or `host`.
    pub(crate) certificate_type: Option<String>,
    /// A JSON array of strings.
    pub(crate) principals: Option<String>,
    pub(crate) valid_after: Option<u64>,
    pub(crate) valid_before: Option<u64>,
    /// JSON: `{"critical":[["name","value"]],"extensions":[["name",null]]}`.
    pub(crate) options: Option<String>,
    /// The certified key's fingerprint.
    pub(crate) key: Option<String>,
    pub(crate) key_comment: Option<String>,
    pub(crate) reason: Option<String>,
    /// JSON: what is revoked (see [`super::revoked`]), under the CA of `ca_key` or under any; or which list was written.
    pub(crate) revocation: Option<String>,
    /// The certificate, as a blob: the evidence of what the CA's key has signed, which the intent only announced, and
    /// what `log show` hands out again when it got lost on its way.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// A certificate's options, as `options` has them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RowOptions {
    pub(crate) critical: Vec<(String, Option<String>)>,
    pub(crate) extensions: Vec<(String, Option<String>)>,
}

/// A row's number and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: [u8; 32],
}

impl Head {
    /// Before the first row.
    pub(super) const NONE: Self = Self { seq: 0, hash: [0; 32] };

    /// Reads `42:9f86d0…`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (seq, hex) = text.split_once(':')?;
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self { seq: seq.parse().ok().filter(|seq| *seq > 0)?, hash })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The hash of a row whose columns hold these values.
pub(super) fn hash(values: &[Value]) -> [u8; 32] {
    let mut bytes = DOMAIN.to_vec();
    for value in values {
        match value {
            Value::Null => bytes.push(0),
            Value::Integer(number) => {
                bytes.push(1);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(text) => framed(&mut bytes, 2, text.as_bytes()),
            Value::Blob(blob) => framed(&mut bytes, 3, blob),
            // None of ours; a tag of its own, so that it is like nothing else.
            Value::Real(number) => framed(&mut bytes, 4, &number.to_be_bytes()),
        }
    }
    HashAlg::Sha256.digest(&bytes).try_into().unwrap_or_default()
}

fn framed(bytes: &mut Vec<u8>, tag: u8, content: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(&u64::try_from(content.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend_from_slice(content);
}

/// The newest row's.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let newest = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1";
    match connection.query_row(newest, [], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? })) {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Head::NONE),
        other => other,
    }
}

/// How many rows there ever were, by SQLite's own count.
pub(super) fn counted(connection: &Connection) -> i64 {
    connection.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'journal'", [], |row| row.get(0)).unwrap_or(0)
}

/// Adds a row behind `head`. A row whose `attempt` is 0 gets its own number there.
pub(super) fn add(connection: &Connection, head: &Head, mut row: Row) -> rusqlite::Result<Head> {
    row.seq = head.seq.saturating_add(1);
    if row.attempt == 0 {
        row.attempt = row.seq;
    }
    let seq = row.seq;
    let mut values = row.into_values(head.hash.to_vec());
    let hash = hash(&values);
    values.push(Value::Blob(hash.to_vec()));
    let places = vec!["?"; values.len()].join(",");
    let sql = format!("INSERT INTO journal ({}, hash) VALUES ({places})", COLUMNS.join(","));
    connection.prepare(&sql)?.execute(params_from_iter(values))?;
    Ok(Head { seq, hash })
}

/// As SQLite orders it.
pub(super) fn digits(number: u64) -> String {
    format!("{number:020}")
}

impl Row {
    pub(crate) fn options(&self) -> Option<RowOptions> {
        serde_json::from_str(self.options.as_deref()?).ok()
    }

    fn into_values(self, prev: Vec<u8>) -> Vec<Value> {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
        let blob = |blob: Option<Vec<u8>>| blob.map_or(Value::Null, Value::Blob);
        let number = |number: Option<u64>| text(number.map(digits));
        vec![
            Value::Integer(self.seq),
            Value::Integer(self.time),
            Value::Text(self.event.name().into()),
            Value::Integer(self.attempt),
            Value::Integer(self.uid),
            text(self.login),
            self.loginuid.map_or(Value::Null, Value::Integer),
            text(self.sudo_user),
            text(self.ca),
            blob(self.ca_key),
            number(self.serial),
            text(self.key_id),
            text(self.certificate_type),
            text(self.principals),
            number(self.valid_after),
            number(self.valid_before),
            text(self.options),
            text(self.key),
            text(self.key_comment),
            text(self.reason),
            text(self.revocation),
            blob(self.certificate),
            Value::Blob(prev),
        ]
    }

    /// From a row of `SELECT` [`COLUMNS`].
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let number = |at: &str| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(at)?.and_then(|text| text.parse().ok()));
        Ok(Self {
            seq: row.get("seq")?,
            time: row.get("time")?,
            event: Event::from_name(&row.get::<_, String>("event")?).ok_or(rusqlite::Error::InvalidQuery)?,
            attempt: row.get("attempt")?,
            uid: row.get("uid")?,
            login: row.get("login")?,
            loginuid: row.get("loginuid")?,
            sudo_user: row.get("sudo_user")?,
            ca: row.get("ca")?,
            ca_key: row.get("ca_key")?,
            serial: number("serial")?,
            key_id: row.get("key_id")?,
            certificate_type: row.get("certificate_type")?,
            principals: row.get("principals")?,
            valid_after: number("valid_after")?,
            valid_before: number("valid_before")?,
            options: row.get("options")?,
            key: row.get("key")?,
            key_comment: row.get("key_comment")?,
            reason: row.get("reason")?,
            revocation: row.get("revocation")?,
            certificate: row.get("certificate")?,
        })
    }
}
