//! What an accepted login takes along into its session: names by which a line of sudo's log, or of the CA's journal, can
//! be tied to it.

use pamsm::{Pam, PamLibExt};

use crate::outcome::{Granted, Outcome};

/// Puts the certificate's names into the PAM environment, from where sshd takes them into the session's.
pub(crate) fn begin(pam: &Pam, granted: Granted) -> Result<Granted, Outcome> {
    let [key_id, serial, ca, valid_until] = granted.facts().names();
    for (name, value) in [("USSH_KEY_ID", key_id), ("USSH_SERIAL", serial), ("USSH_CA", ca), ("USSH_VALID_UNTIL", valid_until)]
    {
        pam.putenv(&format!("{name}={value}"))
            .map_err(|error| Outcome::Misconfigured(format!("cannot set {name}: {error}")))?;
    }
    Ok(granted)
}
