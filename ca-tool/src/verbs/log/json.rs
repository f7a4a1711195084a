//! The journal for programs. Times are seconds since the epoch; what does not apply is left out or null.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::Value as Raw;
use serde_json::{Map, Value, json};
use ussh_cert::certificate::FOREVER;

use crate::journal::{Entry, Report, Row};

/// One element of `log list --json`.
pub(super) fn entry(entry: &Entry) -> Value {
    let mut object = Map::new();
    let row = &entry.row;
    object.insert("number".into(), json!(row.seq));
    object.insert("time".into(), json!(row.time));
    object.insert("event".into(), json!(entry.status().name()));
    object.insert("uid".into(), json!(row.uid));
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.into(), value);
        }
    };
    say("login", json!(row.login));
    say("loginuid", json!(row.loginuid));
    say("sudo_user", json!(row.sudo_user));
    say("ca", json!(row.ca));
    say("serial", json!(row.serial));
    say("key_id", json!(row.key_id));
    say("type", json!(row.certificate_type));
    say("principals", row.principals.as_ref().map_or(Value::Null, |_| json!(entry.principals())));
    say("valid_after", json!(row.valid_after));
    say("valid_before", row.valid_before.map_or(Value::Null, end));
    say("options", nested(row.options.as_deref()));
    say("key", json!(row.key));
    say("key_comment", json!(row.key_comment));
    say("revocation", nested(row.revocation.as_deref()));
    say("reason", json!(entry.reason()));
    Value::Object(object)
}

/// `log show --json`: the same, and what became of it.
pub(super) fn whole(one: &Entry) -> Value {
    let mut value = entry(one);
    let outcomes: Vec<Value> = one.outcomes.iter().map(outcome).collect();
    let base64 = |blob: &[u8]| STANDARD.encode(blob);
    if let Value::Object(object) = &mut value {
        object.insert("outcomes".into(), Value::Array(outcomes));
        object.insert("ca_key".into(), json!(one.row.ca_key.as_deref().map(base64)));
        object.insert("certificate".into(), json!(one.certificate().map(base64)));
    }
    value
}

fn outcome(row: &Row) -> Value {
    json!({ "number": row.seq, "time": row.time, "event": row.event.name(), "reason": row.reason })
}

/// For ever is no number.
fn end(seconds: u64) -> Value {
    if seconds == FOREVER { json!("forever") } else { json!(seconds) }
}

fn nested(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// `log verify --json`.
pub(super) fn report(report: &Report) -> Value {
    json!({
        "ok": report.faults.is_empty(),
        "rows": report.rows,
        "head": report.head.to_string(),
        "faults": report.faults,
        "unfinished": report.unfinished,
    })
}

/// A row of `log export`: every column as it stands, blobs in base64, the hashes in hexadecimal digits.
pub(super) fn raw(row: Vec<(&str, Raw)>) -> Value {
    let value = |name: &str, value: Raw| match value {
        Raw::Null => Value::Null,
        Raw::Integer(number) => json!(number),
        Raw::Real(number) => json!(number),
        Raw::Text(text) => json!(text),
        Raw::Blob(blob) if matches!(name, "prev" | "hash") => {
            json!(blob.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Raw::Blob(blob) => json!(STANDARD.encode(blob)),
    };
    Value::Object(row.into_iter().map(|(name, raw)| (name.to_owned(), value(name, raw))).collect())
}
