//! Every type of key, certified by every type of CA, is accepted by sshd and by sudo.

use tests::world::{Agent, Ca, Key, Output, Request, Session, World};

const TYPES: [&str; 8] = ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048", "rsa-4096", "ed25519-sk", "ecdsa-sk"];

/// sshd asks sudo's question of the same certificate, so that a mistake of the rig does not pass for one of the module.
fn world() -> World {
    let world = World::new();
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca");
    world.pam("sudo", "account required pam_ussh.so\nsession required pam_permit.so\n");
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    world
}

/// CAs with the words that make them sign in each of their ways.
fn cas(world: &World) -> Vec<(Ca<'_>, &'static str, Option<&'static str>)> {
    let mut cas = Vec::new();
    for kind in TYPES {
        let ca = world.ca(kind);
        if kind.starts_with("rsa") {
            cas.push((ca.clone(), kind, Some("rsa-sha2-256")));
            cas.push((ca, kind, Some("rsa-sha2-512")));
        } else {
            cas.push((ca, kind, None));
        }
    }
    cas
}

fn request(id: &str, algorithm: Option<&str>) -> Request {
    let request = Request::new(id);
    match algorithm {
        Some(algorithm) => request.word("-t").word(algorithm),
        None => request,
    }
}

#[test]
fn every_key_type_with_every_ca_type_is_accepted_by_sshd_and_sudo() {
    let world = world();
    let device = world.security_key();
    let cas = cas(&world);
    world.trust(&cas.iter().map(|(ca, ..)| ca).collect::<Vec<_>>());
    let agent = world.agent();
    let mut alice = world.ssh("alice").agent(&agent).open();
    let mut combinations = 0;
    for kind in TYPES {
        let key = world.key(kind);
        for (ca, ca_kind, algorithm) in &cas {
            let name = format!("{kind} by {ca_kind} {}", algorithm.unwrap_or_default());
            ca.sign(&key, &request(&name, *algorithm));
            agent.ssh_add(&["-q", "-D"]).ok();
            agent.add(&key);
            world.log();
            device.log();

            assert_sshd_accepts(&world, &agent, &name);
            let touches = device.touches();
            assert_eq!(touches, usize::from(kind.ends_with("-sk")), "{name}: touches for sshd");

            assert_sudo_accepts(&world, &mut alice, ca, &key, &name);
            assert_eq!(device.touches(), touches, "{name}: touches for sudo");
            combinations += 1;
        }
    }
    assert_eq!(combinations, 8 * 10);
}

#[test]
fn every_key_type_is_accepted_when_the_agent_holds_the_certificate_alone() {
    let world = world();
    let _device = world.security_key();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    for kind in TYPES.into_iter().filter(|kind| *kind != "rsa-4096") {
        let (key, agent) = (world.key(kind), world.agent());
        ca.sign(&key, &Request::new(kind));
        agent.add(&key);
        agent.ssh_add(&["-q", "-d", "-k", key.path()]).ok();
        assert_eq!(agent.ssh_add(&["-l"]).ok().stdout.lines().count(), 1, "{kind}: the plain key is still there");
        let mut alice = world.ssh("alice").agent(&agent).open();
        world.log();
        assert_sudo_accepts(&world, &mut alice, &ca, &key, kind);
    }
}

fn assert_sshd_accepts(world: &World, agent: &Agent<'_>, id: &str) {
    let answer = world.ssh("alice").agent(agent).by_agent().run("true");
    let log = world.log();
    assert!(
        answer.code == 0 && log.iter().any(|line| line.contains(&format!("Accepted certificate ID \"{id}\""))),
        "{id}: sshd: {answer}\n{log:#?}"
    );
}

fn assert_sudo_accepts(world: &World, alice: &mut Session<'_>, ca: &Ca<'_>, key: &Key<'_>, id: &str) {
    let answer: Output = alice.run("sudo -n id -u");
    let log = world.module_log();
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"), "{id}: sudo: {answer}\n{log:#?}");
    let [line] = &log[..] else { panic!("{id}: one decision, one line: {log:#?}") };
    for words in
        [" accepted ", &format!("key_id=\"{id}\""), &format!("ca={}", ca.fingerprint()), &format!("key={}", key.fingerprint())]
    {
        assert!(line.contains(words), "{id}: no {words} in {line}");
    }
}
