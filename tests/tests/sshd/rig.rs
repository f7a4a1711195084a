//! A host whose sshd trusts the CA that the module trusts, and somebody who comes from the laptop with a certificate.

use std::process::Stdio;

use tests::world::{CA_FILE, Ca, Key, Output, Request, World};

/// sshd_config: the certificate alone, which is what most hosts have.
pub const KEY: &str = "AuthenticationMethods publickey";
/// The certificate, then whatever PAM asks.
pub const KEY_THEN_PAM: &str = "KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive:pam";
/// The same the other way round.
pub const PAM_THEN_KEY: &str = "KbdInteractiveAuthentication yes\nAuthenticationMethods keyboard-interactive:pam,publickey";
/// Two keys.
pub const TWO_KEYS: &str = "AuthenticationMethods publickey,publickey";

/// What the person reads when no certificate was looked at.
pub const NOT_SET_UP: &str = "pam_ussh is not set up correctly here. Tell this host's administrator; the reason is in the \
                              system log.";

/// What is asked by the laptop's ssh, answered with alice's password.
const ASKED: &str = "/home/laptop/asked";
const ASKPASS: &str = "/opt/rig/askpass.sh";

/// pam.d/sshd with the module in these stacks. Behind it, and in the others, stands what a plain host has.
pub fn stacks(of: &[&str], options: &str) -> String {
    let mut lines = String::new();
    for (stack, otherwise) in [("auth", "pam_unix.so"), ("account", "pam_unix.so"), ("session", "pam_permit.so")] {
        if of.contains(&stack) {
            lines += &format!("{stack} required pam_ussh.so {options}\n");
        }
        // A plain password would hide what the module alone says.
        if stack != "auth" || !of.contains(&stack) {
            lines += &format!("{stack} required {otherwise}\n");
        }
    }
    lines
}

/// Somebody with a key and a certificate.
pub struct Person<'w> {
    pub world: &'w World,
    pub ca: Ca<'w>,
    pub key: Key<'w>,
}

impl<'w> Person<'w> {
    /// An hour for alice by the CA that both trust; the log is read up to here.
    pub fn new(world: &'w World, sshd_config: &str) -> Person<'w> {
        let person = Person { world, ca: world.ca("ed25519"), key: world.key("ed25519") };
        world.trust(&[&person.ca]);
        world.sshd_config(&format!("TrustedUserCAKeys {CA_FILE}\n{sshd_config}"));
        world.write_as(ASKPASS, format!("#!/bin/sh\necho \"$1\" >>{ASKED}\necho alice-password\n").as_bytes(), "root", 0o755);
        person.renew(&good());
        person
    }

    /// Another certificate for the same key.
    #[track_caller]
    pub fn renew(&self, request: &Request) {
        self.ca.sign(&self.key, request);
        self.world.log();
    }

    /// Logs in as alice with key and certificate, nothing else, and runs a command.
    pub fn login(&self, command: &str) -> Output {
        self.ssh(&["alice@localhost", command])
    }

    /// The same with other words for ssh.
    pub fn ssh(&self, words: &[&str]) -> Output {
        let certificate = format!("-oCertificateFile={}", self.key.certificate());
        ssh(self.world, &[&["-i", self.key.path(), &certificate], words].concat())
    }
}

/// ssh from the laptop, which has no agent, and answers every question with alice's password; see [`asked`].
pub fn ssh(world: &World, words: &[&str]) -> Output {
    world.write_as(ASKED, b"", "laptop", 0o644);
    let mut command = world.command_as("laptop", "ssh");
    command.env("SSH_ASKPASS", ASKPASS).env("SSH_ASKPASS_REQUIRE", "force");
    command.args(["-F/dev/null", "-oIdentitiesOnly=yes", "-oHostKeyAlias=localhost", "-oKexAlgorithms=curve25519-sha256"]);
    command.args(["-oGlobalKnownHostsFile=/etc/ssh/ssh_known_hosts", "-oNumberOfPasswordPrompts=1", "-T"]);
    let answer = command.args(words).stdin(Stdio::null()).output().expect("ssh starts");
    Output {
        command: format!("ssh {}", words.join(" ")),
        code: answer.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&answer.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&answer.stderr).into_owned(),
    }
}

/// What the last [`ssh`] asked the person, a line each.
pub fn asked(world: &World) -> Vec<String> {
    world.read(ASKED).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// An hour for alice.
pub fn good() -> Request {
    Request::new("alice@corp").serial(7)
}

/// In, and the command (`echo in`) ran.
#[track_caller]
pub fn assert_in(answer: &Output) {
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "in\n"), "it should have run: {answer}");
}

/// sshd ends the connection before there is a session; the person is told this, if anything.
#[track_caller]
pub fn assert_not_in(answer: &Output, sentence: &str) {
    assert_eq!((answer.code, answer.stdout.as_str()), (255, ""), "it should not have been let in: {answer}");
    assert!(answer.stderr.contains(sentence), "{sentence:?} is missing: {answer}");
}

/// sshd says why and runs nothing; the channel ends with 254.
#[track_caller]
pub fn assert_no_session(answer: &Output, sentence: &str) {
    assert_eq!(answer.code, 254, "no session should have been opened: {answer}");
    assert!(!answer.stdout.lines().any(|line| line == "in"), "the command ran: {answer}");
    assert!(answer.stdout.contains(sentence), "{sentence:?} is missing: {answer}");
}

/// The module's verdicts since the log was last read: stack, verdict, reason (empty when there is none).
pub fn verdicts(world: &World) -> Vec<String> {
    world.module_log().iter().filter_map(|line| verdict(line)).collect()
}

fn verdict(line: &str) -> Option<String> {
    let (stack, rest) = line.split_once("pam_ussh(sshd:")?.1.split_once("): ")?;
    let word = rest.split(' ').next()?;
    let reason = rest.split_once(" reason=").map_or("", |(_, reason)| reason.split(' ').next().unwrap_or_default());
    Some(format!("{stack} {word} {reason}").trim_end().to_owned())
}
