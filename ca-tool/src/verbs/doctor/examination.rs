//! The examination, from the module to what it stands on.

use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use super::finding::Findings;
use super::stacks::Stacks;
use super::{agent, clock, devices, files, installed, services, sshd, sudoers, systemd, traps, updates, versions};
use crate::error::Result;
use crate::setting::Setting;

pub(super) fn run(setting: &Setting) -> Result<()> {
    let mut found = Findings::default();
    if !geteuid().is_root() {
        let what =
            "Not run as root: what only root can read was not looked at (sshd -T, sudoers, what is remembered of lists).";
        found.warning("root", what, Some("sudo ca-tool doctor".to_owned()));
    }
    let stacks = Stacks::of_this_host();
    if installed::look(&stacks, &mut found) {
        lines(&stacks, setting, &mut found);
    }
    versions::look(&stacks, &mut found);
    clock::look(&mut found);
    devices::look(setting, &mut found);
    agent::look(&mut found);
    found.report(setting)
}

/// A host that asks for certificates.
fn lines(stacks: &Stacks, setting: &Setting, found: &mut Findings) {
    services::look(stacks, &setting.krl, found);
    traps::look(stacks, found);
    files::look(stacks, setting, found);
    sshd::look(stacks, &setting.krl, found);
    sudoers::look(stacks, found);
    systemd::look(stacks, found);
    updates::look(stacks, setting, found);
}

/// What a program of the system's answers; nothing where there is no such program. Nobody's environment tells it anything.
pub(super) fn answer_of(program: &str, words: &[&str]) -> Option<Answer> {
    let mut command = Command::new(program);
    command.args(words).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    let output = command.output().ok()?;
    Some(Answer {
        is_success: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// What a program said.
pub(super) struct Answer {
    pub(super) is_success: bool,
    pub(super) out: String,
    pub(super) err: String,
}

impl Answer {
    /// The first line of what it complained of.
    pub(super) fn complaint(&self) -> &str {
        self.err.lines().chain(self.out.lines()).find(|line| !line.trim().is_empty()).unwrap_or("it says nothing")
    }
}
