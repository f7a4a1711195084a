//! The real ssh-agent, filled by the real ssh-add.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Key, Output, World, run, security_key};

/// A running ssh-agent. Dropping it leaves it running until the world ends; [`Agent::stop`] ends it.
pub struct Agent<'w> {
    world: &'w World,
    socket: String,
    process: Child,
}

impl<'w> Agent<'w> {
    pub(super) fn start(world: &'w World, user: &str, socket: &str) -> Agent<'w> {
        let mut command = world.daemon_as(user, "ssh-agent");
        let process = command
            .args(["-D", "-P", security_key::PROVIDER, "-a", socket])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("ssh-agent starts");
        let agent = Agent { world, socket: socket.to_owned(), process };
        let start = Instant::now();
        // ssh-add -l exits 1 when the agent answers and holds nothing, 2 when none answers.
        while agent.ssh_add(&["-l"]).code == 2 {
            assert!(start.elapsed() < Duration::from_secs(10), "ssh-agent does not answer at {socket}");
            std::thread::sleep(Duration::from_millis(5));
        }
        agent
    }

    /// Its socket, in the world.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// Adds a key, and its certificate when there is one: two identities, as ssh-add does.
    #[track_caller]
    pub fn add(&self, key: &Key<'_>) {
        self.ssh_add(&["-q", key.path()]).ok();
    }

    /// Removes what [`Agent::add`] added.
    #[track_caller]
    pub fn remove(&self, key: &Key<'_>) {
        self.ssh_add(&["-q", "-d", key.path()]).ok();
    }

    /// Any other ssh-add: `["-t", "5", key.path()]`.
    pub fn ssh_add(&self, words: &[&str]) -> Output {
        run::run(self.command("ssh-add").args(words))
    }

    /// Locks it with a password, which no one needs to know.
    #[track_caller]
    pub fn lock(&self) {
        self.world.write_as("/opt/rig/askpass.sh", b"#!/bin/sh\necho locked\n", "root", 0o755);
        let mut command = self.command("ssh-add");
        command.env("SSH_ASKPASS", "/opt/rig/askpass.sh").env("SSH_ASKPASS_REQUIRE", "force").arg("-x");
        run::run(&mut command).ok();
    }

    /// Ends it, and its socket with it.
    pub fn stop(self) {
        self.end("-TERM");
    }

    /// Kills it: the socket's file stays behind.
    pub fn kill(self) {
        self.end("-KILL");
    }

    fn end(mut self, signal: &str) {
        // The process we know is nsenter, which would leave the agent behind.
        let pattern = format!("^ssh-agent -D .* {}$", self.socket);
        self.world.run(&["pkill", signal, "-x", "-f", &pattern]).ok();
        let _ = self.process.wait();
    }

    /// As root, whom every ssh-agent serves and who may read every key.
    fn command(&self, program: &str) -> Command {
        let mut command = self.world.command(program);
        command.env("SSH_AUTH_SOCK", &self.socket);
        command
    }
}
