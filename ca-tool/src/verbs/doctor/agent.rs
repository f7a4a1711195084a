//! The agent of whoever asks. What it is good for, `ca-tool check` says.

use nix::unistd::geteuid;
use ussh_cert::certificate::Certificate;

use super::finding::Findings;
use crate::agent;
use crate::talk::counted;

const CHECK: &str = "agent";

pub(super) fn look(found: &mut Findings) {
    if std::env::var_os("SSH_AUTH_SOCK").is_none_or(|socket| socket.is_empty()) {
        if !geteuid().is_root() {
            found.warning(CHECK, "You have no ssh-agent here: log in with ssh -A.", None);
        }
        return; // Root needs none.
    }
    match agent::connect().and_then(|mut agent| agent::list(&mut agent)) {
        Err(error) => found.warning(CHECK, error.to_string(), None),
        Ok(identities) => {
            let all = identities.iter().count();
            let certificates = identities.iter().filter(|key| Certificate::parse(key.blob).is_ok()).count();
            match certificates {
                0 => found.warning(CHECK, format!("Your ssh-agent holds {} and no certificate.", counted(all, "key")), None),
                _ => {
                    let what = format!("Your ssh-agent holds {}: ca-tool check asks.", counted(certificates, "certificate"));
                    found.ok(CHECK, what);
                }
            }
        }
    }
}
