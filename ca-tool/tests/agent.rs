//! CAs in OpenSSH's ssh-agent: `-s agent:…`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use room::{Agent, Room, SecurityKey, Terminal};

const SIGN: [&str; 7] = ["sign", "-I", "alice@corp", "-n", "alice", "id.pub", "-s"];

fn sign(ca: &str) -> Vec<String> {
    SIGN.iter().map(|word| (*word).to_owned()).chain([ca.to_owned()]).collect()
}

/// A room with a key to be signed and an agent.
fn room() -> (Room, Agent) {
    let mut room = Room::new();
    room.key("id", "ed25519");
    let agent = Agent::start(&mut room);
    (room, agent)
}

#[track_caller]
fn signed_by(room: &Room, ca: &str) {
    let said = room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
    assert!(said.contains(&room.fingerprint(ca)), "not signed by {ca}: {said}");
    std::fs::remove_file(room.path("id-cert.pub")).unwrap();
}

#[test]
fn a_key_of_any_type_signs_and_is_named_by_fingerprint_or_file() {
    let mut room = Room::new();
    let _device = SecurityKey::plug_in(&mut room);
    room.key("id", "ed25519");
    let _agent = Agent::start(&mut room);
    for (name, kind) in [
        ("one", &["ed25519"][..]),
        ("two", &["ecdsa", "-b", "256"]),
        ("three", &["ecdsa", "-b", "384"]),
        ("four", &["ecdsa", "-b", "521"]),
        ("five", &["rsa", "-b", "3072"]),
        ("six", &["ed25519-sk"]),
        ("seven", &["ecdsa-sk"]),
    ] {
        let rest = ["-N", "", "-f", name];
        room.ok("ssh-keygen", &[&["-q", "-t"], kind, &rest].concat());
        room.ssh_add(&["-q", name]);
        std::fs::remove_file(room.path(name)).unwrap(); // so that only the agent can sign
        room.ca_tool(&sign(&format!("agent:{name}.pub"))).done();
        signed_by(&room, &format!("{name}.pub"));
        room.ca_tool(&sign(&format!("agent:{}", room.fingerprint(&format!("{name}.pub"))))).done();
        signed_by(&room, &format!("{name}.pub"));
    }
}

#[test]
fn a_key_that_the_agent_reaches_through_pkcs11_signs() {
    let mut room = Room::new();
    room.key("id", "ed25519");
    std::fs::create_dir(room.path("tokens")).unwrap();
    room.write("softhsm2.conf", format!("directories.tokendir = {}\n", room.path("tokens").display()));
    let configuration = room.path("softhsm2.conf");
    room.set("SOFTHSM2_CONF", configuration);
    room.answer_prompts_with("1234");
    room.ok("softhsm2-util", &["--init-token", "--free", "--label", "ca", "--pin", "1234", "--so-pin", "5678"]);
    let module = "/usr/lib/softhsm/libsofthsm2.so";
    let make = ["--keypairgen", "--key-type", "EC:secp384r1", "--id", "01", "--label", "ca"];
    room.ok("pkcs11-tool", &[&["--module", module, "--login", "--pin", "1234"][..], &make].concat());
    let _agent = Agent::start(&mut room);
    room.ssh_add(&["-q", "-s", module]);
    room.write("ca.pub", room.agent_holds()[0].clone() + "\n");
    room.ca_tool(&sign("agent:ca.pub")).done();
    signed_by(&room, "ca.pub");
}

#[test]
fn without_an_agent_it_says_how_to_get_one() {
    let mut room = Room::new();
    room.key("id", "ed25519");
    room.ca_tool(&sign("agent:SHA256:abc")).refused("SSH_AUTH_SOCK is not set");
    let nowhere = room.path("nowhere");
    room.set("SSH_AUTH_SOCK", nowhere);
    room.ca_tool(&sign("agent:SHA256:abc")).refused("cannot connect to the ssh-agent: No such file").refused_with("ssh -A");
}

#[test]
fn a_key_that_is_not_held_is_answered_with_those_that_are() {
    let (room, _agent) = room();
    room.key("ca", "ed25519");
    room.key("other", "ed25519");
    room.ca_tool(&sign("agent:ca.pub")).refused("It holds no plain key at all");
    room.ssh_add(&["-q", "other"]);
    let done = room.ca_tool(&sign("agent:ca.pub")).refused(&room.fingerprint("ca.pub"));
    done.refused_with(&format!("agent:{} other (ssh-ed25519)", room.fingerprint("other.pub")));
}

#[test]
fn a_locked_agent_is_said_to_be_locked() {
    let (mut room, _agent) = room();
    room.key("ca", "ed25519");
    room.ssh_add(&["-q", "ca"]);
    room.answer_prompts_with("secret");
    room.ssh_add(&["-x"]);
    room.ca_tool(&sign("agent:ca.pub")).refused("if it is locked, ssh-add -X");
}

#[test]
fn a_declined_confirmation_and_a_key_for_certain_hosts_are_among_the_reasons() {
    let mut room = Room::new();
    room.key("id", "ed25519");
    room.key("ca", "ed25519");
    room.answer_prompts_with("no");
    let _agent = Agent::start(&mut room);
    room.ssh_add(&["-q", "-c", "ca"]);
    room.ca_tool(&sign("agent:ca.pub")).refused("the ssh-agent refused").refused_with("ssh-add -c");
    assert!(!room.path("id-cert.pub").exists());

    room.ssh_add(&["-q", "-D"]);
    room.write("hosts", format!("example.org {}", room.read("id.pub")));
    room.ssh_add(&["-q", "-H", "hosts", "-h", "example.org", "ca"]);
    room.ca_tool(&sign("agent:ca.pub")).refused("the ssh-agent refused").refused_with("ssh-add -h");
}

#[test]
fn the_person_is_told_to_touch_while_the_key_waits() {
    let mut room = Room::new();
    let device = SecurityKey::plug_in(&mut room);
    room.key("id", "ed25519");
    room.key("ca", "ecdsa-sk");
    let _agent = Agent::start(&mut room);
    room.ssh_add(&["-q", "ca"]);
    device.set("touch", "withheld");
    let mut terminal = Terminal::start(&room.command(&sign("agent:ca.pub")));
    terminal
        .reads("Touch the security key to sign \"alice@corp\" for alice, valid until ")
        .reads("Still waiting for the ssh-agent");
    device.set("touch", "given");
    assert_eq!(terminal.ends().0, 0);

    device.set("touch", "refused");
    room.ca_tool(&sign("agent:ca.pub")).refused("the ssh-agent refused").refused_with("touch it when it blinks");
}

#[test]
fn a_signature_that_nobody_touched_the_key_for_is_not_delivered() {
    let mut room = Room::new();
    let device = SecurityKey::plug_in(&mut room);
    room.key("id", "ed25519");
    let _agent = Agent::start(&mut room);
    for kind in ["ecdsa-sk", "ed25519-sk"] {
        room.key(kind, kind);
        room.ssh_add(&["-q", kind]);
        device.set("touch", "skipped");
        room.ca_tool(&sign(&format!("agent:{kind}.pub"))).refused("nobody touched it");
        assert!(!room.path("id-cert.pub").exists());
        device.set("touch", "given");
        room.ca_tool(&sign(&format!("agent:{kind}.pub"))).done();
        signed_by(&room, &format!("{kind}.pub"));
    }
}
