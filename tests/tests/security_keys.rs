//! FIDO security keys under the real sudo: who is told what, how often they touch, and what the signature must show.

use std::time::{Duration, Instant};

use tests::setting::{account, assert_refused, assert_root, auth, world_without_timestamps};
use tests::world::{Agent, Ca, Key, Request, SecurityKey, World, is_sudo_rs};

/// The module in both stacks, as the README has it.
const BOTH_STACKS: &str = "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_permit.so\n";

/// A trusted CA, and an agent with a security key that it certified for alice.
struct Holder<'w> {
    device: SecurityKey<'w>,
    ca: Ca<'w>,
    agent: Agent<'w>,
}

impl<'w> Holder<'w> {
    fn new(world: &'w World) -> Holder<'w> {
        let holder = Holder { device: world.security_key(), ca: world.ca("ed25519"), agent: world.agent() };
        world.trust(&[&holder.ca]);
        holder
    }

    /// Makes, certifies and loads one more security key.
    fn add(&self, options: &[&str], request: &Request) -> Key<'w> {
        let key = self.device.key("ed25519-sk", options);
        self.ca.sign(&key, request);
        self.agent.add(&key);
        self.device.log(); // making it took a touch
        key
    }
}

#[test]
fn the_person_is_told_to_touch_while_the_key_waits() {
    let world = world_without_timestamps();
    world.pam("sudo", BOTH_STACKS);
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&holder.agent).tty().open();

    holder.device.set("touch", "withheld");
    let running = alice.start("sudo id -u");
    alice.wait_for("Touch your security key for certificate \"alice@corp\"");
    holder.device.set("touch", "given");
    assert_root(&alice.finish(running));
}

#[test]
fn the_prompt_never_gets_into_what_the_command_writes() {
    let world = world_without_timestamps();
    world.pam("sudo", BOTH_STACKS);
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("alice@corp"));

    let answer = world.ssh("alice").agent(&holder.agent).run("sudo id -u");
    if is_sudo_rs() {
        // It refuses whomever a module had words for while there was no terminal; `quiet` is the way out.
        assert_refused(&answer, "A terminal is required to authenticate");
    } else {
        assert_root(&answer);
        assert!(answer.stderr.contains("Touch your security key"), "{answer}");
    }

    world.pam("sudo", &auth("quiet"));
    let answer = world.ssh("alice").agent(&holder.agent).run("sudo id -u");
    assert_root(&answer);
    assert!(!answer.stderr.contains("Touch"), "{answer}");
}

#[test]
fn one_sudo_through_both_stacks_takes_one_touch() {
    let world = world_without_timestamps();
    world.pam("sudo", BOTH_STACKS);
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    for _ in 0..2 {
        assert_root(&alice.run("sudo id -u"));
        assert_eq!(holder.device.touches(), 1);
        let accepted = world.module_log().iter().filter(|line| line.contains(" accepted ")).count();
        assert_eq!(accepted, 2, "one decision in each stack");
    }
}

#[test]
fn one_sudo_asks_for_two_touches_at_most_however_often_it_asks_the_module() {
    let world = world_without_timestamps();
    world.pam("sudo", BOTH_STACKS);
    let holder = Holder::new(&world);
    for id in ["one", "two", "three"] {
        holder.add(&[], &Request::new(id));
    }
    holder.device.set("touch", "refused");
    let mut alice = world.ssh("alice").agent(&holder.agent).open();

    assert_refused(&alice.run("sudo id -u"), "security key");
    assert_eq!(holder.device.touches(), 2);
    assert_eq!(world.module_log().len(), 3, "sudo asked three times");

    holder.device.set("touch", "given");
    assert_root(&alice.run("sudo id -u"));
    assert_eq!(holder.device.touches(), 1, "the next sudo starts anew");
}

#[test]
fn a_withheld_touch_is_refused_within_sign_timeout() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth("sign_timeout=2"));
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("alice@corp"));
    holder.device.set("touch", "withheld");
    let mut alice = world.ssh("alice").agent(&holder.agent).open();

    let start = Instant::now();
    assert_refused(&alice.run("sudo id -u"), "Your ssh-agent cannot be asked");
    let took = start.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(10)).contains(&took), "{took:?}");
    assert_eq!(holder.device.touches(), 1, "whoever did not touch once is not asked again");
}

#[test]
fn a_key_that_is_not_plugged_in_is_refused_at_once() {
    let world = world_without_timestamps();
    world.pam("sudo", &account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("alice@corp"));
    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    holder.device.unplug();

    let start = Instant::now();
    assert_refused(&alice.run("sudo id -u"), "your ssh-agent refused to sign with");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn software_keys_are_asked_before_security_keys() {
    let world = world_without_timestamps();
    world.pam("sudo", BOTH_STACKS);
    let holder = Holder::new(&world);
    holder.add(&[], &Request::new("security key"));
    let software = world.key("ed25519");
    holder.ca.sign(&software, &Request::new("software key"));
    holder.agent.add(&software);
    holder.device.set("touch", "withheld");

    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    assert_root(&alice.run("sudo id -u"));
    assert_eq!(holder.device.touches(), 0);
    assert!(world.module_log().iter().all(|line| line.contains("key_id=\"software key\"")));
}

#[test]
fn require_sk_refuses_software_keys_and_accepts_security_keys() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth("require_sk"));
    let holder = Holder::new(&world);
    let software = world.key("ed25519");
    holder.ca.sign(&software, &Request::new("software key"));
    holder.agent.add(&software);
    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    assert_refused(&alice.run("sudo id -u"), "is not for a FIDO security key, which this host requires");

    holder.add(&[], &Request::new("security key"));
    assert_root(&alice.run("sudo id -u"));
    assert!(world.module_log().iter().any(|line| line.contains("accepted ") && line.contains("key_id=\"security key\"")));
}

#[test]
fn require_verify_accepts_only_a_signature_that_shows_the_user_was_verified() {
    let world = world_without_timestamps();
    world.pam("sudo", &auth("require_verify"));
    let holder = Holder::new(&world);
    holder.device.set("fingerprint", "");
    holder.add(&[], &Request::new("touched"));
    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    assert_refused(&alice.run("sudo id -u"), "needs a security key that verifies you (PIN or fingerprint)");
    assert!(holder.device.log().contains(&"signed ssh: flags=01".to_owned()));

    holder.agent.ssh_add(&["-q", "-D"]).ok();
    holder.add(&["verify-required"], &Request::new("verified"));
    assert_root(&alice.run("sudo id -u"));
    assert_eq!(holder.device.log(), ["touch sign ssh:", "signed ssh: flags=05"]);
}

/// What key, certificate and principals line say about touch and verification, and who accepts that.
struct Case {
    name: &'static str,
    /// Options of ssh-keygen for the key: what its signatures show.
    key: &'static [&'static str],
    /// An option of ssh-keygen for the certificate.
    certificate: Option<&'static str>,
    /// The principals file, if there is one.
    line: Option<&'static str>,
    accepted: bool,
}

const TOUCH_AND_VERIFICATION: [Case; 12] = {
    const NO_TOUCH: &[&str] = &["no-touch-required"];
    const VERIFIED: &[&str] = &["verify-required"];
    const TOUCHED: &[&str] = &[];
    const fn case(
        name: &'static str,
        key: &'static [&'static str],
        certificate: Option<&'static str>,
        line: Option<&'static str>,
        accepted: bool,
    ) -> Case {
        Case { name, key, certificate, line, accepted }
    }
    [
        case("touched, nothing said", TOUCHED, None, None, true),
        case("not touched, nothing said", NO_TOUCH, None, None, false),
        case("not touched, the certificate allows it, no principals file", NO_TOUCH, Some("no-touch-required"), None, true),
        case("not touched, the certificate allows it", NO_TOUCH, Some("no-touch-required"), Some("alice"), false),
        case("not touched, the principals line allows it", NO_TOUCH, None, Some("no-touch-required alice"), false),
        case("not touched, both allow it", NO_TOUCH, Some("no-touch-required"), Some("no-touch-required alice"), true),
        case("touched, both would do without", TOUCHED, Some("no-touch-required"), Some("no-touch-required alice"), true),
        case("verified, nothing said", VERIFIED, None, None, true),
        case("verified, the certificate wants it", VERIFIED, Some("verify-required"), None, true),
        case("not verified, the certificate wants it", TOUCHED, Some("verify-required"), None, false),
        case("verified, the principals line wants it", VERIFIED, None, Some("verify-required alice"), true),
        case("not verified, the principals line wants it", TOUCHED, None, Some("verify-required alice"), false),
    ]
};

#[test]
fn sshd_and_sudo_agree_on_touch_and_verification() {
    let world = World::new();
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let holder = Holder::new(&world);
    holder.device.set("fingerprint", "");
    let mut alice = world.ssh("alice").agent(&holder.agent).open();
    // Without a principals file first: sshd learns of one only once.
    let (without, with): (Vec<&Case>, Vec<&Case>) = TOUCH_AND_VERIFICATION.iter().partition(|case| case.line.is_none());
    for (cases, sshd, module) in [
        (without, "", ""),
        (with, "AuthorizedPrincipalsFile /etc/ssh/principals", "authorized_principals_file=/etc/ssh/principals"),
    ] {
        world.sshd_config(&format!("TrustedUserCAKeys /etc/ssh/trusted_user_ca\n{sshd}"));
        world.pam("sudo", &account(module));
        for case in cases {
            let request = Request::new(case.name);
            holder.agent.ssh_add(&["-q", "-D"]).ok();
            holder.add(case.key, &case.certificate.into_iter().fold(request, Request::option));
            world.write("/etc/ssh/principals", &format!("{}\n", case.line.unwrap_or_default()));

            let login = world.ssh("alice").agent(&holder.agent).by_agent().run("true");
            assert_eq!(login.code == 0, case.accepted, "{}: sshd: {login}\n{:#?}", case.name, world.log());
            assert!(holder.device.log().iter().any(|line| line.starts_with("signed ")), "{}: sshd: no signature", case.name);

            let answer = alice.run("sudo -n id -u");
            assert_eq!(answer.code == 0, case.accepted, "{}: sudo: {answer}\n{:#?}", case.name, world.module_log());
            assert!(holder.device.log().iter().any(|line| line.starts_with("signed ")), "{}: sudo: no signature", case.name);
        }
    }
}
