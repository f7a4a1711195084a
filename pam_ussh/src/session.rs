//! What an accepted login takes along into its session: names by which a line of sudo's log, or of the CA's journal, can
//! be tied to it.

use pamsm::{Pam, PamError, PamLibExt};

use crate::outcome::{Granted, Outcome};

/// Puts the certificate's names into the PAM environment, from where sshd takes them into the session's.
pub(crate) fn begin(pam: &Pam, granted: Granted) -> Result<Granted, Outcome> {
    let [key_id, serial, ca, valid_until] = granted.facts().names();
    for (name, value) in [("USSH_KEY_ID", key_id), ("USSH_SERIAL", serial), ("USSH_CA", ca), ("USSH_VALID_UNTIL", valid_until)]
    {
        set(pam, name, &value)?;
    }
    Ok(granted)
}

/// `session_guard`: ussh-session-guard asks so often that an acceptance is no news for the log. It wants to know the
/// certificate instead.
pub(crate) fn tell_guard(pam: &Pam, granted: &Granted) -> PamError {
    let certificate = granted.line.trim_start_matches("publickey ");
    let told = begin(pam, granted.clone()).and_then(|granted| {
        set(pam, "USSH_VALID_BEFORE", &granted.valid_before.to_string())?;
        set(pam, "USSH_CERTIFICATE", certificate)
    });
    if told.is_ok() { PamError::SUCCESS } else { PamError::SERVICE_ERR }
}

fn set(pam: &Pam, name: &str, value: &str) -> Result<(), Outcome> {
    pam.putenv(&format!("{name}={value}")).map_err(|error| Outcome::Misconfigured(format!("cannot set {name}: {error}")))
}
