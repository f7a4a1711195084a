//! `ca-tool krl` beside `ssh-keygen -k` and `-Q`: each reads what the other wrote, and says the same of every key.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use std::os::unix::fs::PermissionsExt;

use room::{Done, Room};
use serde_json::Value;

/// Keys, certificates with serial numbers 1 to 4 (5 of another CA), and one without.
fn room() -> Room {
    room_with("ed25519")
}

fn room_with(rsa: &str) -> Room {
    let room = Room::new();
    for (name, kind) in [("ca", "ed25519"), ("other", "ecdsa"), ("a", "ed25519"), ("b", "ecdsa"), ("c", rsa), ("d", "ed25519")]
    {
        room.key(name, kind);
    }
    for (key, serial) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
        certify(&room, "ca", key, serial, &format!("{key}.{serial}"));
    }
    certify(&room, "other", "a", "2", "other.2");
    certify(&room, "ca", "d", "0", "d.0");
    room
}

/// A certificate with the file's name as its key ID.
fn certify(room: &Room, ca: &str, key: &str, serial: &str, name: &str) {
    room.ok("ssh-keygen", &["-q", "-s", ca, "-I", name, "-n", "x", "-z", serial, &format!("{key}.pub")]);
    std::fs::rename(room.path(&format!("{key}-cert.pub")), room.path(name)).unwrap();
}

const ALL: [&str; 10] = ["a.pub", "b.pub", "c.pub", "d.pub", "a.1", "b.2", "c.3", "d.4", "other.2", "d.0"];

/// What both say of every key and certificate, which must be the same: the revoked ones.
#[track_caller]
fn both_say(room: &Room) -> Vec<&'static str> {
    let ours = room.ca_tool(&[&["krl", "check"], &ALL[..]].concat());
    let mut command = room.program("ssh-keygen");
    command.args(["-Q", "-f", "krl"]).args(ALL);
    let theirs = Done::of(command);
    assert_eq!((&ours.stdout, ours.code), (&theirs.stdout, theirs.code), "{ours:#?}{theirs:#?}");
    assert_eq!(room.ca_tool(&["krl", "show"]).done().stdout, listed(room));
    ours.stdout.lines().zip(ALL).filter(|(line, _)| line.ends_with(": REVOKED")).map(|(_, name)| name).collect()
}

/// ssh-keygen ends with an empty line or not, depending on its version.
fn listed(room: &Room) -> String {
    let said = room.ok("ssh-keygen", &["-Q", "-l", "-f", "krl"]);
    format!("{}\n", said.trim_end_matches('\n'))
}

fn header(room: &Room) -> (u64, u64) {
    let json: Value = serde_json::from_str(&room.ca_tool(&["krl", "show", "--json"]).done().stdout).unwrap();
    (json["version"].as_u64().unwrap(), json["generated"].as_u64().unwrap())
}

fn build(room: &Room, more: &[&str]) -> Done {
    room.ca_tool(&[&["krl", "build", "--no-journal"], more].concat())
}

#[test]
fn each_way_to_revoke_means_the_same_to_both() {
    let room = room_with("rsa");
    let public = |name: &str| room.read(&format!("{name}.pub"));
    let hash = room.ok("ssh-keygen", &["-lf", "b.pub"]).split(' ').nth(1).unwrap().to_owned();
    for (spec, ca, revoked) in [
        ("serial: 2\n".to_owned(), "ca.pub", &["b.2"][..]),
        ("serial: 2-3\nserial: 0x4\n".to_owned(), "ca.pub", &["b.2", "c.3", "d.4"]),
        ("serial: 1-18446744073709551615\n".to_owned(), "any", &["a.1", "b.2", "c.3", "d.4", "other.2"]),
        ("id: c.3\nid: d.0 # of no serial\n".to_owned(), "ca.pub", &["c.3", "d.0"]),
        (format!("key: {}", public("a")), "ca.pub", &["a.pub", "a.1", "other.2"]),
        (format!("sha1: {}", public("b")), "ca.pub", &["b.pub", "b.2"]),
        (format!("sha256: {}", public("c")), "ca.pub", &["c.pub", "c.3"]),
        (format!("hash: {hash}\n"), "ca.pub", &["b.pub", "b.2"]),
        (room.read("d.4") + &room.read("d.0"), "ca.pub", &["d.4", "d.0"]),
        (public("other"), "ca.pub", &["other.2"]),
        ("# nothing\n".to_owned(), "ca.pub", &[]),
    ] {
        room.write("spec", &spec);
        build(&room, &["-s", ca, "spec"]).done();
        assert_eq!(both_say(&room), revoked, "{spec}");
        // The other way round: they write, we read.
        let ca = if ca == "any" { "none" } else { ca };
        room.ok("ssh-keygen", &["-q", "-k", "-f", "krl", "-s", ca, "-z", "7", "spec"]);
        assert_eq!(both_say(&room), revoked, "{spec}");
        std::fs::remove_file(room.path("krl")).unwrap();
    }
}

#[test]
fn update_adds_and_build_begins_anew() {
    let room = room();
    room.write("one", "serial: 1\n");
    room.write("two", "serial: 2\n");
    build(&room, &["-s", "ca.pub", "one"]).done();
    room.ca_tool(&["krl", "update", "--no-journal", "-s", "ca.pub", "two"]).done();
    assert_eq!(both_say(&room), ["a.1", "b.2"]);
    build(&room, &["-s", "ca.pub", "two"]).done();
    assert_eq!(both_say(&room), ["b.2"]);
    // And what ssh-keygen wrote is added to.
    room.ok("ssh-keygen", &["-q", "-k", "-f", "krl", "-s", "ca.pub", "-z", "40", "one"]);
    room.ca_tool(&["krl", "update", "--no-journal", "-s", "other.pub", "two"]).done();
    assert_eq!(both_say(&room), ["a.1", "other.2"]);
    assert_eq!(header(&room).0, 41);
}

#[test]
fn version_and_date_never_fall() {
    let room = room();
    room.write("spec", "serial: 1\n");
    room.ok("ssh-keygen", &["-q", "-k", "-f", "krl", "-s", "ca.pub", "-z", "9000000000", "spec"]);
    // A clock that went back a little: the list is of some minutes from now.
    let soon = now() + 250;
    date_it(&room, soon);
    for (verb, version) in [("update", 9_000_000_001), ("build", 9_000_000_002), ("update", 9_000_000_003)] {
        room.ca_tool(&["krl", verb, "--no-journal", "-s", "ca.pub", "spec"]).done();
        assert_eq!(header(&room), (version, soon), "{verb}");
    }
}

#[test]
fn a_list_of_the_future_which_hosts_refuse_gets_the_right_date() {
    let room = room();
    room.write("spec", "serial: 1\n");
    room.ca_tool(&["krl", "build", "--no-journal", "-s", "ca.pub", "spec"]).done();
    date_it(&room, 4_102_444_800); // 2100
    room.ca_tool(&["krl", "sign", "-s", "ca"]).refused("is dated in the future, 2100-01-01T00:00:00Z");
    room.ca_tool(&["krl", "update", "--no-journal", "-s", "ca.pub", "spec"]).done();
    let (version, date) = header(&room);
    assert!(version == 2 && date <= now() + 1, "{version} {date}");
    room.ca_tool(&["krl", "sign", "-s", "ca"]).done();
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn date_it(room: &Room, date: u64) {
    let mut bytes = std::fs::read(room.path("krl")).unwrap();
    bytes[20..28].copy_from_slice(&date.to_be_bytes());
    room.write("krl", bytes);
}

#[test]
fn version_and_date_never_fall_even_when_the_file_was_lost() {
    let room = room();
    room.ca_tool(&["revoke", "a.pub"]).done();
    let first = std::fs::read(room.path("krl")).unwrap();
    room.ca_tool(&["revoke", "b.pub"]).done();
    let (version, date) = header(&room);
    std::fs::remove_file(room.path("krl")).unwrap();
    room.ca_tool(&["krl", "build"]).done();
    assert_eq!(header(&room).0, version + 1);
    room.write("krl", first);
    room.ca_tool(&["krl", "update"]).done();
    assert_eq!(header(&room).0, version + 2);
    assert!(header(&room).1 >= date);
    assert_eq!(both_say(&room), ["a.pub", "b.pub", "a.1", "b.2", "other.2"]);
}

#[test]
fn the_file_is_replaced_whole_and_keeps_its_mode() {
    let room = room();
    let mode = || std::fs::metadata(room.path("krl")).unwrap().permissions().mode() & 0o7777;
    room.write("spec", "serial: 1\n");
    let mut command = room.program("sh");
    let tool = env!("CARGO_BIN_EXE_ca-tool");
    command.args(["-c", &format!("umask 077; {tool} krl build --no-journal --krl krl -s ca.pub spec")]);
    Done::of(command).done();
    assert_eq!(mode(), 0o644, "everybody reads it, whatever the umask");
    std::fs::set_permissions(room.path("krl"), std::fs::Permissions::from_mode(0o640)).unwrap();
    // Somebody who reads it right now goes on reading the old one.
    let mut reader = std::fs::File::open(room.path("krl")).unwrap();
    let before = std::fs::read(room.path("krl")).unwrap();
    room.write("spec", "serial: 1-1000\nid: x\n");
    std::os::unix::fs::symlink("krl", room.path("link")).unwrap();
    room.ok(tool, &["krl", "build", "--no-journal", "--krl", "link", "-s", "ca.pub", "spec"]);
    let mut seen = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut seen).unwrap();
    assert_eq!((seen, mode()), (before, 0o640));
    assert!(std::fs::symlink_metadata(room.path("link")).unwrap().is_symlink(), "the link was replaced");
}

/// A lock on the folder or the list is anybody's who can read them.
#[test]
fn nobody_who_can_only_read_holds_up_a_revocation() {
    let room = room();
    room.ca_tool(&["revoke", "a.pub"]).done();
    let held = [room.path("."), room.path("krl")].map(|path| std::fs::File::open(path).unwrap());
    held.iter().for_each(|file| file.lock().unwrap());
    let mut command = room.program("timeout");
    command.args(["60", env!("CARGO_BIN_EXE_ca-tool"), "revoke", "b.pub", "--journal", "journal.db", "--krl", "krl"]);
    Done::of(command).done();
    let lock = std::fs::metadata(room.path(".krl.lock")).unwrap();
    assert_eq!(lock.permissions().mode() & 0o7777, 0o600, "nobody else can open it");
}

#[test]
fn many_who_revoke_at_the_same_time_lose_nothing() {
    let room = room();
    room.ca_tool(&["revoke", "-s", "ca.pub", "-z", "1000"]).done();
    std::thread::scope(|scope| {
        for serial in 1..=12_u64 {
            let room = &room;
            scope.spawn(move || room.ca_tool(&["revoke", "-s", "ca.pub", "-z", &(serial * 2).to_string()]).done());
        }
    });
    let json: Value = serde_json::from_str(&room.ca_tool(&["krl", "show", "--json"]).done().stdout).unwrap();
    let serials: Vec<u64> =
        json["certificates"][0]["serials"].as_array().unwrap().iter().map(|pair| pair[0].as_u64().unwrap()).collect();
    assert_eq!(serials, (1..=12).map(|serial| serial * 2).chain([1000]).collect::<Vec<_>>());
    assert_eq!(json["version"], 13);
    room.ca_tool(&["log", "verify"]).done();
}

#[test]
fn a_list_that_openssh_does_not_load_is_never_built_upon_nor_asked() {
    let room = room();
    room.write("spec", "serial: 1\n");
    build(&room, &["-s", "ca.pub", "spec"]).done();
    let sound = std::fs::read(room.path("krl")).unwrap();
    let cut = &sound[..sound.len() - 1];
    let long = [&sound[..], b"x"].concat();
    let mut unknown = sound.clone();
    unknown[44] = 77; // the first section's type
    for bad in [cut, &long, &unknown, b"SSHKRL\n\0", b"no list\n", &sound[..44 + 3]] {
        room.write("krl", bad);
        let mut theirs = room.program("ssh-keygen");
        theirs.args(["-Q", "-f", "krl", "a.1"]);
        assert_ne!(Done::of(theirs).code, 0);
        room.ca_tool(&["krl", "check", "a.1"]).refused("refuse everybody");
        room.ca_tool(&["krl", "show"]).refused("no revocation list");
        for verb in ["update", "build"] {
            room.ca_tool(&["krl", verb, "--no-journal", "-s", "ca.pub", "spec"]).refused("no revocation list");
        }
        room.ca_tool(&["revoke", "a.pub"]).refused("and so not in force");
        assert_eq!(std::fs::read(room.path("krl")).unwrap(), bad, "it was replaced");
    }
}

#[test]
fn a_flat_list_is_asked_as_sshd_asks_it() {
    let room = room();
    room.write("krl", room.read("a.pub") + &room.read("b.2"));
    let done = room.ca_tool(&["krl", "check", "a.1", "b.pub", "c.3"]).refused("2 of 3 revoked");
    assert_eq!(done.stdout, "a.1 (a): REVOKED\nb.pub (b): REVOKED\nc.3 (c): ok\n");
    room.ca_tool(&["krl", "update", "--no-journal", "c.pub"]).refused("no revocation list");
}

#[test]
fn a_wrong_specification_leaves_the_list_as_it_was() {
    let room = room();
    room.write("good", "serial: 1\n");
    build(&room, &["-s", "ca.pub", "good"]).done();
    let before = std::fs::read(room.path("krl")).unwrap();
    for (spec, words) in [
        ("serial: 1\nserial: 0\n", "line 2"),
        ("serial: 9-3\n", "line 1"),
        ("serial: 18446744073709551616\n", "end at 18446744073709551615"),
        ("hash: MD5:xx\n", "SHA256"),
        ("nonsense\n", "line 1"),
    ] {
        room.write("spec", spec);
        room.ca_tool(&["krl", "update", "--no-journal", "-s", "ca.pub", "good", "spec"]).refused(words);
    }
    room.ca_tool(&["krl", "update", "--no-journal", "good"]).refused("say which");
    assert_eq!(std::fs::read(room.path("krl")).unwrap(), before);
}

#[test]
fn a_journal_that_is_not_there_is_not_taken_for_an_empty_one() {
    let room = room();
    room.ca_tool(&["krl", "build"]).refused("There is no journal");
    room.ca_tool(&["krl", "update", "a.pub"]).refused("There is no journal");
    assert!(!room.path("krl").exists() && !room.path("journal.db").exists());
    assert_eq!(room.ca_tool(&["krl", "build", "--no-journal"]).code, 2, "nothing at all would be revoked");
}

#[test]
fn json_says_what_is_revoked_and_why() {
    let room = room();
    room.ca_tool(&["revoke", "-s", "ca.pub", "-z", "2-3", "-I", "d.0", "a.pub"]).done();
    let done = room.ca_tool(&["krl", "check", "--json", "b.2", "d.4"]);
    let json: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &json[0]["revoked"], &json[1]["revoked"]), (1, &true.into(), &false.into()));
    assert_eq!(json[0]["reason"], "the certificate is revoked by its serial number");
    let json: Value = serde_json::from_str(&room.ca_tool(&["krl", "show", "--json"]).done().stdout).unwrap();
    assert_eq!(json["certificates"][0]["serials"], serde_json::json!([[2, 3]]));
    assert_eq!(json["certificates"][0]["key_ids"], serde_json::json!(["d.0"]));
    assert_eq!(json["keys"].as_array().unwrap().len(), 1);
}
