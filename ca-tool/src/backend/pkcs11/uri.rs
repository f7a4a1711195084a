//! `pkcs11:` URIs (RFC 7512), as far as they choose a signing key. A PIN in one is refused: arguments are public.

use std::path::PathBuf;

use cryptoki::slot::TokenInfo;

use crate::error::{Error, Result};

/// Which module, token and key. What is not said matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uri {
    /// The shared library: `module-path`.
    pub(super) module: PathBuf,
    token: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    slot: Option<u64>,
    /// CKA_LABEL of the key.
    pub(super) object: Option<Vec<u8>>,
    /// CKA_ID of the key.
    pub(super) id: Option<Vec<u8>>,
}

impl Uri {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let attributes = text.strip_prefix("pkcs11:").unwrap_or(text);
        let (path, query) = attributes.split_once('?').unwrap_or((attributes, ""));
        let mut uri = Self::default();
        let mut seen = Vec::new();
        let pairs = path.split(';').map(|pair| (false, pair)).chain(query.split('&').map(|pair| (true, pair)));
        for (in_query, pair) in pairs.filter(|(_, pair)| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| malformed(&format!("\"{pair}\" is not name=value")))?;
            refuse_pin(name)?;
            if seen.contains(&name) {
                return Err(malformed(&format!("{name} stands in it twice")));
            }
            seen.push(name);
            let value = decoded(value).ok_or_else(|| malformed(&format!("the value of {name} is not percent-encoded")))?;
            uri.take(in_query, name, value)?;
        }
        if uri.module.as_os_str().is_empty() {
            return Err(malformed("it names no module"));
        }
        Ok(uri)
    }

    fn take(&mut self, in_query: bool, name: &str, value: Vec<u8>) -> Result<()> {
        let text = |value: Vec<u8>| String::from_utf8(value).map_err(|_| malformed(&format!("{name} is not UTF-8")));
        match (in_query, name) {
            (true, "module-path") => self.module = text(value)?.into(),
            (false, "token") => self.token = Some(text(value)?),
            (false, "manufacturer") => self.manufacturer = Some(text(value)?),
            (false, "model") => self.model = Some(text(value)?),
            (false, "serial") => self.serial = Some(text(value)?),
            (false, "slot-id") => {
                self.slot = Some(text(value)?.parse().map_err(|_| malformed("slot-id is not a number"))?);
            }
            (false, "object") => self.object = Some(value),
            (false, "id") => self.id = Some(value),
            (false, "type") if value == b"private" || value == b"public" => {}
            _ => return Err(malformed(&format!("{name} is not understood there"))),
        }
        Ok(())
    }

    /// Whether a token is one of those that are meant.
    pub(super) fn means_token(&self, slot: u64, token: &TokenInfo) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.slot.is_none_or(|wanted| wanted == slot)
            && same(&self.token, token.label())
            && same(&self.manufacturer, token.manufacturer_id())
            && same(&self.model, token.model())
            && same(&self.serial, token.serial_number())
    }

    /// Whether a key with this ID and label is one of those that are meant.
    pub(super) fn means_key(&self, id: &[u8], label: &[u8]) -> bool {
        let same = |wanted: &Option<Vec<u8>>, is: &[u8]| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.id, id) && same(&self.object, label)
    }

    /// Whether it names a key at all, rather than leaving it at the token.
    pub(super) fn names_a_key(&self) -> bool {
        self.id.is_some() || self.object.is_some()
    }
}

/// `token=…;id=%01;object=…`: what to write to mean this key alone.
pub(super) fn of_key(token: &TokenInfo, id: &[u8], label: &[u8]) -> String {
    let mut uri = format!("pkcs11:token={}", encoded(token.label().as_bytes()));
    if !token.serial_number().is_empty() {
        uri.push_str(&format!(";serial={}", encoded(token.serial_number().as_bytes())));
    }
    if !id.is_empty() {
        uri.push_str(&format!(";id={}", id.iter().map(|byte| format!("%{byte:02x}")).collect::<String>()));
    }
    if !label.is_empty() {
        uri.push_str(&format!(";object={}", encoded(label)));
    }
    uri
}

fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    bytes.iter().map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    Some(out)
}

fn refuse_pin(name: &str) -> Result<()> {
    match name {
        "pin-value" | "pin-source" => Err(Error::usage(
            format!("A pkcs11: URI with {name} is not used: arguments can be read by everybody on this host."),
            "Leave it out. The PIN is asked for, or give it in a file descriptor: --secret-fd pin=3 3<FILE.",
        )),
        _ => Ok(()),
    }
}

fn malformed(why: &str) -> Error {
    Error::usage(
        format!("The pkcs11: URI cannot be used: {why}."),
        "Write it as in 'pkcs11:token=CA;object=ssh-ca?module-path=/usr/lib/softhsm/libsofthsm2.so' (RFC 7512: token, manufacturer, model, serial, slot-id, object, id; in quotes, for the shell).",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_says_which_module_token_and_key() {
        let uri = Uri::parse("pkcs11:token=My%20CA;id=%01%aB;object=ca;type=private?module-path=/usr/lib/m.so").unwrap();
        assert_eq!(uri.module, PathBuf::from("/usr/lib/m.so"));
        assert_eq!(uri.token.as_deref(), Some("My CA"));
        assert!(uri.means_key(&[1, 0xab], b"ca"));
        assert!(!uri.means_key(&[1], b"ca") && !uri.means_key(&[1, 0xab], b"CA"));
    }

    #[test]
    fn a_pin_in_the_uri_is_refused_and_not_repeated() {
        for uri in ["pkcs11:token=a?module-path=/m.so&pin-value=314159", "pkcs11:pin-value=314159?module-path=/m.so"] {
            let error = Uri::parse(uri).unwrap_err().to_string();
            assert!(error.contains("arguments can be read") && !error.contains("314159"), "{error}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for uri in [
            "pkcs11:token=a",
            "pkcs11:?module-path=",
            "pkcs11:token=a;token=b?module-path=/m.so",
            "pkcs11:slot-id=x?module-path=/m.so",
            "pkcs11:id=%0?module-path=/m.so",
            "pkcs11:id=%zz?module-path=/m.so",
            "pkcs11:token=%ff?module-path=/m.so",
            "pkcs11:type=cert?module-path=/m.so",
            "pkcs11:colour=red?module-path=/m.so",
            "pkcs11:token?module-path=/m.so",
            "pkcs11:module-path=/m.so",
        ] {
            assert!(Uri::parse(uri).is_err(), "{uri}");
        }
    }
}
