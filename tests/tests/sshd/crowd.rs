//! Two hundred at once, good and bad: everybody gets their own answer, and nothing stays behind.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::world::{CA_FILE, World};

use crate::rig::{KEY, Person, good, stacks};

const LOGINS: usize = 200;

#[test]
fn two_hundred_logins_at_once_get_each_their_own_answer() {
    let world = World::new();
    let person = Person::new(&world, &format!("{KEY}\nMaxStartups {LOGINS}\nLoginGraceTime 0"));
    world.pam("sshd", &stacks(&["session"], "max_validity=8h"));
    let refused = Person { world: &world, ca: person.ca.clone(), key: world.key("ed25519") };
    refused.renew(&good().serial(8).validity("-1m:+9h"));
    world.write("/opt/rig/held.sh", "echo in; cat\n");
    let before = processes(&world);
    world.log();

    // They stay in until all have come.
    let mut logins: Vec<Child> = (0..LOGINS).map(|n| start(&world, if n % 2 == 0 { &person } else { &refused })).collect();
    let start = Instant::now();
    let mut log = Vec::new();
    while log.len() < LOGINS {
        assert!(start.elapsed() < Duration::from_secs(240), "only {} were answered: {:#?}", log.len(), log.last());
        std::thread::sleep(Duration::from_millis(100));
        log.extend(world.module_log());
    }
    for login in &mut logins {
        drop(login.stdin.take());
    }
    let answers: Vec<_> = logins.into_iter().map(|login| login.wait_with_output().expect("ssh ends")).collect();
    for (n, answer) in answers.iter().enumerate() {
        let (code, shown) = (answer.status.code(), String::from_utf8_lossy(&answer.stdout));
        let expected =
            if n % 2 == 0 { code == Some(0) && shown == "in\n" } else { code == Some(254) && !shown.contains("in\n") };
        assert!(expected, "login {n}: {code:?} {shown} {}", String::from_utf8_lossy(&answer.stderr));
    }

    log.extend(world.module_log());
    let count = |part: &str| log.iter().filter(|line| line.contains(part)).count();
    let halves = (count("): accepted user=\"alice\""), count("): refused user=\"alice\""), log.len());
    assert_eq!(halves, (LOGINS / 2, LOGINS / 2, LOGINS), "one line a decision");
    assert_eq!((count(" serial=7 "), count(" serial=8 ")), halves_of(LOGINS));
    wait_until(|| processes(&world) == before);
    assert_eq!(world.run(&["find", "/tmp", "/run", "/var", "-newer", CA_FILE, "-name", "*ussh*"]).stdout, "");
}

fn halves_of(all: usize) -> (usize, usize) {
    (all / 2, all / 2)
}

fn start(world: &World, person: &Person<'_>) -> Child {
    let mut command: Command = world.daemon_as("laptop", "ssh");
    let certificate = format!("-oCertificateFile={}", person.key.certificate());
    command.args(["-F/dev/null", "-oIdentitiesOnly=yes", "-oBatchMode=yes", "-oKexAlgorithms=curve25519-sha256", "-T"]);
    command.args(["-i", person.key.path(), &certificate, "alice@localhost", "sh /opt/rig/held.sh"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ssh starts")
}

/// Names of all processes in the world but the one that asks.
fn processes(world: &World) -> Vec<String> {
    let listed = world.run(&["ps", "-eo", "comm=", "--sort=comm"]).ok().stdout.clone();
    listed.lines().map(str::to_owned).filter(|name| name != "ps" && name != "timeout").collect()
}

fn wait_until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never comes true");
        std::thread::sleep(Duration::from_millis(100));
    }
}
