//! New PINs and PUKs: typed twice by a person, given by a program, or drawn at random; never the factory's.

use zeroize::Zeroizing;

use super::pin::{DEFAULT_PIN, DEFAULT_PUK};
use crate::error::{Error, OrSay, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;

/// Asks for a new PIN or PUK of the device with this name.
pub(crate) fn ask(setting: &Setting, kind: Kind, device: &str) -> Result<Zeroizing<Vec<u8>>> {
    let what = if kind == Kind::NewPuk { "PUK" } else { "PIN" };
    loop {
        let first = setting.secrets.ask(kind, &format!("New {what} of {device} (6 to 8 characters)"))?;
        let verdict = check(first.bytes(), what);
        if !first.was_typed() {
            verdict?;
            return Ok(Zeroizing::new(first.bytes().to_vec()));
        }
        if let Err(error) = verdict {
            talk::say(error);
            continue;
        }
        let second = setting.secrets.ask(kind, &format!("New {what} once more"))?;
        if first.bytes() == second.bytes() {
            return Ok(Zeroizing::new(first.bytes().to_vec()));
        }
        talk::say("They differ.");
    }
}

/// Eight random digits.
pub(crate) fn draw() -> Result<Zeroizing<Vec<u8>>> {
    loop {
        let mut digits = Zeroizing::new(Vec::with_capacity(8));
        while digits.len() < 8 {
            let mut byte = Zeroizing::new([0]);
            getrandom::fill(&mut *byte).or_say("The kernel gives no random numbers", "Try again later.")?;
            // 250 is the last multiple of ten in a byte: the others would make some digits likelier.
            let [byte] = *byte;
            if byte < 250 {
                digits.push(b'0' + byte % 10);
            }
        }
        if check(&digits, "PIN").is_ok() {
            return Ok(digits);
        }
    }
}

/// PIV's rules, and none that everybody tries first.
fn check(secret: &[u8], what: &str) -> Result<()> {
    let refuse =
        |why: &str| Err(Error::new(format!("This {what} {why}."), format!("Choose a {what} of six to eight characters.")));
    if !(6..=8).contains(&secret.len()) {
        return refuse("is too short or too long");
    }
    if !secret.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return refuse("has characters that not every program can send");
    }
    if secret == DEFAULT_PIN || secret == DEFAULT_PUK {
        return refuse("is the factory's");
    }
    if secret.windows(2).all(|pair| matches!(pair, [one, two] if one == two)) {
        return refuse("is one character only");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for secret in ["12345", "123456789", "123456", "12345678", "111111", "\u{e9}\u{e9}\u{e9}"] {
            assert!(check(secret.as_bytes(), "PIN").is_err(), "{secret}");
        }
        assert!(check(b"654321", "PIN").is_ok() && check(b"a b!c?~", "PIN").is_ok());
    }

    #[test]
    fn drawn_secrets_have_eight_digits_and_differ() {
        let (one, two) = (draw().unwrap(), draw().unwrap());
        assert!(one.len() == 8 && one.iter().all(u8::is_ascii_digit) && *one != *two);
    }
}
