//! Critical options and extensions of a user certificate, with sshd's meaning (auth-options.c: cert_option_list).

use crate::source_address::SourceAddress;
use crate::wire::Reader;

/// Why options are refused. The bytes are the option's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// A critical option that we do not know: only a program that honours it may accept the certificate.
    Unknown(Vec<u8>),
    /// Its value is not what its name calls for, or bytes follow it.
    Malformed(Vec<u8>),
    /// It stands there twice.
    Repeated(Vec<u8>),
}

/// The critical options that sshd knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalOptions<'a> {
    /// The only command that the certificate is for.
    pub force_command: Option<&'a [u8]>,
    /// Where it may be used from.
    pub source_address: Option<SourceAddress>,
    /// Its security key must have verified the user.
    pub verify_required: bool,
}

impl<'a> CriticalOptions<'a> {
    /// Reads a certificate's critical options.
    ///
    /// # Errors
    /// [`OptionError`]: anything unknown, malformed or said twice.
    pub fn parse(raw: &'a [u8]) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for_each(raw, |name, value| options.take(name, value))?;
        Ok(options)
    }

    fn take(&mut self, name: &'a [u8], value: &'a [u8]) -> Result<(), OptionError> {
        match name {
            b"verify-required" if value.is_empty() => self.verify_required = true,
            b"verify-required" => return Err(OptionError::Malformed(name.to_vec())),
            b"force-command" if self.force_command.is_some() => return Err(OptionError::Repeated(name.to_vec())),
            b"force-command" => self.force_command = Some(text(name, value)?),
            b"source-address" if self.source_address.is_some() => return Err(OptionError::Repeated(name.to_vec())),
            b"source-address" => {
                let list = SourceAddress::parse(text(name, value)?);
                self.source_address = Some(list.ok_or_else(|| OptionError::Malformed(name.to_vec()))?);
            }
            _ => return Err(OptionError::Unknown(name.to_vec())),
        }
        Ok(())
    }
}

/// The extensions that matter here. Unknown ones are ignored, as PROTOCOL.certkeys says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// A security key's signature counts without a touch (if the principals line says so too).
    pub no_touch_required: bool,
}

impl Extensions {
    /// Reads a certificate's extensions.
    ///
    /// # Errors
    /// [`OptionError::Malformed`]: one that sshd knows has a value.
    pub fn parse(raw: &[u8]) -> Result<Self, OptionError> {
        let mut extensions = Self::default();
        for_each(raw, |name, value| {
            let known = [
                &b"no-touch-required"[..],
                b"permit-X11-forwarding",
                b"permit-agent-forwarding",
                b"permit-port-forwarding",
                b"permit-pty",
                b"permit-user-rc",
            ];
            if known.contains(&name) && !value.is_empty() {
                return Err(OptionError::Malformed(name.to_vec()));
            }
            extensions.no_touch_required |= name == b"no-touch-required";
            Ok(())
        })?;
        Ok(extensions)
    }
}

/// An option as it stands in the certificate, known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawOption<'a> {
    /// Its name: any bytes.
    pub name: &'a [u8],
    /// Its value with its frame; empty for a flag.
    pub value: &'a [u8],
}

impl<'a> RawOption<'a> {
    /// All of a certificate's critical options or extensions, as far as they are framed right.
    pub fn all(raw: &'a [u8]) -> Vec<Self> {
        let mut reader = Reader::new(raw);
        let mut all = Vec::new();
        while let (Ok(name), Ok(value)) = (reader.string(), reader.string()) {
            all.push(Self { name, value });
        }
        all
    }

    /// The value without its frame; nothing when it is no single string.
    pub fn text(&self) -> Option<&'a [u8]> {
        text(self.name, self.value).ok()
    }
}

fn for_each<'a>(raw: &'a [u8], mut take: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), OptionError>) -> Result<(), OptionError> {
    let mut reader = Reader::new(raw);
    while !reader.is_empty() {
        let name = reader.cstring().map_err(|_| OptionError::Malformed(Vec::new()))?;
        let value = reader.string().map_err(|_| OptionError::Malformed(name.to_vec()))?;
        take(name, value)?;
    }
    Ok(())
}

/// A value that is one string inside the string.
fn text<'a>(name: &[u8], value: &'a [u8]) -> Result<&'a [u8], OptionError> {
    let malformed = |_| OptionError::Malformed(name.to_vec());
    let mut reader = Reader::new(value);
    let text = reader.cstring().map_err(malformed)?;
    reader.finish().map_err(malformed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_string;

    fn string(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, text);
        out
    }

    fn raw(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
        pairs.iter().flat_map(|(name, value)| [string(name), string(value)].concat()).collect()
    }

    #[test]
    fn the_known_critical_options_are_read() {
        let raw = raw(&[
            (b"force-command", &string(b"/bin/true")),
            (b"source-address", &string(b"10.0.0.0/8")),
            (b"verify-required", b""),
        ]);
        let options = CriticalOptions::parse(&raw).unwrap();
        assert_eq!(options.force_command, Some(&b"/bin/true"[..]));
        assert!(options.source_address.is_some() && options.verify_required);
    }

    #[test]
    fn unknown_repeated_and_malformed_critical_options_are_refused() {
        let refused = |pairs: &[(&[u8], &[u8])]| CriticalOptions::parse(&raw(pairs)).unwrap_err();
        let command = string(b"a");
        assert_eq!(refused(&[(b"new-thing", b"")]), OptionError::Unknown(b"new-thing".to_vec()));
        assert_eq!(refused(&[(b"Force-Command", &command)]), OptionError::Unknown(b"Force-Command".to_vec()));
        assert_eq!(refused(&[(b"permit-pty", b"")]), OptionError::Unknown(b"permit-pty".to_vec()));
        assert_eq!(
            refused(&[(b"force-command", &command), (b"force-command", &command)]),
            OptionError::Repeated(b"force-command".to_vec())
        );
        let address = string(b"10.0.0.1");
        assert_eq!(
            refused(&[(b"source-address", &address), (b"source-address", &address)]),
            OptionError::Repeated(b"source-address".to_vec())
        );
        assert_eq!(refused(&[(b"source-address", &string(b"nowhere"))]), OptionError::Malformed(b"source-address".to_vec()));
        assert_eq!(refused(&[(b"verify-required", b"x")]), OptionError::Malformed(b"verify-required".to_vec()));
        let trailing = [command.as_slice(), b"x"].concat();
        assert_eq!(refused(&[(b"force-command", &trailing)]), OptionError::Malformed(b"force-command".to_vec()));
        assert_eq!(refused(&[(b"force-command", b"a")]), OptionError::Malformed(b"force-command".to_vec()));
    }

    #[test]
    fn extensions_may_be_unknown_but_known_ones_have_no_value() {
        assert!(Extensions::parse(&raw(&[(b"no-touch-required", b"")])).unwrap().no_touch_required);
        assert!(!Extensions::parse(&raw(&[(b"login@github.com", b"x"), (b"permit-pty", b"")])).unwrap().no_touch_required);
        assert_eq!(Extensions::parse(&raw(&[(b"permit-pty", b"x")])), Err(OptionError::Malformed(b"permit-pty".to_vec())));
    }
}
