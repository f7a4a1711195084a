//! `end_session=renew`: a newer certificate in the session's agent keeps the session open.

use tests::world::{Agent, Request, Session, World};

use crate::rig::*;

const OPTIONS: &str = "end_session=renew session_warnings=20s,15s session_check=5s";

/// alice, whose session's agent can be given another certificate.
struct Renewing<'w> {
    alice: Person<'w>,
    agent: Agent<'w>,
    session: Session<'w>,
}

impl<'w> Renewing<'w> {
    fn new(world: &'w World, request: &Request) -> Renewing<'w> {
        Renewing::of(Person::new(world), request)
    }

    fn of(alice: Person<'w>, request: &Request) -> Renewing<'w> {
        let agent = alice.world.agent();
        alice.certified(request);
        agent.add(&alice.key);
        let mut session = alice.login().agent(&agent).tty().open();
        session.run("true").ok();
        Renewing { alice, agent, session }
    }

    fn renew(&self, request: &Request) {
        self.agent.ssh_add(&["-q", "-D"]).ok();
        self.alice.certified(request);
        self.agent.add(&self.alice.key);
    }

    fn ends(&self) {
        self.session.wait_for("This session ends now");
        until("sshd has gone", || sshds(self.alice.world, "alice").is_empty());
    }

    #[track_caller]
    fn goes_on_past(&mut self, seconds: u64) {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
        assert_eq!(self.session.run("echo still here").stdout, "still here\n");
    }
}

fn for_seconds(seconds: u64) -> Request {
    alice().serial(1).validity(&format!("-1m:+{seconds}s"))
}

#[test]
fn a_newer_certificate_extends_the_session_until_that_ends_too() {
    let world = world(OPTIONS);
    let mut it = Renewing::new(&world, &for_seconds(35));
    it.session.wait_for("Put a new certificate into your ssh-agent to stay");
    it.renew(&for_seconds(45).serial(2));
    it.session.wait_for("Your ssh-agent holds a newer certificate: this session goes on until");
    it.goes_on_past(20);
    assert_one(&log(&world), &["ussh-session-guard", "extended user=\"alice\"", "new_serial=2 new_ca=SHA256:"]);
    it.session.wait_for("Put a new certificate into your ssh-agent to stay");
    it.ends();
}

#[test]
fn who_has_renewed_before_the_first_warning_hears_none() {
    let world = world(OPTIONS);
    let mut it = Renewing::new(&world, &for_seconds(35));
    it.renew(&for_seconds(3600).serial(2));
    let mut seen = Vec::new();
    until("the session is extended", || {
        seen.extend(log(&world));
        seen.iter().any(|line| line.contains("extended user=\"alice\""))
    });
    let screen = it.session.run("true").stderr;
    assert_eq!(screen, "");
}

#[test]
fn the_same_certificate_extends_nothing() {
    let world = world(OPTIONS);
    let it = Renewing::new(&world, &for_seconds(30));
    it.session.wait_for("Put a new certificate into your ssh-agent to stay");
    it.ends();
    assert!(log(&world).iter().all(|line| !line.contains("extended")));
}

#[test]
fn no_certificate_but_ones_own_extends_a_session() {
    let world = world(OPTIONS);
    let it = Renewing::new(&world, &for_seconds(30));
    it.renew(&Request::new("bob@corp").principals("alice"));
    it.ends();
    assert!(log(&world).iter().all(|line| !line.contains("extended")));
}

#[test]
fn a_certificate_for_another_address_extends_nothing() {
    let world = world(OPTIONS);
    let it = Renewing::new(&world, &for_seconds(30));
    it.renew(&alice().option("source-address=10.0.0.0/8"));
    it.ends();
    let log = log(&world);
    assert!(log.iter().any(|line| line.contains("reason=not-from-here")), "{log:#?}");
    assert!(log.iter().all(|line| !line.contains("extended")));
}

#[test]
fn a_certificate_for_this_address_extends() {
    let world = world(OPTIONS);
    let mut it = Renewing::new(&world, &for_seconds(30));
    it.renew(&alice().option("source-address=127.0.0.1"));
    it.goes_on_past(32);
}

#[test]
fn a_certificate_of_another_ca_extends_nothing() {
    let world = world(OPTIONS);
    let it = Renewing::new(&world, &for_seconds(30));
    it.agent.ssh_add(&["-q", "-D"]).ok();
    world.ca("ed25519").sign(&it.alice.key, &alice());
    it.agent.add(&it.alice.key);
    it.ends();
}

#[test]
fn a_certificate_that_is_revoked_extends_nothing() {
    let world = world(&format!("{OPTIONS} revoked_keys=/etc/ssh/revoked_keys"));
    let alice = Person::new(&world);
    revoke(&world, &alice.ca, "serial: 2");
    let it = Renewing::of(alice, &for_seconds(30));
    it.renew(&for_seconds(3600).serial(2));
    it.ends();
    let log = log(&world);
    assert!(
        log.iter().any(|line| line.contains("pam_ussh(ussh-session-renew:account): refused") && line.contains("revoked")),
        "{log:#?}"
    );
}

#[test]
fn a_renewed_session_ends_when_the_new_certificate_is_refused() {
    let world = world(OPTIONS);
    let it = Renewing::new(&world, &for_seconds(30));
    it.renew(&for_seconds(3600).serial(2));
    let mut seen = Vec::new();
    until("the session is extended", || {
        seen.extend(log(&world));
        seen.iter().any(|line| line.contains("extended user=\"alice\""))
    });
    world.trust(&[&world.ca("ed25519")]);
    it.session.wait_for("Your certificate is no longer accepted here.");
}

#[test]
fn somebody_elses_agent_extends_nothing() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&for_seconds(30));
    // The session's agent is bob's; that he lets everybody in does not make it alice's.
    let bobs = world.agent_of("bob", "/tmp/bobs-agent");
    world.own(bobs.socket(), "bob", 0o777);
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    let running = session.start("SSH_AUTH_SOCK=/tmp/bobs-agent exec bash /opt/rig/session.sh");
    drop(running);
    alice.certified(&for_seconds(3600).serial(2));
    bobs.add(&alice.key);
    session.wait_for("Your certificate has expired.");
    let log = log(&world);
    assert!(log.iter().any(|line| line.contains("is not yours")), "{log:#?}");
}

#[test]
fn a_session_without_an_agent_ends() {
    let world = world(OPTIONS);
    let alice = Person::new(&world);
    alice.certified(&for_seconds(20));
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    session.wait_for("Your certificate has expired.");
}
