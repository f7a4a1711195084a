//! A CA in any device with a PKCS#11 module: hardware security modules, smart cards, SoftHSM.

mod key;
mod login;
mod module;
mod signing;
mod uri;
mod words;

use cryptoki::error::RvError;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::slot::{Slot, TokenInfo};
use ssh_key::PublicKey;

use super::CaSigner;
use crate::error::{Error, Result};
use crate::secret::Secrets;
use crate::setting::Setting;
use key::TokenKey;
use login::Pin;
use module::Module;
use signing::Way;
use uri::Uri;

/// A key that was found, on its token.
struct Found {
    session: Session,
    slot: Slot,
    token: TokenInfo,
    pin: Pin,
    key: TokenKey,
}

/// Fields are dropped in their order: the session before the module that it belongs to.
struct Pkcs11Signer<'s> {
    session: Session,
    slot: Slot,
    module: Module,
    secrets: &'s Secrets,
    public_key: PublicKey,
    key: TokenKey,
    pin: Pin,
    private: Option<ObjectHandle>,
}

/// Finds the key. Its PIN is asked for at the first signature, unless the token shows nothing without.
pub(super) fn open<'s>(text: &str, setting: &'s Setting) -> Result<Box<dyn CaSigner + 's>> {
    let uri = Uri::parse(text)?;
    let module = Module::load(&uri.module)?;
    let Found { session, slot, token, pin, key } = find(&module, &uri, setting)?;
    let public_key = PublicKey::new(key.data.clone(), uri::of_key(&token, &key.id, &key.label));
    Ok(Box::new(Pkcs11Signer { session, slot, module, secrets: &setting.secrets, public_key, key, pin, private: None }))
}

fn find(module: &Module, uri: &Uri, setting: &Setting) -> Result<Found> {
    let (mut matching, mut all, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for (slot, token) in module.tokens()? {
        let meant = uri.means_token(slot.id(), &token);
        let keys = match open_session(module, slot, &token).and_then(|session| keys(&session, &token)) {
            // A token that is broken is nothing to whoever means another one.
            Err(_) if !meant => continue,
            keys => keys?,
        };
        all.extend(keys.iter().map(|key| in_words(&token, key)));
        if !meant {
            continue;
        }
        if keys.is_empty() && token.login_required() && token.user_pin_initialized() {
            silent.push((slot, token.clone()));
        }
        let meant = keys.into_iter().filter(|key| is_meant(uri, key));
        matching.extend(meant.map(|key| (slot, token.clone(), key)));
    }
    if let ([], [(slot, token)]) = (&*matching, &*silent) {
        return find_behind_pin(module, uri, setting, *slot, token);
    }
    let (slot, token, key) = only(matching, &all)?;
    Ok(Found { session: open_session(module, slot, &token)?, slot, pin: Pin::new(&token, setting.last_try), token, key })
}

/// Some devices show no object at all before the login.
fn find_behind_pin(module: &Module, uri: &Uri, setting: &Setting, slot: Slot, token: &TokenInfo) -> Result<Found> {
    let session = open_session(module, slot, token)?;
    let mut pin = Pin::new(token, setting.last_try);
    pin.login(module.context(), &session, slot, &setting.secrets, "look for the CA's key")?;
    let keys = keys(&session, token)?;
    let all: Vec<_> = keys.iter().map(|key| in_words(token, key)).collect();
    let matching = keys.into_iter().filter(|key| is_meant(uri, key)).map(|key| (slot, token.clone(), key)).collect();
    let (slot, token, key) = only(matching, &all)?;
    Ok(Found { session, slot, token, pin, key })
}

fn only(mut matching: Vec<(Slot, TokenInfo, TokenKey)>, all: &[String]) -> Result<(Slot, TokenInfo, TokenKey)> {
    match (matching.pop(), matching.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(none(all)),
        (Some(last), false) => {
            matching.push(last);
            Err(several(&matching))
        }
    }
}

/// libykcs11 shows the key that attests others beside those that sign; it is nobody's CA unless it is named.
fn is_meant(uri: &Uri, key: &TokenKey) -> bool {
    uri.means_key(&key.id, &key.label) && (uri.names_a_key() || !key.label.ends_with(b"PIV Attestation"))
}

fn none(all: &[String]) -> Error {
    let advice = match all.is_empty() {
        true => {
            "Its tokens show no public keys that SSH knows: is the device plugged in, and does it hold a key pair?".to_owned()
        }
        false => format!("These are there:\n{}", all.join("\n")),
    };
    Error::new("No key is what the pkcs11: URI names.", advice)
}

fn several(matching: &[(Slot, TokenInfo, TokenKey)]) -> Error {
    let lines: Vec<_> = matching.iter().map(|(_, token, key)| in_words(token, key)).collect();
    Error::new(
        format!("The pkcs11: URI names {} keys.", matching.len()),
        format!("Choose one, by its id, object, token or serial:\n{}", lines.join("\n")),
    )
}

fn in_words(token: &TokenInfo, key: &TokenKey) -> String {
    let public = PublicKey::new(key.data.clone(), "");
    format!(
        "  {} {} {}",
        uri::of_key(token, &key.id, &key.label),
        public.algorithm(),
        public.fingerprint(ssh_key::HashAlg::Sha256)
    )
}

fn open_session(module: &Module, slot: Slot, token: &TokenInfo) -> Result<Session> {
    module.context().open_ro_session(slot).map_err(|error| unreadable(token, &error))
}

fn keys(session: &Session, token: &TokenInfo) -> Result<Vec<TokenKey>> {
    key::all(session).map_err(|error| unreadable(token, &error))
}

fn unreadable(token: &TokenInfo, error: &cryptoki::error::Error) -> Error {
    Error::new(
        format!("Token \"{}\" cannot be read: {}.", token.label().escape_debug(), words::of(error)),
        "Is the device still there, and used by no other program?",
    )
}

impl Pkcs11Signer<'_> {
    /// Logs in, at the first signature of the run.
    fn private(&mut self, what: &str) -> Result<ObjectHandle> {
        if let Some(private) = self.private {
            return Ok(private);
        }
        let found = match key::private(&self.session, &self.key) {
            Ok(Some(private)) => Some(private),
            _ => {
                self.pin.login(self.module.context(), &self.session, self.slot, self.secrets, &format!("sign {what}"))?;
                key::private(&self.session, &self.key).map_err(|error| self.failed(&error))?
            }
        };
        self.private = found;
        found.ok_or_else(|| {
            Error::new(
                format!("{} is a public key whose private half is not on the token.", self.public_key.comment()),
                "Name the CA's key pair with object= or id=.",
            )
        })
    }

    fn raw_signature(&self, private: ObjectHandle, message: &[u8]) -> Result<Vec<u8>> {
        let defect = || Error::new("This type of key cannot sign here.", "Use a P-256, P-384, P-521, Ed25519 or RSA key.");
        let answer = if key::wants_pin_each_time(&self.session, private) {
            let way = Way::in_steps(&self.key.data, self.module.context(), self.slot).ok_or_else(defect)?;
            self.sign_in_steps(&way, private, message)
        } else {
            let way = Way::in_one_step(&self.key.data).ok_or_else(defect)?;
            self.session.sign(&way.mechanism, private, &way.input(message))
        };
        answer.map_err(|error| self.failed(&error))
    }

    /// PKCS #11 wants the PIN after the signature has begun and before it is made.
    fn sign_in_steps(&self, way: &Way, private: ObjectHandle, message: &[u8]) -> cryptoki::error::Result<Vec<u8>> {
        self.session.sign_init(&way.mechanism, private)?;
        self.pin.again(&self.session)?;
        self.session.sign_update(&way.input(message))?;
        self.session.sign_final()
    }

    fn failed(&self, error: &cryptoki::error::Error) -> Error {
        if words::is_gone(error) {
            return login::gone(self.public_key.comment().as_ref());
        }
        if matches!(words::value(error), Some(RvError::OperationNotInitialized | RvError::FunctionNotSupported)) {
            return Error::new(
                format!("{} wants its PIN at each signature, and its module cannot take it then.", self.public_key.comment()),
                "Make the CA's key without CKA_ALWAYS_AUTHENTICATE, or use the device's own backend (yubikey:).",
            );
        }
        Error::new(
            format!("{} did not sign: {}.", self.public_key.comment(), words::of(error)),
            "Nothing was signed. Is the device still there, was it touched in time, and may this key sign?",
        )
    }
}

impl CaSigner for Pkcs11Signer<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&mut self, message: &[u8], what: &str) -> Result<Vec<u8>> {
        let private = self.private(what)?;
        let raw = self.raw_signature(private, message)?;
        signing::blob(&self.key.data, &raw).ok_or_else(|| {
            Error::new(
                format!("{} gave no signature in the right form for {what}.", self.public_key.comment()),
                "This is a defect of its module: see whether there is a newer one.",
            )
        })
    }
}
