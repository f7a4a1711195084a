//! SSH_ASKPASS, with the meaning that ssh(1) gives it.

use std::env;
use std::io::Read;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use crate::error::{Error, OrSay, Result};

/// Whether it comes before the terminal (SSH_ASKPASS_REQUIRE).
pub(super) fn preferred() -> bool {
    env::var("SSH_ASKPASS_REQUIRE").is_ok_and(|value| value == "force" || value == "prefer")
}

/// Nothing when no program is set.
pub(super) fn ask(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(program) = env::var_os("SSH_ASKPASS").filter(|program| !program.is_empty()) else {
        return Ok(None);
    };
    let advice = "SSH_ASKPASS names the program.";
    let what = "The program that asks for secrets cannot be used";
    let mut child = Command::new(program)
        .arg(format!("{prompt}: "))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .or_say(what, advice)?;
    let mut answer = Zeroizing::new(Vec::with_capacity(4097));
    if let Some(stdout) = child.stdout.take() {
        stdout.take(4096).read_to_end(&mut answer).or_say(what, advice)?;
    }
    if !child.wait().or_say(what, advice)?.success() {
        return Err(Error::new("Cancelled.", "Nothing was signed or changed."));
    }
    let end = answer.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(answer.len());
    answer.truncate(end);
    Ok(Some(answer))
}
