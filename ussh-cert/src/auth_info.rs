//! SSH_AUTH_INFO_0: what sshd tells PAM of the authentication methods that a person has completed (auth2.c:
//! auth2_update_session_info). One line each: `method[/submethod][ SP key type SP base64][ SP info]`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr_iter;

use crate::certificate::{Certificate, blob_name};

/// The one method in which sshd has seen the person's own signature. `hostbased` lines name a key, too: the host's.
const METHOD: &[u8] = b"publickey";

/// sshd's AuthenticationMethods never ask for so many.
const MOST_KEYS: usize = 64;

/// What was completed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthInfo {
    /// Blobs of the first keys and certificates that were shown, each once.
    pub keys: Vec<Vec<u8>>,
    /// Whether more keys are listed than anybody is asked for; what comes behind them is not in `keys`.
    pub too_many: bool,
    /// `publickey` lines in which no key can be read.
    pub unreadable: usize,
    /// Lines of other methods.
    pub others: usize,
}

impl AuthInfo {
    /// Reads the variable's value. Nothing in it is an error: what cannot be read is counted, and is no key.
    pub fn parse(value: &[u8]) -> Self {
        let mut info = Self::default();
        for line in lines(value) {
            let mut words = line.split(|&byte| byte == b' ');
            if words.next() != Some(METHOD) {
                info.others += 1;
                continue;
            }
            // What follows, such as a security key's signature count, is not for us.
            match key(words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
                Some(blob) if info.keys.contains(&blob) => {}
                Some(_) if info.keys.len() == MOST_KEYS => info.too_many = true,
                Some(blob) => info.keys.push(blob),
                None => info.unreadable += 1,
            }
        }
        info
    }
}

/// The line that sshd would write for this certificate, without its end.
pub fn line(certificate: &Certificate<'_>) -> String {
    let name = blob_name(certificate.blob).unwrap_or_default();
    format!("publickey {} {}", String::from_utf8_lossy(name), STANDARD.encode(certificate.blob))
}

fn lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', value).chain([value.len()]);
    let mut start = 0;
    ends.filter_map(move |end| {
        let line = value.get(start..end);
        start = end + 1;
        line.filter(|line| !line.is_empty())
    })
}

/// The blob, if it is of the type that is written in front.
fn key(name: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let blob = STANDARD.decode(text).ok()?;
    (!name.is_empty() && blob_name(&blob) == Some(name)).then_some(blob)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fields, blob, key};

    fn text(blob: &[u8]) -> String {
        format!("{} {}", String::from_utf8_lossy(blob_name(blob).unwrap()), STANDARD.encode(blob))
    }

    fn parse(value: &str) -> AuthInfo {
        AuthInfo::parse(value.as_bytes())
    }

    #[test]
    fn every_key_of_a_publickey_line_is_read_once_whatever_follows_it() {
        let (plain, certificate) = (blob(&key(1)), Fields::good().signed());
        let value = format!(
            "publickey {}\npublickey {} signature count = 5\nkeyboard-interactive/pam\npublickey {}\n",
            text(&plain),
            text(&certificate),
            text(&plain)
        );
        assert_eq!(parse(&value), AuthInfo { keys: vec![plain, certificate], others: 1, ..AuthInfo::default() });
    }

    #[test]
    fn only_the_very_method_counts() {
        let certificate = text(&Fields::good().signed());
        for method in [
            "hostbased",
            "publickey/pam",
            "Publickey",
            "publickeys",
            " publickey",
            "publickey\t",
            "gssapi-with-mic publickey",
            "",
        ] {
            assert_eq!(
                parse(&format!("{method} {certificate}\n")),
                AuthInfo { others: 1, ..AuthInfo::default() },
                "{method:?}"
            );
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(parse(""), AuthInfo::default());
        assert_eq!(parse("\n\n"), AuthInfo::default());
    }

    #[test]
    fn more_keys_than_anybody_is_asked_for_are_said_to_be_so() {
        let value = |keys: u8| (1..=keys).map(|n| format!("publickey {}\n", text(&blob(&key(n))))).collect::<String>();
        let most = parse(&value(64));
        assert_eq!((most.keys.len(), most.too_many), (64, false));
        let again = parse(&value(64).repeat(2));
        assert_eq!((again.keys.len(), again.too_many), (64, false));
        let more = parse(&value(65));
        assert_eq!((more.keys.len(), more.too_many), (64, true));
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        let line = format!("publickey {}", text(&Fields::good().signed()));
        let typed = line.replace("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519");
        let doubled = line.replace("com ", "com  ");
        for value in [
            "publickey",
            "publickey ",
            "publickey ssh-ed25519",
            "publickey ssh-ed25519 !",
            line.get(..60).unwrap(),
            &typed,
            &doubled,
        ] {
            assert_eq!(parse(value), AuthInfo { unreadable: 1, ..AuthInfo::default() }, "{value}");
        }
    }

    #[test]
    fn a_line_is_what_sshd_writes() {
        let signed = Fields::good().signed();
        let certificate = Certificate::parse(&signed).unwrap();
        assert_eq!(parse(&line(&certificate)).keys, std::slice::from_ref(&signed));
        assert_eq!(line(&certificate), format!("publickey {}", text(&signed)));
    }
}
