//! A private host with the session guard installed, people who log in with certificates, and what became of them.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::world::{Ca, Key, Request, World};

/// For what must happen, however loaded the machine is.
const LONG: Duration = Duration::from_secs(100);

/// A host whose sshd takes certificates, with these options on the module's line.
pub(crate) fn world(options: &str) -> World {
    let world = world_without_guard(options);
    world.install_session_guard();
    world
}

pub(crate) fn world_without_guard(options: &str) -> World {
    let world = World::new();
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca\nSubsystem sftp internal-sftp");
    set_options(&world, options);
    world
}

pub(crate) fn set_options(world: &World, options: &str) {
    let permit = "auth required pam_permit.so\naccount required pam_permit.so\n";
    world.pam("sshd", &format!("{permit}session required pam_ussh.so {options}\n"));
}

/// Somebody with a key, and the CA that certifies it.
pub(crate) struct Person<'w> {
    pub(crate) world: &'w World,
    pub(crate) ca: Ca<'w>,
    pub(crate) key: Key<'w>,
}

impl<'w> Person<'w> {
    pub(crate) fn new(world: &'w World) -> Person<'w> {
        let (ca, key) = (world.ca("ed25519"), world.key("ed25519"));
        world.trust(&[&ca]);
        Person { world, ca, key }
    }

    /// A certificate for so many seconds from now on.
    pub(crate) fn certified_for(&self, seconds: u64) {
        self.certified(&alice().validity(&format!("-1m:+{seconds}s")));
    }

    pub(crate) fn certified(&self, request: &Request) {
        self.ca.sign(&self.key, request);
    }

    pub(crate) fn login(&self) -> tests::world::Login<'w> {
        self.world.ssh("alice").by_certificate(&self.key)
    }

    /// A program of OpenSSH's that logs in: `ssh -N alice@localhost`, `scp FILE alice@localhost:`.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = self.world.daemon_as("laptop", program);
        command.args(["-oIdentitiesOnly=yes", "-oBatchMode=yes"]);
        command.arg(format!("-oIdentityFile={}", self.key.path()));
        command.arg(format!("-oCertificateFile={}", self.key.certificate()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Puts a list in the place of the one before at once, as one should.
pub(crate) fn revoke(world: &World, ca: &Ca<'_>, line: &str) {
    world.write("/etc/ssh/to_revoke", &format!("{line}\n"));
    let (new, list, ca) = ("/etc/ssh/new_revoked_keys", "/etc/ssh/to_revoke", ca.key().public());
    let version = world.fresh("");
    world.run(&["ssh-keygen", "-q", "-k", "-f", new, "-z", &version, "-s", &ca, list]).ok();
    world.run(&["mv", new, "/etc/ssh/revoked_keys"]).ok();
}

/// A request for alice's certificates, which all have one key ID.
pub(crate) fn alice() -> Request {
    Request::new("alice@corp").principals("alice")
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "it does not come to pass: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until a client has ended.
#[track_caller]
pub(crate) fn until_over(what: &str, client: &mut Child) {
    until(&format!("{what} ends"), || client.try_wait().expect("it is ours").is_some());
}

/// The pids of the guards that watch, as the world numbers them.
pub(crate) fn guards(world: &World) -> Vec<String> {
    processes(world, "^ussh-session-guard watch ")
}

/// The pids of processes whose command line looks like this.
pub(crate) fn processes(world: &World, pattern: &str) -> Vec<String> {
    world.run(&["pgrep", "-f", pattern]).stdout.lines().map(str::to_owned).collect()
}

/// The pids of sshd's processes of this name, as in `alice \\[priv\\]`. From 9.8 on sshd calls them sshd-session.
pub(crate) fn sshds(world: &World, name: &str) -> Vec<String> {
    processes(world, &format!("^sshd(-session)?: {name}"))
}

/// Lines of the guard's and the module's since the last question.
pub(crate) fn log(world: &World) -> Vec<String> {
    let is_ours = |line: &String| line.contains("pam_ussh(") || line.contains("ussh-session-guard");
    world.log().into_iter().filter(is_ours).collect()
}

/// Exactly one line has all these parts.
#[track_caller]
pub(crate) fn assert_one(log: &[String], parts: &[&str]) {
    let found = log.iter().filter(|line| parts.iter().all(|part| line.contains(part))).count();
    assert_eq!(found, 1, "lines with {parts:?} in {log:#?}");
}
