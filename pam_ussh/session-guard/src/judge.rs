//! `look` and `renew`: one question to pam_ussh.so, in a process of its own, so that whatever a PAM stack loads and
//! leaves behind is gone with it. The answer is the exit code, PAM's, and lines on standard output.

use std::ffi::CStr;
use std::io::Write;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use ussh_libpam::code::SUCCESS;
use ussh_libpam::{Said, Transaction};

use crate::arguments::{AUTH_INFO, CONNECTION, Session};
use crate::stack::Folder;
use crate::text::plain;

/// PAM_SERVICE of a look. The module is told to count it among sshd's.
const LOOK: &str = "ussh-session";
/// PAM_SERVICE when the agent is asked.
const RENEW: &str = "ussh-session-renew";

/// What the module puts into the PAM environment when it accepts a certificate, and the name of the line with it.
const FACTS: [(&CStr, &str); 5] = [
    (c"USSH_KEY_ID", "key_id"),
    (c"USSH_SERIAL", "serial"),
    (c"USSH_CA", "ca"),
    (c"USSH_VALID_BEFORE", "valid_before"),
    (c"USSH_CERTIFICATE", "certificate"),
];

/// Does the module still accept what sshd had verified?
pub(crate) fn look(session: &Session) -> Result<u8, String> {
    let guard = format!("session_guard={}", session.sshd);
    let said_anew = [guard.as_str(), "sshd_services=ussh-session"];
    let mut transaction = transaction(session, LOOK, &said_anew)?;
    let variables = [(AUTH_INFO, Some(&session.login.auth_info)), (CONNECTION, session.login.connection.as_ref())];
    for (name, value) in variables {
        if let Some(value) = value {
            transaction.put(name, value).map_err(|code| format!("pam_putenv {name}: code {code}"))?;
        }
    }
    Ok(answer(transaction))
}

/// Does the agent at SSH_AUTH_SOCK hold a certificate that the module accepts? The person's address is not known to a
/// question of this kind; the certificate is looked at with it afterwards.
pub(crate) fn renew(session: &Session) -> Result<u8, String> {
    let guard = format!("session_guard={}", session.sshd);
    let said_anew = [guard.as_str(), "source_address=ignore"];
    Ok(answer(transaction(session, RENEW, &said_anew)?))
}

fn transaction(session: &Session, service: &str, said_anew: &[&str]) -> Result<Transaction, String> {
    die_with_parent()?;
    let folder = Folder::with(service, &session.words, said_anew)?;
    Transaction::start(service, &session.user, Some(folder.path()), pass_on)
        .map_err(|code| format!("pam_start_confdir: code {code}"))
}

/// What the module tells the person goes to who asked. It asks them for nothing.
fn pass_on(said: Said<'_>) {
    if let Said::Info(text) | Said::Error(text) = said {
        print("message", text);
    }
}

fn answer(mut transaction: Transaction) -> u8 {
    let code = transaction.account();
    if code == SUCCESS {
        for (name, line) in FACTS {
            if let Some(value) = transaction.get(name) {
                print(line, &value);
            }
        }
    }
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// A question that nobody waits for any more is not asked to its end.
pub(crate) fn die_with_parent() -> Result<(), String> {
    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| format!("prctl: {error}"))?;
    if parent.is_some() && getppid() == parent { Ok(()) } else { Err("who asked has gone".to_owned()) }
}

/// One line, whatever the text holds.
pub(crate) fn print(name: &str, text: &str) {
    // Certificates are long, and nothing but base64.
    let text = if name == "certificate" { text.replace('\n', " ") } else { plain(text) };
    let _ = writeln!(std::io::stdout(), "{name} {text}");
}
