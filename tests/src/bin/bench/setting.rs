//! The private host, agent, keys and CA file of one case.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

use base64ct::{Base64, Encoding};
use ssh_key::private::{Ed25519Keypair, PrivateKey};
use tests::pam::{Agent, Certificate, Room, User, module, run};

use crate::worker::{What, Worker};

/// What is held and trusted. Kinds are words for `ssh-keygen -t`.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) key: &'static str,
    pub(crate) ca: &'static str,
    /// How many keys the agent holds; the certificate stands last.
    pub(crate) keys: usize,
    /// How many keys the CA file holds; the right one stands last.
    pub(crate) ca_keys: usize,
    /// Whether the agent holds the plain key too, as ssh-add has it, so that it can sign with that one.
    pub(crate) plain_key: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |kind: &str| kind.replace("ecdsa -b ", "P-").replace(" -b ", "-");
        write!(f, "{}, CA {}", short(self.key), short(self.ca))?;
        match self {
            Self { keys: 2.., .. } => write!(f, ", {} keys", self.keys),
            Self { ca_keys: 2.., .. } => write!(f, ", {} CA keys", self.ca_keys),
            Self { plain_key: false, .. } => f.write_str(", no plain key"),
            _ => Ok(()),
        }
    }
}

/// A case set up and running.
pub(crate) struct Setting {
    room: Room,
    agent: Agent,
    sign_with: PathBuf,
}

impl Setting {
    pub(crate) fn new(case: &Case) -> Self {
        let room = Room::new();
        let ca = room.key("ca", case.ca);
        let lines: Vec<_> = (1..case.ca_keys).map(|number| public_line(&filler("ca", number))).collect();
        room.write("ssh/trusted_user_ca", lines.concat() + &ca.public());
        room.write("pam.d/sudo", format!("auth required {}\n", module().display()));
        room.write("pam.d/permit", "auth required pam_permit.so\n");
        let key = room.key("key", case.key);
        let certificate = room.certify(&ca, &key, &Certificate::default());
        let agent = room.agent();
        fill(&room, &agent, case.keys - 1);
        let signs = if case.plain_key {
            agent.add(&key);
            key.path().with_extension("pub")
        } else {
            agent.add_certificate_alone(&key);
            certificate
        };
        let sign_with = room.folder().join("blob");
        fs::write(&sign_with, blob(&fs::read_to_string(signs).expect("a public key"))).expect("a file");
        Self { room, agent, sign_with }
    }

    /// A fresh process that does this.
    pub(crate) fn worker(&self, what: What) -> Worker {
        let program = std::env::current_exe().expect("the path of this program");
        Worker::new(self.command(program.to_str().expect("a path is text")), what)
    }

    /// How many system calls a process makes that does this once.
    pub(crate) fn system_calls(&self, what: What) -> isize {
        let trace = self.room.folder().join("trace");
        let mut command = self.command("strace");
        command.arg("-qq").arg("-o").arg(&trace).arg(std::env::current_exe().expect("the path of this program"));
        Worker::new(command, what).once();
        let lines = fs::read_to_string(trace).expect("what strace wrote").lines().count();
        isize::try_from(lines).expect("a number of system calls")
    }

    /// To be run as sudo is: by root's right, started by alice.
    fn command(&self, program: &str) -> Command {
        let mut command = self.room.command(User::ROOT, program);
        command.env("SSH_AUTH_SOCK", self.agent.socket()).env("BENCH_BLOB", &self.sign_with);
        command
    }
}

/// Puts other keys into the agent.
fn fill(room: &Room, agent: &Agent, count: usize) {
    let folder = room.folder().join("others");
    fs::create_dir(&folder).expect("a folder");
    let paths: Vec<_> = (0..count).map(|number| folder.join(number.to_string())).collect();
    for (number, path) in paths.iter().enumerate() {
        let text = filler("other", number).to_openssh(ssh_key::LineEnding::LF).expect("a private key's file");
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).expect("a file");
        file.write_all(text.as_bytes()).expect("a file");
    }
    if count > 0 {
        run(Command::new("ssh-add").arg("-q").args(paths).env("SSH_AUTH_SOCK", agent.socket()));
    }
}

/// One of many keys that nobody asks for.
fn filler(what: &str, number: usize) -> PrivateKey {
    let mut seed = [0; 32];
    let text = format!("{what} {number}");
    seed.iter_mut().zip(text.bytes()).for_each(|(seed, byte)| *seed = byte);
    Ed25519Keypair::from_seed(&seed).into()
}

fn public_line(key: &PrivateKey) -> String {
    key.public_key().to_openssh().expect("a public key") + "\n"
}

fn blob(line: &str) -> Vec<u8> {
    Base64::decode_vec(line.split(' ').nth(1).expect("type, key, comment")).expect("base64")
}
