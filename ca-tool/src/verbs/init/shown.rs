//! Secrets that were drawn at random are handed over before they are set: once, on the terminal or in a new file.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::{NewSecrets, question};
use crate::backend::yubikey::new_secret;
use crate::error::{Error, OrSay, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;

/// A new PIN or PUK, or none where the old one is good.
pub(super) type New = Option<Zeroizing<Vec<u8>>>;

impl NewSecrets {
    /// Refuses before anything is changed what could not be handed over.
    pub(super) fn refuse_no_place(&self) -> Result<()> {
        match self {
            Self::Shown if !question::somebody_is_there() => Err(Error::new(
                "There is no terminal to show PIN and PUK on, and they are written nowhere unasked.",
                "Run it on a terminal, or name a new file with --secrets-file.",
            )),
            Self::Written(file) if file.symlink_metadata().is_ok() => Err(Error::new(
                format!("{} exists already.", file.display()),
                "Name a new file with --secrets-file: none is overwritten.",
            )),
            _ => Ok(()),
        }
    }

    /// New PUK and PIN, as far as they are wanted.
    pub(super) fn get(&self, device: &str, puk: bool, pin: bool, setting: &Setting) -> Result<(New, New)> {
        if let Self::Asked = self {
            let ask = |wanted: bool, kind| wanted.then(|| new_secret::ask(setting, kind, device)).transpose();
            let secrets = (ask(puk, Kind::NewPuk)?, ask(pin, Kind::NewPin)?);
            if matches!(&secrets, (Some(puk), Some(pin)) if puk == pin) {
                return Err(Error::new("PIN and PUK are the same.", "Choose two: the PUK is for when the PIN is lost."));
            }
            return Ok(secrets);
        }
        let draw = |wanted: bool| wanted.then(new_secret::draw).transpose();
        let secrets = (draw(puk)?, draw(pin)?);
        if puk || pin {
            self.hand_over(device, &secrets)?;
        }
        Ok(secrets)
    }

    fn hand_over(&self, device: &str, (puk, pin): &(New, New)) -> Result<()> {
        // Reserved at once: a text that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(256));
        text.push_str(device);
        for (name, secret) in [("PIN", pin), ("PUK", puk)] {
            if let Some(digits) = secret.as_ref().and_then(|secret| std::str::from_utf8(secret).ok()) {
                for part in ["\n", name, " ", digits] {
                    text.push_str(part);
                }
            }
        }
        match self {
            Self::Written(file) => {
                write(file, &text)?;
                talk::say(format_args!("PIN and PUK are in {}: move them to a safe place.", file.display()));
                Ok(())
            }
            _ => question::show(&text).and_then(|()| question::show("Write this down now: it is shown once.")),
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all())
    });
    written.or_say(
        format!("PIN and PUK cannot be written to {}", path.display()),
        "Name another new file with --secrets-file. Nothing was changed.",
    )
}
