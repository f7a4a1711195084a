//! A file for `/etc/sudoers.d`.

use std::io::Write;
use std::process::{Command, Stdio};

use super::Lines;

/// sudo's default, and what it takes away from the module when it is off.
const LINES: [(&str, &str); 3] = [
    ("The account stack, and with it pam_ussh, is asked on every command.", "Defaults pam_acct_mgmt"),
    ("A certificate stands in for the password under sudo -n as well.", "Defaults noninteractive_auth"),
    (
        "The agent does not reach the commands that run as root; pam-ussh needed this, pam_ussh does not.",
        "Defaults env_keep -= \"SSH_AUTH_SOCK\"",
    ),
];

pub(super) fn lines() -> Lines {
    let mut notes = Vec::new();
    let mut text = String::new();
    for (why, line) in LINES {
        match understood(line) {
            Some(true) => text.push_str(&format!("# {why}\n{line}\n")),
            Some(false) => notes.push(format!("This host's sudo does not know it, so it is left out: {line}")),
            None => {
                notes.push(format!("There is no visudo here to ask whether this is understood: {line}"));
                text.push_str(&format!("# {why}\n{line}\n"));
            }
        }
    }
    Lines { file: "/etc/sudoers.d/ussh".into(), text, notes }
}

/// What visudo says of the line; nothing where there is no visudo.
fn understood(line: &str) -> Option<bool> {
    let mut file = tempfile::NamedTempFile::new().ok()?;
    writeln!(file, "{line}").ok()?;
    ["visudo", "/usr/sbin/visudo"].iter().find_map(|program| {
        let mut visudo = Command::new(program);
        visudo.args(["-c", "-s", "-f"]).arg(file.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        visudo.status().ok().map(|status| status.success())
    })
}
