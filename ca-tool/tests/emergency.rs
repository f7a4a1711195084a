//! `ca-tool emergency`: one command, and everybody hears of it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::os::unix::fs::PermissionsExt;

use room::{Agent, Done, Room, SecurityKey};

const EMERGENCY: [&str; 7] = ["emergency", "-s", "ca", "-n", "root,alice", "--reason", "LDAP is \"down\""];

fn room() -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    room
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&EMERGENCY[..], more].concat()
}

fn mode(room: &Room, name: &str) -> u32 {
    std::fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_folder_of_its_own_has_the_key_and_its_certificate() {
    let room = room();
    let done = room.ca_tool(&with(&["-o", "now"])).done();
    assert_eq!(["now", "now/id_ed25519", "now/id_ed25519-cert.pub"].map(|name| mode(&room, name)), [0o700, 0o600, 0o644]);
    assert!(!room.path("now/journal.db").exists());
    let certificate = room.ok("ssh-keygen", &["-L", "-f", "now/id_ed25519-cert.pub"]);
    for words in ["root\n", "alice\n", "Key ID: \"emergency-root@", &room.fingerprint("ca.pub")] {
        assert!(certificate.contains(words), "{words}: {certificate}");
    }
    assert_eq!(room.ok("ssh-keygen", &["-y", "-f", "now/id_ed25519"]), room.read("now/id_ed25519.pub"));

    assert!(done.stderr.contains("ssh -i now/id_ed25519 root@HOST"), "{}", done.stderr);
    for words in ["reason      LDAP is \\\"down\\\"", "serial      1", "principals  root,alice", &room.fingerprint("ca.pub")] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let journal = room.ca_tool(&["log", "list", "--json"]).done().stdout;
    assert!(journal.contains(r#"emergency: LDAP is \"down\""#), "{journal}");
}

#[test]
fn the_folder_has_a_name_of_its_own_when_none_is_given() {
    let room = room();
    room.ca_tool(&EMERGENCY).done();
    let names = std::fs::read_dir(room.path(".")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("emergency-2")).count(), 1);
}

#[test]
fn json_says_all_that_there_is_to_say() {
    let room = room();
    let done = room.ca_tool(&with(&["-o", "now", "--json", "-I", "break-glass", "-V", "-5m:+5m"])).done();
    let data: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(data["serial"], 1);
    assert_eq!(data["key_id"], "break-glass");
    assert_eq!(data["principals"], serde_json::json!(["root", "alice"]));
    assert_eq!(data["valid_before"].as_u64().unwrap() - data["valid_after"].as_u64().unwrap(), 600);
    assert_eq!(data["ca"], room.fingerprint("ca.pub"));
    assert_eq!(data["key"], room.fingerprint("now/id_ed25519.pub"));
    assert_eq!(data["file"], "now/id_ed25519");
    assert_eq!(data["reason"], "LDAP is \"down\"");
}

#[test]
fn more_than_an_hour_is_no_emergency() {
    let room = room();
    for validity in ["+61m", "-5m:+56m", "always:forever", "+1d", "20300101:20300102"] {
        let done = room.ca_tool(&with(&["-V", validity]));
        assert!(done.code == 2 && done.stderr.contains("an hour at most"), "{validity}: {done:?}");
    }
    assert!(!room.path("journal.db").exists());
    room.ca_tool(&with(&["-o", "now", "-V", "-5m:+55m"])).done();
}

#[test]
fn who_it_is_for_and_why_must_be_said() {
    let room = room();
    for args in [
        &["emergency", "-s", "ca", "-n", "root"][..],
        &["emergency", "-s", "ca", "--reason", "x"],
        &["emergency", "-s", "ca", "-n", "root", "--reason", " "],
        &["emergency", "-s", "ca", "-n", "", "--reason", "x"],
    ] {
        assert_eq!(room.ca_tool(args).code, 2, "{args:?}");
    }
    assert!(!room.path("journal.db").exists());
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let room = room();
    std::fs::create_dir(room.path("now")).unwrap();
    room.ca_tool(&with(&["-o", "now"])).refused("The folder now cannot be made");
    assert_eq!(std::fs::read_dir(room.path("now")).unwrap().count(), 0);
}

#[test]
fn nothing_lies_about_when_the_ca_does_not_sign() {
    let mut room = Room::new();
    let device = SecurityKey::plug_in(&mut room);
    room.key("ca", "ecdsa-sk");
    device.set("touch", "refused");
    room.ca_tool(&with(&["-o", "now"])).refused("it was not touched in time");
    assert!(!room.path("now").exists());
}

#[test]
fn into_the_agent_it_leaves_no_file() {
    let mut room = room();
    let _agent = Agent::start(&mut room);
    let done = room.ca_tool(&with(&["--to-agent", "-o", "now"])).done();
    assert!(done.stderr.contains("ssh root@HOST") && !done.stderr.contains("shred"), "{}", done.stderr);
    assert_eq!(room.agent_holds().len(), 2);
    assert!(!room.path("now").exists());
}

/// As on a machine that never was a CA's: no journal is named, and the usual one is not there.
#[track_caller]
fn elsewhere(room: &Room, more: &[&'static str]) -> Done {
    assert!(!std::path::Path::new("/var/lib/ussh/journal.db").exists(), "this host has a journal that a test must not write");
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(with(more));
    Done::of(command).done()
}

#[test]
fn without_the_usual_journal_one_begins_in_the_folder_with_numbers_that_nobody_else_gives() {
    let mut room = room();
    let _agent = Agent::start(&mut room);
    for (folder, more) in [("one", &["-o", "one", "--json"][..]), ("two", &["-o", "two", "--json", "--to-agent"])] {
        let done = elsewhere(&room, more);
        assert!(done.stderr.contains("Bring the journal home"), "{}", done.stderr);
        let data: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let serial = data["serial"].as_u64().unwrap();
        assert!((1 << 62..1 << 63).contains(&serial), "{serial}");
        let journal = format!("{folder}/journal.db");
        assert_eq!(data["journal"], journal);
        let mut log = room.program(env!("CARGO_BIN_EXE_ca-tool"));
        log.args(["log", "list", "--json", "--journal", &journal]);
        let log = Done::of(log).done().stdout;
        assert!(log.contains(&serial.to_string()) && log.contains("emergency: LDAP"), "{log}");
        assert_eq!(mode(&room, folder), 0o700);
    }
    assert!(!room.path("two/id_ed25519").exists());
}

#[test]
fn a_journal_that_was_named_must_be_writable() {
    let room = room();
    room.write("journal.db", "no journal");
    room.ca_tool(&with(&["-o", "now"])).refused("journal");
    assert!(!room.path("now").exists());
}
