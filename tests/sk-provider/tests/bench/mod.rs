//! A device in a temporary folder, and the OpenSSH programs pointed at it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Bench {
    folder: TempDir,
    agent: Option<Child>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("device")).unwrap();
        let bench = Bench { folder, agent: None };
        bench.write_askpass("exit 1");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes one of the device's files.
    pub(crate) fn set(&self, name: &str, content: &str) {
        // Renamed into place: the device may be reading.
        let draft = self.path("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, self.path("device").join(name)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("device").join(name)).unwrap()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("device/log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    pub(crate) fn wait_for_log(&self, line: &str) {
        let start = Instant::now();
        while !self.log().iter().any(|logged| logged == line) {
            assert!(start.elapsed() < Duration::from_secs(10), "{line:?} never came: {:?}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn unplug(&self) {
        fs::rename(self.path("device"), self.path("unplugged")).unwrap();
    }

    pub(crate) fn plug_in(&self) {
        fs::rename(self.path("unplugged"), self.path("device")).unwrap();
    }

    pub(crate) fn answer_prompts_with(&mut self, answer: &str) {
        self.write_askpass(&format!("echo {answer}"));
    }

    fn write_askpass(&self, command: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let draft = self.path("draft");
        fs::write(&draft, format!("#!/bin/sh\n{command}\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(draft, self.path("askpass")).unwrap();
    }

    pub(crate) fn start_agent(&mut self, arguments: &[&str]) {
        let provider = provider();
        let socket = self.path("agent");
        let mut agent = self.command("ssh-agent");
        agent.args(["-D", "-P"]).arg(&provider).arg("-a").arg(&socket).args(arguments);
        self.agent = Some(agent.stdout(Stdio::null()).spawn().unwrap());
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < Duration::from_secs(10), "ssh-agent never listened");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn ssh_add(&self, arguments: &[&str]) -> Finished {
        let mut ssh_add = self.command("ssh-add");
        ssh_add.arg("-S").arg(provider()).args(arguments);
        Finished::of(ssh_add)
    }

    /// ssh-keygen with this device; new keys get no passphrase.
    pub(crate) fn keygen(&self, arguments: &[&str]) -> Finished {
        let mut keygen = self.command("ssh-keygen");
        keygen.arg("-w").arg(provider()).args(arguments);
        if arguments.contains(&"-t") {
            keygen.args(["-q", "-N", ""]);
        }
        Finished::of(keygen)
    }

    /// Signs as SSHSIG with a private key file, or through the agent with a public one.
    pub(crate) fn sign(&self, key: &str) -> Finished {
        Finished::of(self.signing(key))
    }

    pub(crate) fn start_signing(&self, key: &str) -> Child {
        self.signing(key).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn signing(&self, key: &str) -> Command {
        fs::write(self.path("message"), "message").unwrap();
        let _ = fs::remove_file(self.path("message.sig"));
        let mut keygen = self.command("ssh-keygen");
        keygen.args(["-Y", "sign", "-n", "test", "-f", key, "message"]).env("SSH_SK_PROVIDER", provider());
        keygen
    }

    /// Signs, and lets ssh-keygen verify the signature.
    pub(crate) fn sign_and_verify(&self, key: &str) {
        self.sign(key).succeeds();
        let public = format!("{}.pub", key.trim_end_matches(".pub"));
        let public = fs::read_to_string(self.path(&public)).unwrap();
        fs::write(self.path("allowed"), format!("me {public}")).unwrap();
        let mut keygen = self.command("ssh-keygen");
        keygen.args(["-Y", "verify", "-n", "test", "-I", "me", "-f", "allowed", "-s", "message.sig"]);
        keygen.stdin(fs::File::open(self.path("message")).unwrap());
        Finished::of(keygen).succeeds();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        command.env("SK_PROVIDER_DEVICE", self.path("device"));
        command.env("SSH_ASKPASS", self.path("askpass")).env("SSH_ASKPASS_REQUIRE", "force");
        if self.agent.is_some() {
            command.env("SSH_AUTH_SOCK", self.path("agent"));
        }
        command
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            agent.kill().unwrap();
            agent.wait().unwrap();
        }
    }
}

#[must_use = "did it succeed?"]
pub(crate) struct Finished {
    command: String,
    output: Output,
}

impl Finished {
    fn of(mut command: Command) -> Finished {
        let output = command.output().unwrap();
        Finished { command: format!("{command:?}"), output }
    }

    fn said(&self) -> String {
        let Output { stdout, stderr, .. } = &self.output;
        String::from_utf8_lossy(&[&stdout[..], &stderr[..]].concat()).into_owned()
    }

    /// What it printed.
    pub(crate) fn succeeds(self) -> String {
        assert!(self.output.status.success(), "{} failed: {}", self.command, self.said());
        self.said()
    }

    pub(crate) fn fails_with(self, part: &str) {
        let said = self.said();
        assert!(!self.output.status.success(), "{} succeeded: {said}", self.command);
        assert!(said.contains(part), "{} failed without {part:?}: {said}", self.command);
    }
}

/// The library that cargo built beside this test.
fn provider() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.parent().unwrap().join("libsk_provider.so");
    assert!(Path::new(&library).exists(), "{} is missing", library.display());
    library
}
