//! What most cases share: pam.d lines, somebody with a good certificate, and what an answer must say.

use crate::world::{Agent, Ca, Key, Output, Request, World, is_sudo_rs};

/// pam.d lines where the module alone decides in the auth stack.
pub fn auth(options: &str) -> String {
    format!("auth required pam_ussh.so {options}\naccount required pam_permit.so\nsession required pam_permit.so\n")
}

/// pam.d lines where the module alone decides in the account stack, and a password is asked before.
pub fn account(options: &str) -> String {
    format!("auth required pam_unix.so\naccount required pam_ussh.so {options}\nsession required pam_permit.so\n")
}

/// A world whose sudo forgets at once, so that it runs the auth stack every time.
pub fn world_without_timestamps() -> World {
    let world = World::new();
    world.sudoers("Defaults timestamp_timeout=0");
    world
}

/// A person whose agent holds a key and a certificate of a trusted CA.
pub struct Person<'w> {
    /// The trusted CA.
    pub ca: Ca<'w>,
    /// Their key.
    pub key: Key<'w>,
    /// Their agent.
    pub agent: Agent<'w>,
}

impl<'w> Person<'w> {
    /// At the far end of the forwarding, with a certificate as requested.
    pub fn new(world: &'w World, request: &Request) -> Person<'w> {
        Person::with_agent(world, world.agent(), request)
    }

    /// With an agent of your choice.
    pub fn with_agent(world: &'w World, agent: Agent<'w>, request: &Request) -> Person<'w> {
        let (ca, key) = (world.ca("ed25519"), world.key("ed25519"));
        world.trust(&[&ca]);
        let person = Person { ca, key, agent };
        person.renew(request);
        person
    }

    /// Exchanges the certificate in the agent for another of the same CA and key.
    #[track_caller]
    pub fn renew(&self, request: &Request) {
        self.agent.ssh_add(&["-q", "-D"]).ok();
        self.ca.sign(&self.key, request);
        self.agent.add(&self.key);
    }
}

/// Runs `sudo id -u` as `user`, who needs no login for it; `socket` is their SSH_AUTH_SOCK.
pub fn sudo(world: &World, user: &str, socket: &str) -> Output {
    world.run_with(user, &[("SSH_AUTH_SOCK", socket)], sudo_without_terminal())
}

/// The same without SSH_AUTH_SOCK.
pub fn sudo_without_agent(world: &World, user: &str) -> Output {
    world.run_as(user, sudo_without_terminal())
}

fn sudo_without_terminal() -> &'static [&'static str] {
    if is_sudo_rs() { &["sudo", "-S", "id", "-u"] } else { &["sudo", "id", "-u"] }
}

/// What sudo asks alice for her password with.
pub fn password_prompt() -> &'static str {
    if is_sudo_rs() { "[sudo: authenticate] Password: " } else { "password for alice: " }
}

/// The command ran as root.
#[track_caller]
pub fn assert_root(answer: &Output) {
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"), "it should have run as root: {answer}");
}

/// The command did not run, and the person was told this.
#[track_caller]
pub fn assert_refused(answer: &Output, sentence: &str) {
    answer.refused();
    assert!(answer.stdout.is_empty(), "the command ran: {answer}");
    assert!(answer.stderr.contains(sentence), "{sentence:?} is missing: {answer}");
}

/// Exactly one line of the module's has all these parts. Reads the log up to here.
#[track_caller]
pub fn assert_logged(world: &World, parts: &[&str]) {
    let log = world.module_log();
    let found = log.iter().filter(|line| parts.iter().all(|part| line.contains(part))).count();
    assert_eq!(found, 1, "lines with {parts:?} in {log:#?}");
}
