//! `World`: a private host with real sshd, sudo, su, doas and ssh-agent, on which nothing of the real host changes.
//!
//! ```no_run
//! use tests::world::{Request, World};
//!
//! let world = World::new();
//! world.pam("sudo", "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_permit.so\n");
//! let ca = world.ca("ed25519");
//! world.trust(&[&ca]);                                       // writes /etc/ssh/trusted_user_ca
//! let key = world.key("ed25519");
//! ca.sign(&key, &Request::new("alice@corp").principals("alice").serial(7).validity("-1m:+1h"));
//! let agent = world.agent();
//! agent.add(&key);                                           // the key and its certificate
//! let mut alice = world.ssh("alice").agent(&agent).tty().open(); // ssh -A, through the real sshd
//! let answer = alice.run("sudo id -u");
//! assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"), "{answer}");
//! assert!(world.log().iter().any(|line| line.contains("alice@corp")));
//! ```
//!
//! Users: root, alice, bob, mallory (password: NAME-password), and laptop, who owns the keys and agents at the far end.
//! alice and bob are in group `ops`; alice, bob and mallory in `shared`. All three may sudo; everything else is as
//! `private-host.sh` writes it. Worlds are independent; dropping one kills every process in it.

mod agent;
mod ca_tool;
mod files;
mod host;
mod keys;
mod libexec;
mod log;
mod needs;
mod polkit;
mod relay;
mod run;
mod security_key;
mod ssh;
mod sudo;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use agent::Agent;
pub use keys::{Ca, Key, Request};
pub use run::Output;
pub use security_key::SecurityKey;
pub use ssh::{Login, Session};
pub use sudo::is_sudo_rs;

use host::Host;
use log::Log;

/// Where the module and sshd look for trusted CAs unless told otherwise.
pub const CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// A private host. See the module's documentation.
pub struct World {
    log: Log,
    host: Host,
    login_key: String,
    names: AtomicUsize,
}

impl World {
    /// Starts a private host with sshd running and the module under test installed as `pam_ussh.so`.
    ///
    /// The module is `$PAM_USSH_SO`, else `target/release/libpam_ussh.so` of this workspace.
    pub fn new() -> World {
        World::with_module(&module_under_test())
    }

    /// The same with another build of the module, for instance one that panics on purpose.
    pub fn with_module(module: &std::path::Path) -> World {
        needs::check(module);
        let host = Host::start(module);
        let log = Log::listen(&host.path("/dev/log"));
        let mut world = World { host, log, login_key: String::new(), names: AtomicUsize::new(0) };
        world.prepare_logins();
        world.run(&["/usr/sbin/sshd"]).ok();
        world.log();
        world
    }

    /// Everybody can log in with this plain key, so that a test of sudo does not depend on how sshd judges a certificate.
    fn prepare_logins(&mut self) {
        let key = self.key("ed25519");
        let public = self.read(&key.public());
        self.write("/etc/ssh/authorized_keys", &public);
        self.write_as("/opt/rig/session.sh", include_bytes!("session.sh"), "root", 0o755);
        self.mkdir("/run/rig", "root", 0o755);
        self.login_key = key.path().to_owned();
    }

    /// Replaces `/etc/pam.d/SERVICE` (and `sudo-i` with `sudo`).
    pub fn pam(&self, service: &str, lines: &str) {
        self.write(&format!("/etc/pam.d/{service}"), lines);
        if service == "sudo" {
            self.write("/etc/pam.d/sudo-i", lines);
        }
    }

    /// Adds lines to sudoers, `Defaults` or rules; the last matching rule wins in sudo.
    pub fn sudoers(&self, lines: &str) {
        let name = self.fresh("/etc/sudoers.d/rig-");
        self.write_as(&name, format!("{lines}\n").as_bytes(), "root", 0o440);
        self.run(&["visudo", "-c"]).ok();
    }

    /// Adds lines in front of sshd_config and restarts sshd; sessions that are open stay.
    pub fn sshd_config(&self, lines: &str) {
        let old = self.read("/etc/ssh/sshd_config");
        self.write("/etc/ssh/sshd_config", &format!("{lines}\n{old}"));
        // sshd listens before it writes this file.
        self.run(&["/bin/sh", "-c", "until [ -s /run/sshd.pid ]; do sleep 0.05; done; kill -HUP $(cat /run/sshd.pid)"]).ok();
        // HUP makes sshd start anew: its port answers again when it is back.
        self.run(&[
            "/bin/bash",
            "-c",
            "for i in {1..100}; do sleep 0.05; (: </dev/tcp/127.0.0.1/22) 2>&- && exit; done; exit 1",
        ])
        .ok();
    }

    /// Makes these the trusted CAs in the module's default file.
    pub fn trust(&self, cas: &[&Ca]) {
        let keys: String = cas.iter().map(|ca| self.read(&ca.key().public())).collect();
        self.write(CA_FILE, &keys);
    }

    /// A new key pair of the laptop's, without certificate. `kind` as in [`World::ca`].
    pub fn key(&self, kind: &str) -> Key<'_> {
        Key::generate(self, kind, "laptop", &self.fresh("/home/laptop/id-"))
    }

    /// A new CA. `kind` is ssh-keygen's `-t`, with bits if need be: `ed25519`, `ecdsa-384`, `rsa-3072`, `ed25519-sk`.
    pub fn ca(&self, kind: &str) -> Ca<'_> {
        Ca(Key::generate(self, kind, "root", &self.fresh("/root/ca-")))
    }

    /// Plugs a FIDO security key into the laptop: from now on `ed25519-sk` and `ecdsa-sk` keys can be made and used.
    pub fn security_key(&self) -> SecurityKey<'_> {
        SecurityKey::plug_in(self)
    }

    /// Starts an ssh-agent of the laptop's.
    pub fn agent(&self) -> Agent<'_> {
        self.agent_of("laptop", &self.fresh("/home/laptop/agent-"))
    }

    /// Starts an ssh-agent of `user` at a socket of your choice, for the cases about other people's sockets.
    pub fn agent_of(&self, user: &str, socket: &str) -> Agent<'_> {
        Agent::start(self, user, socket)
    }

    /// A login as `user` over ssh: choose its agent and terminal, then open it.
    pub fn ssh(&self, user: &str) -> Login<'_> {
        Login::new(self, user)
    }

    /// All log lines since the last call, as `tag: text` (`sudo: pam_ussh(sudo:auth): …`), from every program that has
    /// ended. Nothing is waited for: a line that is missing was not logged.
    pub fn log(&self) -> Vec<String> {
        self.log.take()
    }

    /// [`World::log`], the module's own lines only.
    pub fn module_log(&self) -> Vec<String> {
        self.log().into_iter().filter(|line| line.contains("pam_ussh(")).collect()
    }

    /// A command in the world, as root. Set more environment, stdin and so on as you like.
    pub fn command(&self, program: &str) -> Command {
        self.host.command("root", program)
    }

    /// A command in the world as `user`, with all their groups.
    pub fn command_as(&self, user: &str, program: &str) -> Command {
        self.host.command(user, program)
    }

    /// The same without the limit of time that every other command has: for what runs in the background.
    pub fn daemon_as(&self, user: &str, program: &str) -> Command {
        self.host.daemon(user, program)
    }

    /// Runs a command as root to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        run::run(self.command(words[0]).args(&words[1..]))
    }

    /// Runs a command as `user` to its end.
    pub fn run_as(&self, user: &str, words: &[&str]) -> Output {
        run::run(self.command_as(user, words[0]).args(&words[1..]))
    }

    /// [`World::run_as`] with more environment.
    pub fn run_with(&self, user: &str, environment: &[(&str, &str)], words: &[&str]) -> Output {
        run::run(self.command_as(user, words[0]).envs(environment.iter().copied()).args(&words[1..]))
    }

    /// `prefix` with a number that nothing else in this world has.
    pub fn fresh(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.names.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

/// `$PAM_USSH_SO`, else this workspace's release build.
pub fn module_under_test() -> PathBuf {
    match std::env::var_os("PAM_USSH_SO") {
        Some(path) => path.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/libpam_ussh.so").into(),
    }
}
