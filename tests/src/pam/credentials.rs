//! Keys and certificates by the real ssh-keygen, held by the real ssh-agent.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::room::give_to;
use super::{Room, User};

/// A private key file of ssh-keygen and its `.pub`.
#[derive(Clone, Debug)]
pub struct Key {
    path: PathBuf,
}

impl Key {
    /// The private key's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The public key's line.
    pub fn public(&self) -> String {
        fs::read_to_string(self.path.with_extension("pub")).expect("a public key")
    }

    /// `SHA256:…`
    pub fn fingerprint(&self) -> String {
        let printed = run(Command::new("ssh-keygen").args(["-l", "-f"]).arg(self.path.with_extension("pub")));
        printed.split(' ').nth(1).expect("size fingerprint comment").to_owned()
    }
}

/// What stands in a certificate to be.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Comma list; empty for none.
    pub principals: String,
    /// `-V` of ssh-keygen.
    pub validity: String,
    /// Further words for ssh-keygen, such as `-O no-pty`, `-h`, `-z 7`, `-t rsa-sha2-256`.
    pub more: Vec<String>,
    /// Key ID; need not be UTF-8.
    pub id: OsString,
}

impl Default for Certificate {
    fn default() -> Self {
        Self { principals: "alice".into(), validity: "-1m:+1h".into(), more: Vec::new(), id: "alice@corp".into() }
    }
}

impl Certificate {
    /// For these principals.
    pub fn of(principals: &str) -> Self {
        Self { principals: principals.into(), ..Self::default() }
    }

    /// Valid in this interval of ssh-keygen's `-V`.
    pub fn valid(validity: &str) -> Self {
        Self { validity: validity.into(), ..Self::default() }
    }

    /// With further words for ssh-keygen.
    pub fn with(words: &str) -> Self {
        Self { more: words.split_whitespace().map(str::to_owned).collect(), ..Self::default() }
    }
}

impl Room {
    /// A key of the type that the words of ssh-keygen say, such as `ed25519` or `rsa -b 2048`.
    pub fn key(&self, name: &str, kind: &str) -> Key {
        let path = self.folder().join(name);
        let words = kind.split(' ');
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", name, "-f"]).arg(&path).arg("-t").args(words));
        Key { path }
    }

    /// A certificate beside the key, `NAME-cert.pub`; returns its path.
    pub fn certify(&self, ca: &Key, key: &Key, certificate: &Certificate) -> PathBuf {
        self.certify_file(ca, &key.path.with_extension("pub"), certificate)
    }

    /// The same for a public key file, `NAME.pub`.
    pub fn certify_file(&self, ca: &Key, public: &Path, certificate: &Certificate) -> PathBuf {
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-q", "-V", &certificate.validity, "-I"])
            .arg(&certificate.id)
            .arg("-s")
            .arg(ca.path())
            .args(&certificate.more);
        if !certificate.principals.is_empty() {
            command.args(["-n", &certificate.principals]);
        }
        run(command.arg(public));
        PathBuf::from(format!("{}-cert.pub", public.with_extension("").display()))
    }

    /// Where alice's agent listens.
    pub fn socket(&self) -> PathBuf {
        self.home(User::ALICE).join("agent")
    }

    /// A real ssh-agent of `user` at `socket`.
    pub fn agent_of(&self, user: User, socket: &Path) -> Agent {
        let mut command = self.command(user, "ssh-agent");
        command.args(["-D", "-a"]).arg(socket).stdout(Stdio::null()).stdin(Stdio::null());
        let child = command.spawn().expect("ssh-agent starts");
        let mut agent = Agent { child, socket: socket.to_owned() };
        agent.wait_until_it_listens();
        agent
    }

    /// A real ssh-agent of alice at the usual place.
    pub fn agent(&self) -> Agent {
        self.agent_of(User::ALICE, &self.socket())
    }

    /// Trusts this CA at the default place.
    pub fn trust(&self, ca: &Key) {
        self.write("ssh/trusted_user_ca", ca.public());
    }
}

/// A running ssh-agent; ends when dropped.
pub struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    /// Its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Adds the key, and the certificate beside it if there is one.
    pub fn add(&self, key: &Key) {
        run(self.ssh_add().arg(key.path()));
    }

    /// Adds the key and its certificate, then takes the plain key out again.
    pub fn add_certificate_alone(&self, key: &Key) {
        self.add(key);
        run(self.ssh_add().arg("-d").arg("-k").arg(key.path()));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        run(self.ssh_add().arg("-D"));
    }

    /// root may talk to anybody's ssh-agent.
    fn ssh_add(&self) -> Command {
        let mut command = Command::new("ssh-add");
        command.arg("-q").env("SSH_AUTH_SOCK", &self.socket);
        command
    }

    fn wait_until_it_listens(&mut self) {
        let give_up = Instant::now() + Duration::from_secs(10);
        while UnixStream::connect(&self.socket).is_err() {
            let ended = self.child.try_wait().expect("our own child");
            assert!(ended.is_none() && Instant::now() < give_up, "ssh-agent does not listen at {}", self.socket.display());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program that must succeed; what it printed.
///
/// # Panics
/// If it fails, with what it said.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes a file a user's own, readable by that user alone.
pub fn private_to(path: &Path, user: User) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
    give_to(path, user);
}
