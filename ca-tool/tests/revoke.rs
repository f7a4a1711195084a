//! `ca-tool revoke`: in the journal, in the list, and in force.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use room::Room;
use serde_json::Value;

/// Certificates NAME of serial 1.. issued by ca-tool: (name, principals, validity).
fn room(certificates: &[(&str, &str, &str)]) -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    for (name, principals, validity) in certificates {
        room.key(name, "ed25519");
        room.ca_tool(&[
            "sign",
            "-s",
            "ca",
            "-I",
            &format!("{name}@corp"),
            "-n",
            principals,
            "-V",
            validity,
            &format!("{name}.pub"),
        ])
        .done();
    }
    room
}

fn is_revoked(room: &Room, name: &str) -> bool {
    let mut command = room.program("ssh-keygen");
    command.args(["-Q", "-f", "krl", &format!("{name}-cert.pub")]);
    let done = room::Done::of(command);
    assert!(done.stdout.contains(": ok") || done.stdout.contains(": REVOKED"), "{done:#?}");
    done.code != 0
}

fn revoked(room: &Room) -> Vec<Value> {
    let said = room.ca_tool(&["log", "list", "--json", "--event", "revoked"]).done().stdout;
    serde_json::from_str(&said).unwrap()
}

#[test]
fn a_user_is_revoked_by_every_certificate_that_still_lives() {
    let room = room(&[
        ("laptop", "alice,deploy", "+8h"),
        ("old", "alice", "20200101:20200102"),
        ("alice", "deploy", "+1h"),
        ("bob", "bob", "+1h"),
        ("alicia", "alicia", "+1h"),
        ("soon", "alice", "+1h:+2h"),
    ]);
    room.ca_tool(&["sign", "-h", "-s", "ca", "-I", "a host", "-n", "alice", "bob.pub", "-o", "host-cert.pub"]).done();
    room.ca_tool(&["sign", "-s", "ca", "-I", "alice", "-n", "x", "bob.pub", "-o", "by-id-cert.pub"]).done();
    let done = room.ca_tool(&["revoke", "--user", "alice", "-r", "left"]).done();
    let names = ["laptop", "old", "alice", "bob", "alicia", "soon", "host", "by-id"];
    let hit: Vec<_> = names.into_iter().filter(|name| is_revoked(&room, name)).collect();
    assert_eq!(hit, ["laptop", "soon", "by-id"], "{done:#?}");
    assert!(revoked(&room).iter().all(|entry| entry["reason"] == "left"));
    room.ca_tool(&["revoke", "--user", "alice"]).refused("no certificate for \"alice\"");
    room.ca_tool(&["revoke", "--user", "nobody"]).refused("Nothing was revoked");
}

#[test]
fn a_certificate_that_was_never_handed_over_is_revoked_with_its_user() {
    let room = room(&[("a", "bob", "+1h")]);
    room.ca_tool(&["sign", "-s", "ca", "-I", "x", "-n", "alice", "-o", "nowhere/x", "a.pub"]).refused("nowhere");
    room.ca_tool(&["revoke", "--user", "alice"]).done();
    assert_eq!(revoked(&room)[0]["revocation"], serde_json::json!({ "serials": [2, 2] }));
}

#[test]
fn each_way_to_name_a_certificate_revokes_it_and_no_other() {
    let fingerprint =
        |room: &Room, name: &str| room.ok("ssh-keygen", &["-lf", &format!("{name}.pub")]).split(' ').nth(1).unwrap().to_owned();
    for way in 0..5 {
        let room = room(&[("a", "x", "+1h"), ("b", "x", "+1h")]);
        let hash = fingerprint(&room, "b");
        let typed: &[&str] = match way {
            0 => &["-z", "2"],
            1 => &["-I", "b@corp"],
            2 => &["b.pub"],
            3 => &["b-cert.pub"],
            _ => &["--hash", &hash],
        };
        room.ca_tool(&[&["revoke"], typed].concat()).done();
        assert_eq!((is_revoked(&room, "a"), is_revoked(&room, "b")), (false, true), "{typed:?}");
    }
}

#[test]
fn the_journal_comes_first_and_the_list_can_follow() {
    let room = room(&[("a", "x", "+1h")]);
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["revoke", "a-cert.pub", "--journal", "journal.db", "--krl", "no/such/folder/krl"]);
    room::Done::of(command).refused("It is in the journal, but not in the revocation list");
    assert_eq!(revoked(&room).len(), 1);
    room.ca_tool(&["revoke", "-z", "77", "--no-krl"]).done();
    assert!(!room.path("krl").exists());
    room.ca_tool(&["krl", "update"]).done();
    assert!(is_revoked(&room, "a"));
    assert!(room.ok("ssh-keygen", &["-Q", "-l", "-f", "krl"]).contains("serial: 77"));
}

#[test]
fn what_cannot_be_revoked_is_never_in_the_journal() {
    let room = room(&[("a", "x", "+1h")]);
    room.key("other", "ed25519");
    room.write("junk", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQ== junk\n");
    for (typed, code) in [
        (&["-z", "0"][..], 2),
        (&["-z", "5-4"], 2),
        (&["-z", "-5"], 2),
        (&["-z", "+5"], 2),
        (&["--hash", "SHA256:short"], 2),
        (&[], 2),
        (&["-s", "SHA256:unknown", "-z", "1"], 2),
        (&["-s", "a-cert.pub", "-z", "1"], 1),
        (&["junk"], 1),
        (&["nowhere.pub"], 1),
    ] {
        let done = room.ca_tool(&[&["revoke"], typed].concat());
        assert_eq!(done.code, code, "{typed:?}: {done:#?}");
    }
    assert_eq!(revoked(&room), [] as [Value; 0]);
    assert!(!room.path("krl").exists());
}

#[test]
fn with_several_cas_it_must_be_said_whose_serial_number_is_meant() {
    let room = room(&[("a", "x", "+1h")]);
    room.key("second", "ed25519");
    room.ca_tool(&["sign", "-s", "second", "-I", "s", "-n", "x", "-o", "second-cert.pub", "a.pub"]).done();
    let done = room.ca_tool(&["revoke", "-z", "1"]);
    assert!(done.code == 2 && done.stderr.contains("several CAs"), "{done:#?}");
    room.ca_tool(&["revoke", "-s", "second.pub", "-z", "1"]).done();
    assert_eq!((is_revoked(&room, "a"), is_revoked(&room, "second")), (false, true));
    let fingerprint = room.ok("ssh-keygen", &["-lf", "ca.pub"]).split(' ').nth(1).unwrap().to_owned();
    room.ca_tool(&["revoke", "-s", &fingerprint, "-z", "1"]).done();
    assert!(is_revoked(&room, "a"));
    room.ca_tool(&["revoke", "-s", "any", "-z", "9"]).done();
    assert!(room.ok("ssh-keygen", &["-Q", "-l", "-f", "krl"]).contains("Wildcard CA\nserial: 9"));
}
