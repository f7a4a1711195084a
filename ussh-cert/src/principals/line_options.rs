//! Options in front of a principal, in authorized_keys syntax (auth-options.c: sshauthopt_parse).
//!
//! Every option of sshd is known, so that what sshd accepts is accepted; only those that can deny are kept.

use crate::timestamp::{LocalTime, parse_absolute};

/// What a principals line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineOptions {
    /// `command="…"`
    pub command: Option<Vec<u8>>,
    /// `from="…"`
    pub from: Option<Vec<u8>>,
    /// `expiry-time="…"`: last second that counts, since the epoch; the earliest where it is said twice.
    pub expiry_time: Option<u64>,
    /// `cert-authority`, which denies here.
    pub cert_authority: bool,
    /// `principals="…"`, which denies here.
    pub principals: Option<Vec<u8>>,
    /// `no-touch-required`
    pub no_touch_required: bool,
    /// `verify-required`
    pub verify_required: bool,
}

/// Flags that change nothing in what is decided here. The second says whether `no-` may stand in front.
const IRRELEVANT_FLAGS: [(&str, bool); 6] = [
    ("restrict", false),
    ("port-forwarding", true),
    ("agent-forwarding", true),
    ("x11-forwarding", true),
    ("pty", true),
    ("user-rc", true),
];

impl LineOptions {
    /// Parses what stands in front of the principal; `None` when sshd would call it bad.
    pub(super) fn parse(text: &[u8], local_time: LocalTime) -> Option<Self> {
        let mut options = Self::default();
        let mut cursor = Cursor(text);
        while !cursor.at_end() {
            options.take(&mut cursor, local_time)?;
            if cursor.at_end() {
                break;
            }
            // What follows an option is a comma and another one; everything else is an unknown option.
            cursor.skip(b",")?;
            if cursor.0.is_empty() {
                return None;
            }
        }
        Some(options)
    }

    fn take(&mut self, cursor: &mut Cursor<'_>, local_time: LocalTime) -> Option<()> {
        if IRRELEVANT_FLAGS.iter().any(|(name, negatable)| cursor.flag(name, *negatable).is_some()) {
        } else if cursor.flag("cert-authority", false).is_some() {
            self.cert_authority = true;
        } else if let Some(required) = cursor.flag("touch-required", true) {
            self.no_touch_required = !required;
        } else if let Some(required) = cursor.flag("verify-required", true) {
            self.verify_required = required;
        } else if cursor.name("command") {
            once(&mut self.command, cursor.quoted()?)?;
        } else if cursor.name("principals") {
            once(&mut self.principals, cursor.quoted()?)?;
        } else if cursor.name("from") {
            once(&mut self.from, cursor.quoted()?)?;
        } else if cursor.name("expiry-time") {
            let time = parse_absolute(&cursor.quoted()?, local_time).filter(|&time| time > 0)?;
            self.expiry_time = Some(self.expiry_time.map_or(time, |earlier| earlier.min(time)));
        } else if cursor.name("environment") {
            is_environment(&cursor.quoted()?).then_some(())?;
        } else if cursor.name("permitopen") {
            is_host_and_port(&cursor.quoted()?, false).then_some(())?;
        } else if cursor.name("permitlisten") {
            is_host_and_port(&cursor.quoted()?, true).then_some(())?;
        } else if cursor.name("tunnel") {
            is_tunnel(&cursor.quoted()?).then_some(())?;
        }
        Some(())
    }
}

fn once(slot: &mut Option<Vec<u8>>, value: Vec<u8>) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

fn is_environment(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |&byte| byte == b'=');
    let name = parts.next().unwrap_or_default();
    parts.next().is_some() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// `host:port`, narrower than sshd in the host's spelling; a bare port where `allow_bare_port`.
fn is_host_and_port(value: &[u8], allow_bare_port: bool) -> bool {
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None if allow_bare_port => ("*", value),
        None => return false,
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = !host.is_empty() && !host.contains([':', '/', '[', ']']);
    (bracketed || plain) && host.len() < 256 && (port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_tunnel(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"any")
        || std::str::from_utf8(value).is_ok_and(|text| text.parse::<u32>().is_ok_and(|number| number <= 0x7fff_fffd))
}

/// What is left of the options.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// Options end at the first blank outside quotes.
    fn at_end(&self) -> bool {
        matches!(self.0.first(), None | Some(b' ' | b'\t'))
    }

    /// Passes over `text` in any case.
    fn skip(&mut self, text: &[u8]) -> Option<()> {
        let (head, tail) = self.0.split_at_checked(text.len())?;
        if !head.eq_ignore_ascii_case(text) {
            return None;
        }
        self.0 = tail;
        Some(())
    }

    /// A flag, true, or, with `no-` in front, false. As in sshd what follows is not looked at here.
    fn flag(&mut self, name: &str, negatable: bool) -> Option<bool> {
        let before = self.0;
        let negated = negatable && self.skip(b"no-").is_some();
        if self.skip(name.as_bytes()).is_some() {
            return Some(!negated);
        }
        self.0 = before;
        None
    }

    /// `name=`
    fn name(&mut self, name: &str) -> bool {
        let before = self.0;
        let found = self.skip(name.as_bytes()).is_some() && self.skip(b"=").is_some();
        if !found {
            self.0 = before;
        }
        found
    }

    /// A value in double quotes, in which `\"` stands for a quote.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut rest = self.0.strip_prefix(b"\"")?;
        let mut value = Vec::new();
        loop {
            rest = match rest {
                [b'\\', b'"', tail @ ..] => {
                    value.push(b'"');
                    tail
                }
                [b'"', tail @ ..] => {
                    self.0 = tail;
                    return Some(value);
                }
                [byte, tail @ ..] => {
                    value.push(*byte);
                    tail
                }
                [] => return None,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<LineOptions> {
        LineOptions::parse(text.as_bytes(), |_| None)
    }

    #[test]
    fn every_option_of_sshd_is_known() {
        let all = "restrict,no-pty,PTY,port-forwarding,no-x11-forwarding,user-rc,no-agent-forwarding,\
            environment=\"A=b c\",permitopen=\"h:80\",permitopen=\"[::1]:*\",permitlisten=\"8080\",tunnel=\"any\",tunnel=\"3\",\
            command=\"say \\\"hi\\\"\",from=\"10.0.0.0/8,!bad\",expiry-time=\"20300101Z\",no-touch-required,verify-required";
        let options = parse(all).unwrap();
        assert_eq!(options.command.as_deref(), Some(&b"say \"hi\""[..]));
        assert_eq!(options.from.as_deref(), Some(&b"10.0.0.0/8,!bad"[..]));
        assert_eq!(options.expiry_time, Some(1_893_456_000));
        assert!(options.no_touch_required && options.verify_required);
        assert!(!options.cert_authority && options.principals.is_none());
    }

    #[test]
    fn options_that_deny_are_kept() {
        assert!(parse("cert-authority").unwrap().cert_authority);
        assert_eq!(parse("principals=\"a\"").unwrap().principals.as_deref(), Some(&b"a"[..]));
        assert_eq!(parse("expiry-time=\"20300101Z\",expiry-time=\"20200101Z\"").unwrap().expiry_time, Some(1_577_836_800));
        assert!(!parse("no-touch-required,touch-required").unwrap().no_touch_required);
    }

    #[test]
    fn bad_options_are_bad() {
        for text in [
            "nonsense",
            "pty;",
            "ptyx",
            "restrict,",
            "no-restrict",
            "no-cert-authority",
            "command=x",
            "command=\"x",
            "command=\"a\",command=\"a\"",
            "from=\"a\",from=\"b\"",
            "principals=\"a\",principals=\"a\"",
            "expiry-time=\"soon\"",
            "expiry-time=\"20300230\"",
            "environment=\"x\"",
            "environment=\"=x\"",
            "environment=\"a-b=c\"",
            "permitopen=\"80\"",
            "permitopen=\"[h:80\"",
            "permitopen=\"h]:80\"",
            "permitopen=\":80\"",
            "permitopen=\"h/x:80\"",
            "expiry-time=\"19700101Z\"",
            "permitopen=\"h:0\"",
            "permitlisten=\"h:x\"",
            "tunnel=\"\"",
            "tunnel=\"-1\"",
            "command",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_follows_a_blank_is_not_an_option() {
        assert!(parse("restrict nonsense").is_some());
        assert_eq!(parse(""), Some(LineOptions::default()));
    }
}
