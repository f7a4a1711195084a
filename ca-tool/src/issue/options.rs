//! `-O` of ssh-keygen(1): critical options and extensions (ssh-keygen.c: add_cert_option, finalise_cert_exts).

use ussh_cert::certificate::CertificateType;
use ussh_cert::draft::CertificateOption;
use ussh_cert::options::RawOption;
use ussh_cert::source_address::SourceAddress;

use crate::error::{Error, Result};

/// What goes into the certificate, sorted as OpenSSH wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) critical: Vec<CertificateOption>,
    pub(crate) extensions: Vec<CertificateOption>,
}

/// Flags that are on or off, by name: extensions but for the last.
const PERMISSIONS: [&str; 5] = ["X11-forwarding", "agent-forwarding", "port-forwarding", "pty", "user-rc"];

#[derive(Default)]
struct Flags {
    permitted: [bool; PERMISSIONS.len()],
    no_touch_required: bool,
    verify_required: bool,
}

impl Options {
    /// Reads the words after each `-O`, in their order. A user certificate begins with permit-pty and nothing else;
    /// ssh-keygen begins with all five permissions.
    pub(crate) fn parse<S: AsRef<str>>(certificate_type: CertificateType, typed: &[S]) -> Result<Self> {
        let mut flags = Flags::default();
        if certificate_type == CertificateType::User {
            flags.set_permission("pty", true);
        }
        let (mut critical, mut extensions) = (Vec::new(), Vec::new());
        for word in typed {
            let word = word.as_ref();
            if flags.take(word) {
                continue;
            }
            match word.split_once(['=', ':']) {
                Some((name, rest)) if word.contains('=') && matches(name, "force-command") => {
                    once(&mut critical, "force-command", rest)?;
                }
                Some((name, rest)) if word.contains('=') && matches(name, "source-address") => {
                    if SourceAddress::parse(rest.as_bytes()).is_none() {
                        return Err(Error::usage(
                            format!("\"{rest}\" is not a list of addresses."),
                            "Write addresses or networks, as in source-address=192.0.2.0/24,2001:db8::/32",
                        ));
                    }
                    once(&mut critical, "source-address", rest)?;
                }
                Some((name, rest)) if matches(name, "critical") => critical.push(named(rest)?),
                Some((name, rest)) if matches(name, "extension") => extensions.push(named(rest)?),
                _ => return Err(unknown(word)),
            }
        }
        flags.add_to(&mut critical, &mut extensions);
        critical.sort();
        extensions.sort();
        refuse_repetition(&critical)?;
        refuse_repetition(&extensions)?;
        Ok(Self { critical, extensions })
    }
}

impl Flags {
    /// Whether the word was a flag.
    fn take(&mut self, word: &str) -> bool {
        match word.to_ascii_lowercase().as_str() {
            "clear" => *self = Self { verify_required: false, ..Self::default() },
            "no-touch-required" => self.no_touch_required = true,
            "touch-required" => self.no_touch_required = false,
            "verify-required" => self.verify_required = true,
            "no-verify-required" => self.verify_required = false,
            lower => {
                return lower.strip_prefix("permit-").is_some_and(|name| self.set_permission(name, true))
                    || lower.strip_prefix("no-").is_some_and(|name| self.set_permission(name, false));
            }
        }
        true
    }

    fn set_permission(&mut self, lower: &str, on: bool) -> bool {
        let known = self.permitted.iter_mut().zip(PERMISSIONS).find(|(_, name)| matches(name, lower));
        known.map(|(permitted, _)| *permitted = on).is_some()
    }

    fn add_to(&self, critical: &mut Vec<CertificateOption>, extensions: &mut Vec<CertificateOption>) {
        let permitted = PERMISSIONS.into_iter().zip(self.permitted).filter(|(_, on)| *on);
        extensions.extend(permitted.map(|(name, _)| flag(format!("permit-{name}"))));
        if self.no_touch_required {
            extensions.push(flag("no-touch-required".into()));
        }
        if self.verify_required {
            critical.push(flag("verify-required".into()));
        }
    }
}

fn flag(name: String) -> CertificateOption {
    CertificateOption { name, value: None }
}

fn named(text: &str) -> Result<CertificateOption> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err(unknown(text));
    }
    Ok(CertificateOption { name: name.to_owned(), value })
}

fn once(critical: &mut Vec<CertificateOption>, name: &str, value: &str) -> Result<()> {
    if value.is_empty() {
        return Err(Error::usage(format!("{name} is empty."), format!("Write -O {name}=VALUE, or leave it out.")));
    }
    critical.push(CertificateOption { name: name.to_owned(), value: Some(value.to_owned()) });
    Ok(())
}

/// ssh-keygen writes what it is told; sshd and every parser of certificates refuse a name that comes twice.
fn refuse_repetition(options: &[CertificateOption]) -> Result<()> {
    match options.windows(2).find_map(|pair| match pair {
        [one, two] if one.name == two.name => Some(&one.name),
        _ => None,
    }) {
        Some(name) => Err(Error::usage(format!("The option {name} is given twice."), "Give each option once.")),
        None => Ok(()),
    }
}

/// Whether a certificate's critical options or extensions, as they stand in it, are these in this order.
pub(crate) fn are<'a>(raw: &[u8], wanted: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> bool {
    let found = RawOption::all(raw);
    let length: usize = found.iter().map(|option| 8 + option.name.len() + option.value.len()).sum();
    let found = found.iter().map(|option| (option.name, (!option.value.is_empty()).then(|| option.text())));
    let wanted = wanted.into_iter().map(|(name, value)| (name.as_bytes(), value.map(|value| Some(value.as_bytes()))));
    // What follows the last one that is framed right counts, too.
    length == raw.len() && found.eq(wanted)
}

fn matches(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

fn unknown(word: &str) -> Error {
    Error::usage(
        format!("\"{word}\" is not an option of certificates."),
        "Known are clear, permit-… and no-… of X11-forwarding, agent-forwarding, port-forwarding, pty and user-rc; no-touch-required, verify-required, force-command=…, source-address=…, extension:NAME[=VALUE], critical:NAME[=VALUE].",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(typed: &[&str]) -> (Vec<String>, Vec<String>) {
        let options = Options::parse(CertificateType::User, typed).unwrap();
        let names = |list: Vec<CertificateOption>| list.into_iter().map(|option| option.name).collect();
        (names(options.critical), names(options.extensions))
    }

    #[test]
    fn a_user_gets_a_terminal_and_nothing_else() {
        assert_eq!(names(&[]), (vec![], vec!["permit-pty".into()]));
        assert_eq!(Options::parse::<&str>(CertificateType::Host, &[]).unwrap().extensions, []);
    }

    #[test]
    fn words_take_effect_in_their_order() {
        assert_eq!(names(&["permit-x11-forwarding", "CLEAR", "Permit-User-RC"]).1, ["permit-user-rc"]);
        assert_eq!(names(&["permit-user-rc", "no-pty", "no-user-rc"]).1, [""; 0]);
        assert_eq!(
            names(&["verify-required", "no-verify-required", "no-touch-required", "touch-required", "clear"]).0,
            [""; 0]
        );
    }

    #[test]
    fn options_are_sorted_by_name_as_bytes() {
        let (critical, extensions) =
            names(&["verify-required", "critical:b", "force-command=x=y:z", "extension:a=", "permit-X11-forwarding"]);
        assert_eq!(critical, ["b", "force-command", "verify-required"]);
        assert_eq!(extensions, ["a", "permit-X11-forwarding", "permit-pty"]);
    }

    #[test]
    fn values_are_kept_whole() {
        let options = Options::parse(CertificateType::User, &["force-command=a=b:c", "critical:n@x=v=w:x"]).unwrap();
        let values: Vec<_> = options.critical.into_iter().filter_map(|option| option.value).collect();
        assert_eq!(values, ["a=b:c", "v=w:x"]);
    }

    #[test]
    fn what_is_empty_unknown_or_said_twice_is_refused() {
        for typed in [
            &["permit-nothing"][..],
            &["force-command="],
            &["source-address=nowhere"],
            &["source-address="],
            &["force-command=a", "force-command=b"],
            &["extension:permit-pty"],
            &["extension:"],
            &["critical:=x"],
            &["force-command"],
            &[""],
        ] {
            assert!(Options::parse(CertificateType::User, typed).is_err(), "{typed:?}");
        }
    }
    #[test]
    fn options_that_are_more_less_or_others_are_not_those() {
        let raw = b"\0\0\0\x01a\0\0\0\x05\0\0\0\x01x\0\0\0\x01b\0\0\0\0";
        assert!(are(raw, [("a", Some("x")), ("b", None)]));
        for other in [
            &[("a", Some("x"))][..],
            &[("a", Some("y")), ("b", None)],
            &[("b", None), ("a", Some("x"))],
            &[("a", Some("x")), ("b", Some(""))],
            &[],
        ] {
            assert!(!are(raw, other.iter().copied()), "{other:?}");
        }
        assert!(!are(&[raw.as_slice(), &[0]].concat(), [("a", Some("x")), ("b", None)]), "a byte behind them");
        assert!(are(b"", []));
    }
}
