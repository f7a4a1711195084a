//! Lists of what is revoked: whole, not too old, and not older than one before.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use ussh_cert::krl::Header;
use ussh_cert::{duration, revoked_keys};

use super::finding::Findings;
use super::safe;
use super::stacks::{Stacks, quoted};
use crate::clock;
use crate::issue::request::now;

pub(super) const CHECK: &str = "krl";

/// Where pam_ussh remembers versions.
const MEMORY: &str = "/var/lib/pam_ussh";

pub(super) fn look(path: &Path, stacks: &Stacks, found: &mut Findings) {
    let name = path.display();
    let is_safe = safe::look(CHECK, path, found);
    let read = File::open(path).and_then(|file| Ok((usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX), file)));
    let (length, file) = match read {
        Ok(read) => read,
        Err(error) => {
            let what = format!("{name} cannot be read, and so everybody is refused: {error}.");
            return found.problem(CHECK, what, Some(bring(path)));
        }
    };
    match revoked_keys::check_all(BufReader::new(file), length, &[]) {
        Err(error) => {
            let what = format!("{name} cannot be relied on, and so everybody is refused: {error}.");
            found.problem(CHECK, what, Some(bring(path)));
        }
        Ok((None, _)) => {
            if remembered(path, None, found) && is_safe {
                found.ok(CHECK, format!("{name}: a list of keys, which has no version and no date."));
            }
        }
        Ok((Some(header), _)) => {
            let before = found.0.len();
            dated(path, &header, stacks, found);
            remembered(path, Some(header.version), found);
            if is_safe && found.0.len() == before {
                let date = clock::stamp(i64::try_from(header.generated_date).unwrap_or(i64::MAX));
                found.ok(CHECK, format!("{name}: version {}, of {date}.", header.version));
            }
        }
    }
}

/// Its age, by the strictest `krl_max_age` of all lines.
fn dated(path: &Path, header: &Header, stacks: &Stacks, found: &mut Findings) {
    let age = now().saturating_sub(header.generated_date);
    let allowed = stacks.values("krl_max_age").iter().filter_map(|text| duration::parse(text)).min();
    if let Some(allowed) = allowed.filter(|allowed| age > *allowed) {
        let (age, allowed) = (duration::in_words(age), duration::in_words(allowed));
        let what = format!("{} is {age} old, and krl_max_age allows {allowed}: everybody is refused.", path.display());
        found.problem(CHECK, what, Some("ca-tool update".to_owned()));
    }
    if header.generated_date > now().saturating_add(300) {
        let what = format!("{} is from the future: this host's clock is wrong, or its CA's.", path.display());
        found.warning(CHECK, what, Some("timedatectl set-ntp true".to_owned()));
    }
}

/// The command that makes it where the CA is: on a host there is nothing to make it from.
pub(super) fn bring(path: &Path) -> String {
    format!("ca-tool krl build # where the CA's journal is; then bring it here, as {}", path.display())
}

/// Whether the module has seen no newer one, for which it would refuse this.
fn remembered(path: &Path, here: Option<u64>, found: &mut Findings) -> bool {
    let file = Path::new(MEMORY).join(encoded(path));
    let text = fs::read_to_string(&file).unwrap_or_default();
    let version = text.lines().find_map(|line| line.strip_prefix("version=")?.parse::<u64>().ok());
    let Some(version) = version.filter(|version| here.is_none_or(|here| *version > here)) else { return true };
    let is = here.map_or_else(|| "has no version".to_owned(), |here| format!("is version {here}"));
    let what = format!(
        "{} {is}, and version {version} was here before: everybody is refused. Bring the newer list; to go back on purpose, forget it.",
        path.display(),
    );
    found.problem(CHECK, what, Some(format!("rm {}", quoted(&file.display().to_string()))));
    false
}

/// The name that pam_ussh gives its file.
fn encoded(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
