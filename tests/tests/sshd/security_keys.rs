//! FIDO security keys: what sshd must have asked of the person counts, and nothing more.

use tests::world::{Agent, Output, Request, SecurityKey, World};

use crate::rig::{KEY, Person, assert_in, assert_no_session, assert_not_in, good, stacks, verdicts};

/// A security key, used through the laptop's agent.
struct Holder<'w> {
    person: Person<'w>,
    device: SecurityKey<'w>,
    agent: Agent<'w>,
}

impl<'w> Holder<'w> {
    fn new(world: &'w World) -> Holder<'w> {
        Holder { person: Person::new(world, KEY), device: world.security_key(), agent: world.agent() }
    }

    /// The only one in the agent from now on.
    fn key(&self, kind: &str, options: &[&str], request: &Request) {
        let key = self.device.key(kind, options);
        self.person.ca.sign(&key, request);
        self.agent.ssh_add(&["-q", "-D"]).ok();
        self.agent.add(&key);
    }

    fn login(&self) -> Output {
        self.person.world.log();
        self.person.world.ssh("alice").agent(&self.agent).by_agent().run("echo in")
    }

    fn options(&self, options: &str) {
        self.person.world.pam("sshd", &stacks(&["session"], options));
    }
}

#[test]
fn a_touched_security_key_is_one() {
    let world = World::new();
    let holder = Holder::new(&world);
    for kind in ["ed25519-sk", "ecdsa-sk"] {
        holder.key(kind, &[], &good());
        for options in ["", "require_sk", "require_sk authorized_principals=alice"] {
            holder.options(options);
            assert_in(&holder.login());
            // sshd writes the signature's count behind the key: it is no part of it.
            assert_eq!(verdicts(&world), ["session accepted"], "{kind} {options}");
        }
    }
    holder.options("require_sk");
    assert_no_session(&holder.person.login("echo in"), "is not for a FIDO security key, which this host requires.");
}

#[test]
fn a_touch_counts_only_where_the_certificate_makes_sshd_ask_for_it() {
    let world = World::new();
    let holder = Holder::new(&world);
    holder.key("ed25519-sk", &["no-touch-required"], &good().option("no-touch-required"));
    holder.options("");
    assert_in(&holder.login());
    // A list of the module's own has no line that could agree to that.
    holder.options("authorized_principals=alice");
    let sentence = "Your certificate \"alice@corp\" does without the touch of a security key, which this host requires. Get one \
                    without \"no-touch-required\", then log in again.";
    assert_no_session(&holder.login(), sentence);
    assert_eq!(verdicts(&world), ["session refused touch-not-asked-for"]);
    world.write("/etc/ssh/principals", "no-touch-required alice\n");
    holder.options("authorized_principals_file=/etc/ssh/principals");
    assert_in(&holder.login());
    world.write("/etc/ssh/principals", "alice\n");
    assert_no_session(&holder.login(), sentence);
}

#[test]
fn verification_counts_only_where_the_certificate_makes_sshd_ask_for_it() {
    let world = World::new();
    let holder = Holder::new(&world);
    holder.key("ed25519-sk", &[], &good());
    holder.options("require_verify");
    assert_no_session(
        &holder.login(),
        "Your certificate \"alice@corp\" does without the PIN or fingerprint of a security key, which this host requires. Get \
         one for a security key, with \"verify-required\", then log in again.",
    );
    assert_eq!(verdicts(&world), ["session refused verification-not-asked-for"]);
    // sshd asks for it where the certificate says so.
    holder.device.set("fingerprint", "");
    holder.key("ed25519-sk", &["verify-required"], &good().option("verify-required"));
    assert_in(&holder.login());
    assert_eq!(holder.device.log().last().map(String::as_str), Some("signed ssh: flags=05"));
    // It asks where its own principals line says so, too, but it does not say that it has.
    holder.key("ed25519-sk", &["verify-required"], &good());
    world.write("/etc/ssh/principals", "verify-required alice\n");
    world.sshd_config("AuthorizedPrincipalsFile /etc/ssh/principals");
    holder.options("authorized_principals_file=/etc/ssh/principals");
    assert_no_session(&holder.login(), "does without the PIN or fingerprint of a security key");
    // Nor does it ask a key in software.
    let software = Person { world: &world, ca: holder.person.ca.clone(), key: world.key("ed25519") };
    software.renew(&good().option("verify-required"));
    assert_no_session(&software.login("echo in"), "does without the PIN or fingerprint of a security key");
}

#[test]
fn a_key_that_is_not_touched_does_not_get_as_far_as_the_module() {
    let world = World::new();
    let holder = Holder::new(&world);
    holder.key("ed25519-sk", &[], &good());
    holder.options("");
    assert_in(&holder.login());
    holder.device.set("touch", "refused");
    assert_not_in(&holder.login(), "Permission denied (publickey)");
    assert!(verdicts(&world).is_empty());
}
