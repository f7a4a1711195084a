//! What an accepted login takes along, so that a line of sudo's log can be tied to it and to the CA's journal.

use tests::setting::account;
use tests::world::World;

use crate::rig::{KEY, Person, assert_no_session, good, stacks};

const SHOW: &str = "env | grep -a ^USSH_ | sort";

#[test]
fn an_accepted_certificate_names_itself_in_the_sessions_environment_and_in_the_log() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(&["session"], ""));
    person.renew(&good().validity("20200101000000Z:20990101000000Z"));
    let ca = person.ca.fingerprint();
    let expected = format!("USSH_CA={ca}\nUSSH_KEY_ID=alice@corp\nUSSH_SERIAL=7\nUSSH_VALID_UNTIL=2099-01-01T00:00:00Z\n");
    assert_eq!(person.login(SHOW).ok().stdout, expected);
    let log = world.log();
    let line = log.iter().find(|line| line.contains("pam_ussh(sshd:session): accepted")).expect("a line");
    // sshd's own tag (sshd-session from 9.8 on) has the pid that the module names, so the two can be joined.
    let (tag, _) = line.split_once("]: ").expect("a tag");
    let (program, pid) = tag.split_once('[').expect("a pid in the tag");
    assert!(["sshd", "sshd-session"].contains(&program), "{line}");
    for part in [&format!(" sshd={pid} "), " peer=127.0.0.1 ", "key_id=\"alice@corp\"", "serial=7", &format!("ca={ca}")] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let accepted = log.iter().any(|line| line.starts_with(&format!("{tag}]: Accepted publickey for alice")));
    assert!(accepted, "{log:#?}");

    person.renew(&good().validity("always:forever"));
    assert!(person.login(SHOW).stdout.ends_with("USSH_VALID_UNTIL=never\n"));
}

#[test]
fn a_hostile_key_id_sets_its_own_variable_and_no_other() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(&["session"], ""));
    for (id, shown) in [
        ("a\nUSSH_SERIAL=99", "USSH_KEY_ID=a\\u{a}USSH_SERIAL=99\n"),
        ("LD_PRELOAD=/tmp/x.so", "USSH_KEY_ID=LD_PRELOAD=/tmp/x.so\n"),
        ("=", "USSH_KEY_ID==\n"),
        ("\u{1b}[2J\r", "USSH_KEY_ID=\\u{1b}[2J\\u{d}\n"),
        ("$(touch /tmp/x)`id`", "USSH_KEY_ID=$(touch /tmp/x)`id`\n"),
    ] {
        person.renew(&tests::world::Request::new(id).serial(7));
        let answer = person.login("env | grep -a '^USSH_\\|LD_PRELOAD' | sort");
        let lines: Vec<&str> = answer.ok().stdout.lines().collect();
        assert_eq!(lines.len(), 4, "{answer}");
        assert_eq!((format!("{}\n", lines[1]), lines[2]), (shown.to_owned(), "USSH_SERIAL=7"), "{answer}");
    }
}

#[test]
fn a_refused_login_takes_nothing_along() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.write_as("/opt/rig/show.sh", b"#!/bin/sh\nenv >/run/rig/environment\n", "root", 0o755);
    let lines = |options: &str| stacks(&["session"], options) + "session required pam_exec.so /opt/rig/show.sh\n";
    let left = || world.read("/run/rig/environment");
    world.pam("sshd", &lines(""));
    person.login("true").ok();
    assert!(left().contains("USSH_KEY_ID=alice@corp"), "{}", left());
    world.pam("sshd", &lines("max_validity=30m"));
    assert_no_session(&person.login("true"), "is valid for longer than 30 minutes");
    assert!(left().contains("PAM_TYPE=open_session") && !left().contains("USSH_"), "{}", left());
}

/// The way of an auditor: from sudo's line to the login, from there to the CA's journal.
#[test]
fn sudo_and_the_login_log_the_same_names() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.pam("sshd", &stacks(&["session"], ""));
    world.pam("sudo", &account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let agent = world.agent();
    agent.add(&person.key);
    world.log();
    let answer = world.ssh("alice").agent(&agent).by_agent().run("sudo -n id -u");
    assert_eq!(answer.ok().stdout, "0\n");
    let log = world.module_log();
    let names = |stack: &str| -> String {
        let line = log.iter().find(|line| line.contains(&format!("({stack}): accepted "))).expect("a line");
        line[line.find("key_id=").expect("a key ID")..].to_owned()
    };
    assert_eq!(names("sshd:session"), names("sudo:account"), "{log:#?}");
}
