//! OpenSSH's ssh-agent in a room, at SSH_AUTH_SOCK for every program there.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Done, Room, SecurityKey};

/// A running agent; it ends when dropped.
pub struct Agent {
    process: Child,
}

impl Agent {
    /// Starts one that may load the software security key and SoftHSM.
    pub fn start(room: &mut Room) -> Agent {
        let socket = room.path("agent");
        let mut command = Command::new("ssh-agent");
        // The room's variables are the agent's too: the device, and who is asked.
        let like = room.program("ssh-agent");
        command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["-D", "-P", &format!("{},/usr/lib/*", SecurityKey::library().display()), "-a"]).arg(&socket);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("install openssh-client");
        room.set("SSH_AUTH_SOCK", &socket);
        let start = Instant::now();
        // ssh-add -l exits 1 when the agent answers and holds nothing, 2 when none answers.
        while run(room, &["-l"]).code == 2 {
            assert!(start.elapsed() < Duration::from_secs(60), "ssh-agent does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Agent { process }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `ssh-add` in this room.
fn run(room: &Room, args: &[&str]) -> Done {
    let mut command = room.program("ssh-add");
    command.args(args);
    Done::of(command)
}

impl Room {
    /// `ssh-add ARGS`, which has to succeed.
    #[track_caller]
    pub fn ssh_add(&self, args: &[&str]) -> String {
        run(self, args).done().stdout
    }

    /// What the agent holds, as `ssh-add -L` lists it; empty when it holds nothing.
    pub fn agent_holds(&self) -> Vec<String> {
        let done = run(self, &["-L"]);
        if done.code == 0 { done.stdout.lines().map(str::to_owned).collect() } else { Vec::new() }
    }

    /// `SHA256:…` of a key's file.
    pub fn fingerprint(&self, file: &str) -> String {
        self.ok("ssh-keygen", &["-l", "-f", file]).split(' ').nth(1).unwrap().to_owned()
    }

    /// A program that answers every question with this line, as SSH_ASKPASS for all that starts from now on.
    pub fn answer_prompts_with(&mut self, answer: &str) {
        use std::os::unix::fs::PermissionsExt;
        let program = self.write("askpass.sh", format!("#!/bin/sh\necho '{answer}'\n"));
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.set("SSH_ASKPASS", program).set("SSH_ASKPASS_REQUIRE", "force");
    }
}
