//! `ca-tool krl check` and `show`: the same answers as `ssh-keygen -Q`.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use ussh_cert::Certificate;
use ussh_cert::key::fingerprint;
use ussh_cert::krl::{Krl, Reason, Subject, Verdict};
use ussh_cert::revoked_keys;

use crate::clock;
use crate::error::{Error, OrSay, Result};
use crate::krl_file;
use crate::public_key::{self, PublicKeyFile};
use crate::setting::Setting;
use crate::talk;

pub(super) fn check(files: &[PathBuf], setting: &Setting) -> Result<()> {
    let list = krl_file::content(&setting.krl)?;
    let mut answers = Vec::with_capacity(files.len());
    for path in files {
        let key = public_key::read(path)?;
        let reason = revoked(&list, &key, path, &setting.krl)?;
        if !setting.json {
            talk::print(line(path, &key, reason))?;
            if let Some(reason) = reason {
                talk::say(format_args!("{}: {reason}", path.display()));
            }
        }
        answers.push((path, reason));
    }
    if setting.json {
        talk::print(Value::Array(answers.iter().map(|(path, reason)| json(path, *reason)).collect()))?;
    }
    match answers.iter().filter(|(_, reason)| reason.is_some()).count() {
        0 => Ok(()),
        revoked => Err(Error::new(
            format!("{revoked} of {} revoked.", files.len()),
            "sshd refuses them wherever RevokedKeys names this list, and pam_ussh wherever revoked_keys does.",
        )),
    }
}

fn revoked(list: &[u8], key: &PublicKeyFile, path: &Path, krl: &Path) -> Result<Option<Reason>> {
    let certificate = Certificate::parse(&key.blob).ok();
    let subject = certificate.as_ref().map_or_else(|| Subject::key(&key.blob), Subject::certificate).or_say(
        format!("{} holds no key that OpenSSH reads", path.display()),
        "Give a public key or a certificate of a type that OpenSSH still has.",
    )?;
    let (_, verdict) = revoked_keys::check(list, &subject).or_say(
        format!("{} cannot be relied on", krl.display()),
        "sshd and pam_ussh refuse everybody with it. Restore it from a copy, or build it anew.",
    )?;
    Ok(match verdict {
        Verdict::Revoked(reason) => Some(reason),
        Verdict::NotRevoked => None,
    })
}

/// ssh-keygen's line (ssh-keygen.c: do_check_krl).
fn line(path: &Path, key: &PublicKeyFile, reason: Option<Reason>) -> String {
    let comment = if key.comment.is_empty() { String::new() } else { format!(" ({})", talk::escaped(&key.comment)) };
    format!("{}{comment}: {}", path.display(), if reason.is_some() { "REVOKED" } else { "ok" })
}

fn json(path: &Path, reason: Option<Reason>) -> Value {
    json!({ "file": path.display().to_string(), "revoked": reason.is_some(), "reason": reason.map(|reason| reason.to_string()) })
}

pub(super) fn show(setting: &Setting) -> Result<()> {
    let mut krl = krl_file::read(&setting.krl, &krl_file::content(&setting.krl)?)?;
    if setting.json {
        return talk::print(whole(&mut krl));
    }
    let listing = krl.listing(&clock::digits(krl.generated_date));
    talk::print(listing.trim_end_matches('\n'))
}

fn whole(krl: &mut Krl) -> Value {
    let base64 = |hash: &[u8]| STANDARD_NO_PAD.encode(hash);
    let keys: Vec<String> = krl.keys().map(fingerprint).collect();
    let sha256: Vec<String> = krl.sha256s().iter().map(|hash| format!("SHA256:{}", base64(hash))).collect();
    let sha1: Vec<String> = krl.sha1s().iter().map(|hash| format!("SHA1:{}", base64(hash))).collect();
    let certificates: Vec<Value> = krl
        .authorities()
        .iter()
        .map(|authority| {
            let key_ids: Vec<_> = authority.key_ids().map(String::from_utf8_lossy).collect();
            json!({ "ca": authority.ca().map(fingerprint), "serials": authority.serials(), "key_ids": key_ids })
        })
        .collect();
    json!({
        "version": krl.version,
        "generated": krl.generated_date,
        "comment": String::from_utf8_lossy(krl.comment()),
        "keys": keys,
        "sha256": sha256,
        "sha1": sha1,
        "certificates": certificates,
    })
}
