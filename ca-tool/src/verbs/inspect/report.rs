//! A certificate in words: `ssh-keygen -L`'s, with a verdict; and in JSON. Whatever others wrote is escaped.

use serde_json::{Value, json};
use ussh_cert::certificate::{Certificate, CertificateType, FOREVER, blob_name};
use ussh_cert::duration::in_words;
use ussh_cert::key::fingerprint;
use ussh_cert::options::RawOption;
use ussh_cert::refusal::text_within;

use super::verdict::Reason;
use crate::clock;
use crate::issue::request::now;

/// Longer than any key ID or name that somebody reads.
const MOST_BYTES: usize = 4096;

pub(super) fn text(place: &str, comment: &str, certificate: &Certificate<'_>, reasons: &[Reason]) -> String {
    let mut out = format!("{place}:{}{comment}\n", if comment.is_empty() { "" } else { " " });
    let mut say = |name: &str, value: &str| out.push_str(&format!("        {name}: {value}\n"));
    say("Type", &format!("{} {} certificate", certificate.key_type.certificate_name(), type_name(certificate)));
    say("Public key", &fingerprint(&certificate.public_key));
    say("Signing CA", &format!("{} (using {})", fingerprint(certificate.signature_key), signature_algorithm(certificate)));
    say("Key ID", &format!("\"{}\"", escaped(certificate.key_id)));
    say("Serial", &certificate.serial.to_string());
    say("Valid", &validity(certificate, now()));
    list(&mut out, "Principals", certificate.principals.iter().map(|name| escaped(name)).collect());
    list(&mut out, "Critical Options", options(certificate.critical_options));
    list(&mut out, "Extensions", options(certificate.extensions));
    match reasons {
        [] => out.push_str("        Accepted: yes"),
        reasons => {
            let words: Vec<_> = reasons.iter().map(|reason| reason.words.as_str()).collect();
            out.push_str(&format!("        Accepted: no, it {}", words.join("; it ")));
        }
    }
    out
}

pub(super) fn json(place: &str, comment: &str, certificate: &Certificate<'_>, reasons: &[Reason]) -> Value {
    let options = |raw| -> Value {
        let all = RawOption::all(raw);
        all.iter().map(|option| json!({ "name": escaped(option.name), "value": json_value(option) })).collect()
    };
    json!({
        "place": place,
        "comment": comment,
        "type": type_name(certificate),
        "certificate_type": certificate.key_type.certificate_name(),
        "key": fingerprint(&certificate.public_key),
        "ca": fingerprint(certificate.signature_key),
        "ca_key_type": escaped(blob_name(certificate.signature_key).unwrap_or_default()),
        "signature_algorithm": signature_algorithm(certificate),
        "key_id": escaped(certificate.key_id),
        "serial": certificate.serial,
        "valid_after": certificate.valid_after,
        "valid_before": if certificate.valid_before == FOREVER { json!("forever") } else { json!(certificate.valid_before) },
        "principals": certificate.principals.iter().map(|name| escaped(name)).collect::<Vec<_>>(),
        "critical_options": options(certificate.critical_options),
        "extensions": options(certificate.extensions),
        "accepted": reasons.is_empty(),
        "reasons": reasons.iter().map(|reason| json!({ "code": reason.code, "words": reason.words })).collect::<Value>(),
    })
}

fn type_name(certificate: &Certificate<'_>) -> &'static str {
    match certificate.certificate_type {
        CertificateType::User => "user",
        CertificateType::Host => "host",
    }
}

fn signature_algorithm(certificate: &Certificate<'_>) -> String {
    escaped(blob_name(certificate.signature).unwrap_or_default())
}

fn escaped(bytes: &[u8]) -> String {
    text_within(MOST_BYTES, bytes)
}

fn list(out: &mut String, name: &str, lines: Vec<String>) {
    match lines.is_empty() {
        true => out.push_str(&format!("        {name}: (none)\n")),
        false => out.push_str(&format!("        {name}:\n")),
    }
    for line in lines {
        out.push_str(&format!("                {line}\n"));
    }
}

fn options(raw: &[u8]) -> Vec<String> {
    let in_words = |option: &RawOption<'_>| match (option.value, option.text()) {
        ([], _) => escaped(option.name),
        (_, Some(value)) => format!("{} {}", escaped(option.name), escaped(value)),
        (value, None) => format!("{} 0x{}", escaped(option.name), hex(value)),
    };
    RawOption::all(raw).iter().map(in_words).collect()
}

/// The value as a string; `null` for a flag; an object with its bytes where it is no string.
fn json_value(option: &RawOption<'_>) -> Value {
    match (option.value, option.text()) {
        ([], _) => Value::Null,
        (_, Some(value)) => json!(escaped(value)),
        (value, None) => json!({ "hex": hex(value) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(MOST_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// `from … to … (for another 57 minutes)`
fn validity(certificate: &Certificate<'_>, now: u64) -> String {
    let (from, to) = (certificate.valid_after, certificate.valid_before);
    let interval = match (from, to) {
        (0, FOREVER) => return "forever".into(),
        (0, _) => format!("before {}", stamp(to)),
        (_, FOREVER) => format!("after {}", stamp(from)),
        _ => format!("from {} to {}", stamp(from), stamp(to)),
    };
    let words = match (from.checked_sub(now), to.checked_sub(now)) {
        (Some(until @ 1..), _) => format!("not for another {}", in_words(until)),
        (_, None | Some(0)) => format!("expired {} ago", in_words(now.saturating_sub(to))),
        (_, Some(_)) if to == FOREVER => "for ever".into(),
        (_, Some(left)) => format!("for another {}", in_words(left)),
    };
    format!("{interval} ({words})")
}

/// As ssh-keygen writes it: `2026-11-22T14:57:03`.
fn stamp(seconds: u64) -> String {
    clock::stamp(i64::try_from(seconds).unwrap_or(i64::MAX)).replacen(' ', "T", 1)
}
