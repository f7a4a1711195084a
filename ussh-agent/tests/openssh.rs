//! The client with OpenSSH's own ssh-agent, ssh-add and ssh-keygen.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ussh_agent::{Agent, Error, SignFlags};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("install the package openssh-client");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn start_agent(socket: &Path) -> Running {
    let mut command = Command::new("ssh-agent");
    command.arg("-D").arg("-a").arg(socket).stdout(Stdio::null());
    let agent = Running(command.spawn().expect("install the package openssh-client"));
    let patience = Instant::now() + Duration::from_secs(10);
    while !socket.exists() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    agent
}

/// Whether a signature blob names this algorithm, after the four bytes of its length.
fn begins_with(signature: &[u8], algorithm: &str) -> bool {
    signature.get(4..).is_some_and(|rest| rest.starts_with(algorithm.as_bytes()))
}

#[test]
fn lists_and_signs_with_keys_in_the_real_ssh_agent() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent");
    let _running = start_agent(&socket);
    for (kind, bits) in [("ed25519", "256"), ("rsa", "2048")] {
        let key = folder.path().join(kind);
        let keygen = ["-q", "-N", "", "-t", kind, "-b", bits, "-C", kind, "-f"];
        run(Command::new("ssh-keygen").args(keygen).arg(&key));
        run(Command::new("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket));
    }

    let mut agent = Agent::connect(&socket, Instant::now() + Duration::from_secs(10)).unwrap();
    let identities = agent.identities().unwrap();
    let comments: Vec<_> = identities.iter().map(|identity| identity.comment).collect();
    assert_eq!(comments, [&b"ed25519"[..], b"rsa"]);
    let blobs: Vec<_> = identities.iter().map(|identity| identity.blob).collect();

    let error = agent.sign(b"not a key", b"data", SignFlags::NONE).unwrap_err();
    assert_eq!(error, Error::Refused);
    let signature = agent.sign(blobs[0], b"data", SignFlags::NONE).unwrap();
    assert!(begins_with(&signature, "ssh-ed25519"));
    let signature = agent.sign(blobs[1], b"data", SignFlags::RSA_SHA2_256).unwrap();
    assert!(begins_with(&signature, "rsa-sha2-256"));
    let signature = agent.sign(blobs[1], b"data", SignFlags::RSA_SHA2_512).unwrap();
    assert!(begins_with(&signature, "rsa-sha2-512"));
}
