//! docs/sshd.md: a host that holds people to their certificates, from Debian's own pam.d files.

use std::fs;

use tests::setting::{Person, assert_logged};
use tests::world::{Output, Request, World};

use super::page::{Block, blocks};

const PAGE: &str = "docs/sshd.md";

/// Debian's files, and the ones they include.
const PAM: [&str; 8] = [
    "sshd",
    "sudo",
    "sudo-i",
    "common-auth",
    "common-account",
    "common-session",
    "common-session-noninteractive",
    "common-password",
];

/// What sshd's shell exits with where the session stack refused.
const SESSION_REFUSED: i32 = 254;

/// Debian's own pam.d files, and an sshd_config that includes drop-ins.
pub fn host() -> World {
    let world = World::new();
    for name in PAM {
        let lines =
            fs::read_to_string(format!("/etc/pam.d/{name}")).unwrap_or_else(|error| panic!("/etc/pam.d/{name}: {error}"));
        world.write(&format!("/etc/pam.d/{name}"), &lines);
    }
    world.mkdir("/etc/ssh/sshd_config.d", "root", 0o755);
    world.sshd_config("Include /etc/ssh/sshd_config.d/*.conf");
    world
}

/// What both packages bring.
pub fn install_programs(world: &World) {
    world.install_ca_tool();
    world.install_session_guard();
    world.install_pam_try();
}

/// Does what the page says to make it a host that holds people to their certificates; ca.pub and revoked_keys are there.
#[track_caller]
pub fn set_up(world: &World) {
    install_programs(world);
    for block in blocks(PAGE).iter().filter(|block| block.place == "host").take(5) {
        follow(world, block);
    }
}

#[track_caller]
fn follow(world: &World, block: &Block) {
    assert_eq!(block.place, "host", "{}", block.commands);
    world.run(&["bash", "-e", "-c", &format!("cd /root\n{}\n{}", super::stage::PREAMBLE, block.commands)]).ok();
}

fn log_in(world: &World, person: &Person<'_>, command: &str) -> Output {
    world.ssh("alice").agent(&person.agent).by_agent().run(command)
}

#[test]
fn a_host_set_up_by_the_page_holds_people_to_their_certificates() {
    let world = host();
    let person = Person::new(&world, &Request::new("alice@corp").serial(7));
    world
        .run(&["sh", "-c", &format!("cp {} /root/ca.pub; ssh-keygen -q -k -f /root/revoked_keys", person.ca.key().public())])
        .ok();
    let blocks = blocks(PAGE);
    let [_, _, _, _, _, try_it, look, second_factor] = blocks.as_slice() else { panic!("{PAGE} has {} blocks", blocks.len()) };
    set_up(&world);
    world.log();

    assert_eq!((try_it.place.as_str(), try_it.commands.as_str()), ("laptop", "ssh -A alice@HOST sudo id\n"));
    let answer = log_in(&world, &person, "sudo id");
    assert!(answer.ok().stdout.contains("uid=0(root)"), "{answer}");
    world.write("/var/log/auth.log", &world.log().join("\n"));
    follow(&world, look);

    // Without a certificate: nobody.
    assert_eq!(world.ssh("alice").run("id").code, SESSION_REFUSED);
    assert_logged(&world, &["(sshd:session): refused", "reason=no-certificate", "plain key"]);

    // Revoked while logged in: neither another login nor another sudo.
    let mut open = world.ssh("alice").agent(&person.agent).by_agent().open();
    open.run("sudo id").ok();
    world.write("/root/serial", "serial: 7\n");
    let revoke = format!("cd /root; ssh-keygen -q -k -s {} -f new serial; install -m 644 new {}", "ca.pub", "/etc/ssh/.new");
    world.run(&["sh", "-e", "-c", &format!("{revoke}; mv /etc/ssh/.new /etc/ssh/revoked_keys")]).ok();
    let answer = open.run("sudo -n id");
    answer.refused();
    assert!(answer.stderr.contains("revoked"), "{answer}");
    log_in(&world, &person, "id").refused();
    drop(open);

    // A second factor for those who have no certificate.
    person.renew(&Request::new("alice@corp").serial(8));
    follow(&world, second_factor);
    world.sshd_config("");
    let interactive = "-oBatchMode=no"; // asked or not, nobody is there to answer
    world.ssh("alice").agent(&person.agent).by_agent().option(interactive).run("id").ok();
    world.log();
    world.ssh("alice").option(interactive).run("id").refused();
    assert!(world.log().iter().any(|line| line.contains("Postponed keyboard-interactive")), "the password was not asked for");
}
