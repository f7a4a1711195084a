//! The files that lines name: trusted CAs, lists of what is revoked, principals.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ussh_cert::ca_keys::CaKeys;
use ussh_cert::certificate::blob_name;
use ussh_cert::key::PublicKey;

use super::finding::Findings;
use super::stacks::{Stacks, quoted};
use super::{revoked, safe};
use crate::public_key;
use crate::setting::Setting;

const CHECK: &str = "ca-file";
pub(super) const CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// pam_ussh's bound unless required_rsa_size says otherwise.
pub(super) const LEAST_RSA_BITS: usize = 2048;

/// What is held to be enough until 2030 and after (NIST SP 800-57).
const GOOD_RSA_BITS: usize = 3072;

pub(super) fn look(stacks: &Stacks, setting: &Setting, found: &mut Findings) {
    let least = stacks.values("required_rsa_size").iter().filter_map(|bits| bits.parse().ok()).max().unwrap_or(LEAST_RSA_BITS);
    for path in ca_files(stacks) {
        ca_file(Path::new(&path), least, found);
    }
    let mut lists: Vec<PathBuf> = stacks.values("revoked_keys").into_iter().map(PathBuf::from).collect();
    if lists.is_empty() && setting.krl.exists() {
        lists.push(setting.krl.clone());
    }
    for list in &lists {
        revoked::look(list, stacks, found);
    }
    // Where it should come by itself, `updates` misses it.
    if lists.is_empty() && setting.update.krl.is_none() {
        let what = "There is no list of what is revoked: a stolen certificate counts until it expires.";
        found.warning(revoked::CHECK, what, Some(revoked::bring(&setting.krl)));
    }
    for path in stacks.values("authorized_principals_file").iter().filter(|path| !path.contains('%')) {
        principals(Path::new(path), found);
    }
}

/// Those that lines name, and the default where one names none.
pub(super) fn ca_files(stacks: &Stacks) -> Vec<String> {
    let mut files = stacks.values("ca_file");
    let silent = |line: &crate::pam_d::Line| !line.words.iter().any(|word| word.starts_with("ca_file="));
    if files.is_empty() || stacks.lines().any(silent) {
        files.push(CA_FILE.to_owned());
    }
    files
}

fn ca_file(path: &Path, least: usize, found: &mut Findings) {
    let name = path.display();
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) => {
            let mend = format!("install -m 644 ca.pub {}", quoted(&name.to_string()));
            return found.problem(CHECK, format!("{name}, which says whom to trust, cannot be read: {error}."), Some(mend));
        }
    };
    let is_safe = safe::look(CHECK, path, found);
    let (keys, bad) = CaKeys::parse(content.as_slice());
    if !bad.is_empty() {
        let lines: Vec<_> = bad.iter().map(|line| format!("line {}: {}", line.line, line.reason)).collect();
        let what = format!("{name} {}. sshd does not read on behind it, and so misses the CAs below.", lines.join("; "));
        // All at once: afterwards the lines have other numbers.
        let delete: Vec<_> = bad.iter().map(|line| format!("{}d", line.line)).collect();
        found.warning(CHECK, what, Some(format!("sed -i '{}' {}", delete.join(";"), quoted(&name.to_string()))));
    }
    if keys.is_empty() {
        let mend = format!("install -m 644 ca.pub {}", quoted(&name.to_string()));
        return found.problem(CHECK, format!("{name} holds no CA's key: everybody is refused."), Some(mend));
    }
    let mut types: BTreeMap<String, usize> = BTreeMap::new();
    for key in String::from_utf8_lossy(&content).lines().map(str::trim).filter_map(public_key::parse) {
        let name = String::from_utf8_lossy(blob_name(&key.blob).unwrap_or_default()).into_owned();
        *types.entry(name).or_default() += 1;
        judge(&key.blob, &key.comment, least, path, found);
    }
    if is_safe && bad.is_empty() {
        let types: Vec<_> = types.iter().map(|(name, count)| format!("{count} {name}")).collect();
        found.ok(CHECK, format!("{name}: {}.", types.join(", ")));
    }
}

fn judge(blob: &[u8], comment: &str, least: usize, path: &Path, found: &mut Findings) {
    let name = format!("{}: the CA \"{comment}\"", path.display());
    match PublicKey::from_blob(blob).map(|key| key.rsa_bits()) {
        Err(_) => found.problem(
            CHECK,
            format!("{name} has a key that signs for nobody: it is of no type or form that is accepted."),
            None,
        ),
        Ok(Some(bits)) if bits < least => {
            found.problem(CHECK, format!("{name} has an RSA key of {bits} bits, which pam_ussh refuses below {least}."), None);
        }
        Ok(Some(bits)) if bits < GOOD_RSA_BITS => {
            found.warning(
                CHECK,
                format!("{name} has an RSA key of {bits} bits: plan one of {GOOD_RSA_BITS}, or another type."),
                None,
            );
        }
        Ok(_) => {}
    }
}

fn principals(path: &Path, found: &mut Findings) {
    const CHECK: &str = "principals";
    match fs::read(path) {
        Err(error) => {
            found.problem(CHECK, format!("{} cannot be read, and so everybody is refused: {error}.", path.display()), None)
        }
        Ok(_) => {
            if safe::look(CHECK, path, found) {
                found.ok(CHECK, format!("{} is root's.", path.display()));
            }
        }
    }
}
