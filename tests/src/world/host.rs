//! The process that holds the namespaces, and commands in them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::security_key;

const SETUP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/world/private-host.sh");
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rig";

/// No command in a world may take longer; a hung one is a failed one.
const LIMIT_SECONDS: &str = "60";

pub(super) struct Host {
    // Its stdin is the world's life line: the world ends when this process does, however it does.
    holder: Child,
    pid: u32,
}

impl Host {
    pub(super) fn start(module: &Path) -> Host {
        let mut holder = Command::new("unshare")
            .args(["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "bash", SETUP])
            .arg(module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().expect("its stdout is a pipe")).read_line(&mut line).expect("its stdout is text");
        let Ok(pid) = line.trim().parse() else {
            panic!("private-host.sh failed ({:?}); its words stand above", holder.wait());
        };
        Host { holder, pid }
    }

    pub(super) fn path(&self, inside: &str) -> PathBuf {
        assert!(inside.starts_with('/'), "{inside} is not an absolute path");
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }

    /// A command that is killed when it hangs.
    pub(super) fn command(&self, user: &str, program: &str) -> Command {
        self.enter(user, &["timeout", "--foreground", "--kill-after=1", LIMIT_SECONDS], program)
    }

    /// A command that may run as long as the world does.
    pub(super) fn daemon(&self, user: &str, program: &str) -> Command {
        self.enter(user, &[], program)
    }

    fn enter(&self, user: &str, limit: &[&str], program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.pid.to_string());
        command.args(["--mount", "--pid", "--net", "--uts", "--ipc", "--root", "--wd"]);
        command.args(limit);
        if user != "root" {
            command.args(["setpriv", "--reuid", user, "--regid", user, "--init-groups"]);
        }
        command.arg(program);
        command.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8");
        let home = if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
        command.envs(security_key::ENVIRONMENT);
        command.env("HOME", home).env("USER", user).env("LOGNAME", user).env("SHELL", "/bin/bash");
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
