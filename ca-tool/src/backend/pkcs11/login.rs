//! The PIN of a token: asked for once in a run, with how near the token is to locking, and never tried for the last
//! time unless that was asked for.

use cryptoki::context::Pkcs11;
use cryptoki::error::RvError;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::RawAuthPin;

use super::words;
use crate::error::{Error, Result};
use crate::secret::{Kind, Secret, Secrets};
use crate::talk;

/// A token's PIN, kept for the keys that want it at each signature, and overwritten when dropped.
pub(super) struct Pin {
    secret: Option<Secret>,
    name: String,
    /// `--last-try`
    last_try: bool,
}

impl Pin {
    pub(super) fn new(token: &TokenInfo, last_try: bool) -> Self {
        Self { secret: None, name: format!("token \"{}\"", token.label().escape_debug()), last_try }
    }

    /// Logs the session in as the token's user. `what` ends the sentence that begins with "PIN of …, to".
    pub(super) fn login(
        &mut self,
        context: &Pkcs11,
        session: &Session,
        slot: Slot,
        secrets: &Secrets,
        what: &str,
    ) -> Result<()> {
        loop {
            let token = token_info(context, slot)?;
            if token.user_pin_locked() {
                return Err(self.locked());
            }
            if token.protected_authentication_path() {
                talk::say(format_args!("Enter the PIN of {} on its own keypad, to {what}", self.name));
                return session.login(UserType::User, None).map_err(|error| self.refused(&error));
            }
            let secret = self.ask(&token, secrets, what)?;
            match session.login_with_raw(UserType::User, &raw(&secret)) {
                Ok(()) => {
                    self.secret = Some(secret);
                    return Ok(());
                }
                Err(error) if words::value(&error) == Some(RvError::UserAlreadyLoggedIn) => return Ok(()),
                Err(error) if is_wrong_pin(&error) => self.may_try_again(&secret, &token_info(context, slot)?)?,
                Err(error) => return Err(self.refused(&error)),
            }
        }
    }

    /// Says the PIN once more, for a signature that has begun. Returns the module's own error.
    pub(super) fn again(&self, session: &Session) -> cryptoki::error::Result<()> {
        match &self.secret {
            Some(secret) => session.login_with_raw(UserType::ContextSpecific, &raw(secret)),
            None => session.login(UserType::ContextSpecific, None),
        }
    }

    fn ask(&self, token: &TokenInfo, secrets: &Secrets, what: &str) -> Result<Secret> {
        if token.user_pin_final_try() && !self.last_try {
            return Err(Error::new(
                format!("The PIN of {} has one try left: if that is wrong too, it is locked.", self.name),
                "If you are sure of it, say --last-try. If not, set a new one with the PUK or SO PIN.",
            ));
        }
        let tries = match (token.user_pin_final_try(), token.user_pin_count_low()) {
            (true, _) => " (LAST TRY: a wrong one locks it)",
            (false, true) => " (it was wrong before; few tries left)",
            (false, false) => "",
        };
        secrets.ask(Kind::Pin, &format!("PIN of {}{tries}, to {what}", self.name))
    }

    fn may_try_again(&self, tried: &Secret, token: &TokenInfo) -> Result<()> {
        if token.user_pin_locked() {
            return Err(self.locked());
        }
        if token.user_pin_final_try() {
            return Err(Error::new(
                format!("That is not the PIN of {}, and one try is left.", self.name),
                "Nothing was signed. If you are sure of another one, say --last-try. If not, set a new one with the PUK or SO PIN.",
            ));
        }
        if !tried.was_typed() {
            return Err(Error::new(format!("The PIN given for {} is wrong.", self.name), "Nothing was signed."));
        }
        talk::say("That is not its PIN.");
        Ok(())
    }

    fn locked(&self) -> Error {
        Error::new(
            format!("The PIN of {} is locked: it was wrong too often.", self.name),
            "Unblock it with its PUK or SO PIN, using the maker's program (YubiKey: `ykman piv access unblock-pin`).",
        )
    }

    fn refused(&self, error: &cryptoki::error::Error) -> Error {
        match words::value(error) {
            Some(RvError::PinLocked) => self.locked(),
            Some(RvError::UserPinNotInitialized) => Error::new(
                format!("{} has no PIN yet.", self.name),
                "Set one with the maker's program, then make the CA's key.",
            ),
            Some(RvError::PinExpired) => {
                Error::new(format!("The PIN of {} has expired.", self.name), "Change it with the maker's program.")
            }
            _ if words::is_gone(error) => gone(&self.name),
            _ => Error::new(
                format!("{} lets nobody in: {}.", self.name, words::of(error)),
                "Nothing was signed. Is the device still there, and used by no other program?",
            ),
        }
    }
}

pub(super) fn gone(name: &str) -> Error {
    Error::new(format!("{name} is gone."), "Plug it in again and repeat: nothing was signed.")
}

fn is_wrong_pin(error: &cryptoki::error::Error) -> bool {
    matches!(words::value(error), Some(RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid))
}

fn token_info(context: &Pkcs11, slot: Slot) -> Result<TokenInfo> {
    context.get_token_info(slot).map_err(|error| {
        Error::new(
            format!("The token cannot be asked: {}.", words::of(&error)),
            "Plug it in again and repeat: nothing was signed.",
        )
    })
}

fn raw(secret: &Secret) -> RawAuthPin {
    RawAuthPin::new(Box::new(secret.bytes().to_vec()))
}
