//! The file of trusted CAs (TrustedUserCAKeys), and the line in it that says which of two is newer.

use std::path::Path;

use ussh_cert::ca_keys::CaKeys;
use ussh_cert::key::PublicKey;
use ussh_cert::timestamp::{parse_absolute, rfc3339};

use crate::error::{Error, OrSay, Result};
use crate::signed_file::Edition;
use crate::talk;

/// A comment for everybody else: `# ussh-ca-file version=3 date=2026-11-22T14:57:03Z`.
const LINE: &str = "# ussh-ca-file ";

/// Reads a file of trusted CAs; lines that hold none are told of and passed over, as pam_ussh does.
///
/// # Errors
/// When it cannot be read or holds no key.
pub(crate) fn read(path: &Path) -> Result<CaKeys> {
    let advice = "Name the file that sshd has in TrustedUserCAKeys.";
    let content = std::fs::read(path).or_say(format!("The CA file {} cannot be read", path.display()), advice)?;
    let (keys, bad_lines) = CaKeys::parse(content);
    for bad in bad_lines {
        talk::warn(format_args!("{}:{}: {}", path.display(), bad.line, bad.reason));
    }
    match keys.is_empty() {
        true => Err(Error::new(format!("The CA file {} holds no key.", path.display()), advice)),
        false => Ok(keys),
    }
}

/// What is wrong with a file of trusted CAs that is to be brought to hosts. Each line must be right: sshd reads no further
/// than the first that is not.
pub(crate) fn fault(content: &[u8]) -> Option<String> {
    let (keys, bad_lines) = CaKeys::parse(content);
    if let Some(bad) = bad_lines.first() {
        return Some(format!("line {}: {}", bad.line, bad.reason));
    }
    if let Some(at) = content.split(|byte| *byte == b'\n').position(begins_with_a_blank_that_is_none_to_sshd) {
        return Some(format!("line {}: sshd reads no further, as it begins with a carriage return or a form feed", at + 1));
    }
    if keys.is_empty() {
        return Some("it holds no key".into());
    }
    let unusable = keys.blobs().position(|blob| PublicKey::from_blob(&blob).is_err())?;
    Some(format!("no signature could ever be by its key number {}", unusable + 1))
}

/// A line that is empty but for Windows' line end is one that sshd cannot read.
fn begins_with_a_blank_that_is_none_to_sshd(line: &[u8]) -> bool {
    matches!(line.iter().find(|byte| !b" \t".contains(byte)), Some(b'\r' | b'\x0c'))
}

/// Which one it is; nothing when it does not say.
///
/// # Errors
/// Why what it says is not understood, or says it twice.
pub(crate) fn edition(content: &[u8]) -> std::result::Result<Option<Edition>, String> {
    let mut lines = content.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(LINE.trim_end().as_bytes()));
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => parse(line).map(Some).ok_or_else(|| {
            format!("its line \"{}\" does not read {LINE}version=NUMBER date=2026-01-31T12:00:00Z", LINE.trim_end())
        }),
        (Some(_), Some(_)) => Err(format!("it has several lines \"{}\"", LINE.trim_end())),
    }
}

fn parse(line: &[u8]) -> Option<Edition> {
    let line = std::str::from_utf8(line).ok()?;
    let (version, date) = line.strip_prefix(" version=")?.split_once(" date=")?;
    let digits: String = date.chars().filter(|character| !"-:T".contains(*character)).collect();
    let date = parse_absolute(digits.as_bytes(), |_| None).filter(|seconds| rfc3339(*seconds) == date)?;
    let version = version.parse().ok().filter(|number: &u64| number.to_string() == version)?;
    Some(Edition { version, date })
}

/// The same content with another line that says which one it is, in front.
pub(crate) fn with_edition(content: &[u8], edition: Edition) -> Vec<u8> {
    let mut out = format!("{LINE}version={} date={}\n", edition.version, rfc3339(edition.date)).into_bytes();
    for line in content.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(LINE.trim_end().as_bytes())) {
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8vqQ0XxqzvUQyRqp6XjnEUrjjhqyWKUrdM8ApEwOoy";

    #[test]
    fn an_edition_is_written_and_read_and_replaces_the_one_before() {
        let once = with_edition(KEY.as_bytes(), Edition { version: 1, date: 1_795_000_000 });
        assert_eq!(
            String::from_utf8(once.clone()).unwrap(),
            format!("# ussh-ca-file version=1 date=2026-11-18T11:06:40Z\n{KEY}\n")
        );
        let twice = with_edition(&once, Edition { version: 2, date: 1_795_000_001 });
        assert_eq!(edition(&twice), Ok(Some(Edition { version: 2, date: 1_795_000_001 })));
        assert_eq!(edition(KEY.as_bytes()), Ok(None));
    }

    #[test]
    fn an_edition_has_one_spelling_and_stands_once() {
        let good = "# ussh-ca-file version=1 date=2026-11-18T11:06:40Z";
        assert!(edition(good.as_bytes()).is_ok_and(|edition| edition.is_some()));
        for line in [
            "# ussh-ca-file",
            "# ussh-ca-file version=1",
            "# ussh-ca-file version=x date=2026-11-18T11:06:40Z",
            "# ussh-ca-file version=01 date=2026-11-18T11:06:40Z",
            "# ussh-ca-file version=+1 date=2026-11-18T11:06:40Z",
            "# ussh-ca-file version=1 date=20261118110640Z",
            "# ussh-ca-file version=1 date=2026-11-18T11:06:40Z ",
            "# ussh-ca-file version=18446744073709551616 date=2026-11-18T11:06:40Z",
        ] {
            assert!(edition(line.as_bytes()).is_err(), "{line}");
        }
        assert!(edition(format!("{good}\n{good}\n").as_bytes()).is_err());
    }

    #[test]
    fn a_file_for_hosts_has_keys_and_no_line_that_sshd_would_stop_at() {
        assert_eq!(fault(KEY.as_bytes()), None);
        assert_eq!(fault(b"# nothing\n"), Some("it holds no key".into()));
        assert!(fault(format!("{KEY}\ncert-authority {KEY}\n").as_bytes()).is_some_and(|fault| fault.starts_with("line 2")));
        // An empty line of Windows', and a form feed in front of a key.
        for between in ["\r\n\r\n", "\r\n \t\r\n", "\n\x0c"] {
            let file = format!("{KEY}{between}{KEY}\n");
            assert!(fault(file.as_bytes()).is_some_and(|fault| fault.starts_with("line 2: sshd")), "{between:?}");
        }
        assert_eq!(fault(format!("{KEY}\r\n# more\r\n \t\n{KEY}\r\n").as_bytes()), None);
        // Of small order: anybody signs with it.
        let weak = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}", "A".repeat(43));
        assert_eq!(fault(weak.as_bytes()), Some("no signature could ever be by its key number 1".into()));
    }
}
