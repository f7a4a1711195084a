//! OpenSSH's ssh-agent, for this process alone, in a folder that only this user can enter.
//!
//! It ends when we do, kill -9 included: `ssh-agent COMMAND` runs a small shell script as COMMAND, which waits for the
//! end of a pipe whose other end only we hold, then ends the agent (and the helper that may still wait for a touch)
//! and removes the folder. Should the script itself be killed, the agent notices within ten seconds.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ussh_agent::Agent;

use super::askpass;
use crate::error::{Error, OrSay, Result};

/// Far more than starting a program takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The agent leads a process group of its own, with its helpers in it.
const UNTIL_WE_END: &str = r#"echo ready; cat; kill -s TERM -- "-$SSH_AGENT_PID"; rm -rf -- "$0""#;

pub(super) struct PrivateAgent {
    folder: PathBuf,
    script: Child,
}

impl PrivateAgent {
    /// Starts it. `provider` is the only security key library that it may load, beside OpenSSH's own.
    pub(super) fn start(provider: &Option<String>) -> Result<Self> {
        let what = "OpenSSH's ssh-agent, which reaches the security key, cannot be started";
        let advice = "Install openssh-client; or add the key to your own agent (ssh-add FILE) and use -s agent:FILE.pub.";
        let folder = new_folder().or_say(what, "A temporary folder is needed: see TMPDIR.")?;
        let mut command = Command::new("ssh-agent");
        command.arg("-a").arg(socket(&folder));
        if let Some(provider) = provider {
            command.args(["-P", provider]);
        }
        command.args(["/bin/sh", "-c", UNTIL_WE_END]).arg(&folder);
        askpass::announce(&mut command, &askpass_socket(&folder)).or_say(what, advice)?;
        // Away from Ctrl-C, which is for us alone; it ends when we have ended.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let started = command.spawn().or_say(what, advice);
        if started.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        let mut agent = Self { folder, script: started? };
        agent.wait_until_ready().ok_or_else(|| Error::new(format!("{what}."), advice))?;
        Ok(agent)
    }

    /// The script's first word: the agent listens by then.
    fn wait_until_ready(&mut self) -> Option<()> {
        let mut line = String::new();
        BufReader::new(self.script.stdout.take()?).read_line(&mut line).ok()?;
        (line == "ready\n").then_some(())
    }

    pub(super) fn connect(&self) -> Result<Agent> {
        Agent::connect(&socket(&self.folder), Instant::now() + PATIENCE)
            .or_say("The private ssh-agent does not answer", "Try again.")
    }

    /// Where the agent's questions for PINs arrive.
    pub(super) fn askpass_socket(&self) -> PathBuf {
        askpass_socket(&self.folder)
    }
}

impl Drop for PrivateAgent {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("agent")
}

fn askpass_socket(folder: &Path) -> PathBuf {
    folder.join("askpass")
}

/// 0700, under a name that nobody can have guessed; whatever stands there already is an error.
fn new_folder() -> std::io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let folder = std::env::temp_dir().join(format!("ca-tool-{:016x}", u64::from_be_bytes(random)));
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}
