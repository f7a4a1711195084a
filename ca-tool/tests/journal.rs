//! Serial numbers and attempts in the journal, with the real tool: several processes, killed processes, full disks.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use room::{Done, Room};
use serde_json::Value;

/// A room with a CA and these keys.
fn room(keys: &[&str]) -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    keys.iter().for_each(|key| drop(room.key(key, "ed25519")));
    room
}

fn sign(room: &Room, more: &[&str]) -> Done {
    room.ca_tool(&[&["sign", "-s", "ca", "-I", "alice", "-n", "alice"], more].concat())
}

fn list(room: &Room, more: &[&str]) -> Vec<Value> {
    let said = room.ca_tool(&[&["log", "list", "--json"], more].concat()).done().stdout;
    serde_json::from_str::<Vec<Value>>(&said).unwrap()
}

fn serials(room: &Room) -> Vec<u64> {
    list(room, &[]).iter().filter_map(|entry| entry["serial"].as_u64()).collect()
}

/// What ssh-keygen reads in the certificate.
fn serial_in(room: &Room, certificate: &str) -> u64 {
    let said = room.ok("ssh-keygen", &["-L", "-f", certificate]);
    let line = said.lines().find_map(|line| line.trim().strip_prefix("Serial: ")).unwrap();
    line.parse().unwrap()
}

#[test]
fn serial_numbers_count_up_for_each_ca_by_itself() {
    let room = room(&["a", "b"]);
    room.key("other", "ed25519");
    sign(&room, &["a.pub", "b.pub"]).done();
    assert_eq!((serial_in(&room, "a-cert.pub"), serial_in(&room, "b-cert.pub")), (1, 2));
    room.ca_tool(&["sign", "-s", "other", "-I", "x", "-n", "x", "a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), 1);
    sign(&room, &["a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), 3);
}

#[test]
fn a_serial_number_of_the_persons_choice_is_used_once() {
    let room = room(&["a", "b", "c"]);
    sign(&room, &["-z", "7", "a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), 7);
    sign(&room, &["-z", "7", "b.pub"]).refused("already taken, by attempt 2");
    sign(&room, &["-z", "+6", "b.pub", "c.pub"]).refused("already taken, by attempt 2");
    assert!(!room.path("b-cert.pub").exists(), "one number of the call was taken, and it signed something");
    sign(&room, &["-z", "+8", "b.pub", "c.pub"]).done();
    assert_eq!((serial_in(&room, "b-cert.pub"), serial_in(&room, "c-cert.pub")), (8, 9));
    sign(&room, &["a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), 10);
}

#[test]
fn one_serial_number_for_several_keys_is_refused_and_so_is_zero() {
    let room = room(&["a", "b"]);
    for (typed, words) in [
        (&["-z", "5", "a.pub", "b.pub"][..], "-z +5"),
        (&["-z", "0", "a.pub"], "cannot be revoked"),
        (&["-z", "+0", "a.pub"], "cannot be revoked"),
        (&["-z", "-1", "a.pub"], ""),
        (&["-z", "18446744073709551616", "a.pub"], "18446744073709551615"),
        (&["-z", "++1", "a.pub"], "no number"),
    ] {
        let done = sign(&room, typed);
        assert!(done.code == 2 && done.stderr.contains(words), "{typed:?}: {done:#?}");
        assert!(!room.path("a-cert.pub").exists());
    }
}

#[test]
fn serial_numbers_go_to_the_end_of_64_bits_and_not_around() {
    let room = room(&["a", "b"]);
    sign(&room, &["-z", "9223372036854775807", "a.pub"]).done();
    sign(&room, &["a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), 1 << 63);
    sign(&room, &["-z", "+18446744073709551615", "a.pub", "b.pub"]).refused("highest serial number");
    sign(&room, &["-z", "18446744073709551615", "a.pub"]).done();
    assert_eq!(serial_in(&room, "a-cert.pub"), u64::MAX);
    sign(&room, &["a.pub"]).refused("highest serial number");
    sign(&room, &["-z", "3", "a.pub"]).done();
    assert_eq!(serials(&room), [(1 << 63) - 1, 1 << 63, u64::MAX, 3]);
}

#[test]
fn eight_processes_that_are_killed_at_any_point_never_share_a_serial_number() {
    let room = room(&[]);
    let keys: Vec<String> = (0..8).map(|at| format!("key{at}")).collect();
    keys.iter().for_each(|key| drop(room.key(key, "ed25519")));
    std::thread::scope(|scope| {
        for (worker, key) in keys.iter().enumerate() {
            let room = &room;
            scope.spawn(move || {
                for round in 0..25 {
                    let out = format!("{key}.{round}");
                    let public = format!("{key}.pub");
                    let mut command = room.command(&["sign", "-s", "ca", "-I", &out, "-n", "alice", "-o", &out, &public]);
                    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
                    let mut child = command.spawn().unwrap();
                    // Two of three are killed, each at another point; the others must succeed whatever was left behind.
                    if (worker + round) % 3 != 0 {
                        std::thread::sleep(Duration::from_micros(u64::try_from((worker * 25 + round) * 397).unwrap()));
                        let _ = child.kill();
                        child.wait().unwrap();
                    } else {
                        assert!(child.wait().unwrap().success(), "{out} was not signed");
                    }
                }
            });
        }
    });
    let mut taken = serials(&room);
    assert!(taken.len() >= 66, "only {} attempts", taken.len());
    taken.sort_unstable();
    let before = taken.len();
    taken.dedup();
    assert_eq!(taken.len(), before, "a serial number was taken twice");
    // What left the tool is in the journal as issued, under the number that it bears.
    let issued = list(&room, &["--event", "issued"]);
    let mut delivered = 0;
    for name in keys.iter().flat_map(|key| (0..25).map(move |round| format!("{key}.{round}"))) {
        if room.path(&name).exists() {
            delivered += 1;
            let serial = serial_in(&room, &name);
            let matching = issued.iter().filter(|entry| entry["serial"] == serial && entry["key_id"] == *name).count();
            assert_eq!(matching, 1, "{name} with serial {serial} left the tool, and the journal does not say so");
        }
    }
    assert!(delivered >= 66 && issued.len() < 200, "{delivered} delivered, {} issued: nobody was killed", issued.len());
    room.ca_tool(&["log", "verify"]).done();
}

#[test]
fn an_attempt_that_was_killed_is_shown_as_unfinished() {
    let room = room(&["a"]);
    sign(&room, &["a.pub"]).done();
    // What a process leaves behind that was killed between intent and outcome.
    let database = rusqlite::Connection::open(room.path("journal.db")).unwrap();
    database
        .execute_batch("DROP TRIGGER journal_no_delete; DELETE FROM journal WHERE seq = 3; UPDATE sqlite_sequence SET seq = 2;")
        .unwrap();
    database.close().unwrap();
    let entries = list(&room, &["--event", "unfinished"]);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert!(room.ca_tool(&["log", "show", "2"]).done().stdout.starts_with("2: unfinished\n"));
    assert!(room.ca_tool(&["log", "verify"]).stderr.contains("Unfinished: 2."));
}

#[test]
fn the_journal_is_for_its_owner_alone() {
    let room = room(&["a"]);
    let mut command = room.program("sh");
    let script =
        format!("umask 0; exec {} sign -s ca -I a -n a --journal new/folder/journal.db a.pub", env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["-c", &script]);
    Done::of(command).done();
    let mode = |name: &str| std::fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("new"), mode("new/folder"), mode("new/folder/journal.db")), (0o700, 0o700, 0o600));
    let left: Vec<_> = std::fs::read_dir(room.path("new/folder")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["journal.db"], "at rest the journal is one file");
}

#[test]
fn a_journal_that_others_can_write_is_not_believed() {
    let room = room(&["a"]);
    sign(&room, &["a.pub"]).done();
    std::fs::remove_file(room.path("a-cert.pub")).unwrap();
    std::fs::set_permissions(room.path("journal.db"), std::fs::Permissions::from_mode(0o620)).unwrap();
    sign(&room, &["a.pub"]).refused("can be written by others");
    assert!(!room.path("a-cert.pub").exists());
}

/// Whoever may write the folder can exchange the file for an older copy of itself.
#[test]
fn a_journal_in_a_folder_that_everybody_can_write_is_not_believed() {
    let room = room(&["a"]);
    sign(&room, &["a.pub"]).done();
    std::fs::remove_file(room.path("a-cert.pub")).unwrap();
    let (folder, journal) = (room.path("."), room.path("journal.db"));
    let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    sign(&room, &["a.pub"]).refused("Anybody can put another journal in the place of");
    mode(0o1777);
    std::os::unix::fs::chown(&journal, Some(65534), None).unwrap();
    sign(&room, &["a.pub"]).refused("Anybody can put another journal in the place of");
    assert!(!room.path("a-cert.pub").exists());
    std::os::unix::fs::chown(&journal, Some(0), None).unwrap();
    sign(&room, &["a.pub"]).done();
}

#[test]
fn what_is_no_journal_is_left_alone_and_nothing_is_signed() {
    let room = room(&["a"]);
    let database = rusqlite::Connection::open(room.path("journal.db")).unwrap();
    database.execute_batch("CREATE TABLE other (x); PRAGMA user_version = 1").unwrap();
    database.close().unwrap();
    let contents = [std::fs::read(room.path("journal.db")).unwrap(), b"text\n".repeat(1000), vec![]];
    for (content, words) in
        contents.iter().zip(["is not a journal of ca-tool", "cannot be used", "is not a journal of ca-tool"])
    {
        room.write("journal.db", content);
        std::fs::set_permissions(room.path("journal.db"), std::fs::Permissions::from_mode(0o600)).unwrap();
        sign(&room, &["a.pub"]).refused(words);
        assert_eq!(&std::fs::read(room.path("journal.db")).unwrap(), content);
        assert!(!room.path("a-cert.pub").exists());
    }
}

#[test]
fn a_journal_of_another_format_is_left_to_the_ca_tool_that_knows_it() {
    let room = room(&["a"]);
    sign(&room, &["a.pub"]).done();
    std::fs::remove_file(room.path("a-cert.pub")).unwrap();
    let database = rusqlite::Connection::open(room.path("journal.db")).unwrap();
    database.execute_batch("PRAGMA user_version = 2").unwrap();
    database.close().unwrap();
    sign(&room, &["a.pub"]).refused("knows format 1");
    assert!(!room.path("a-cert.pub").exists());
}

#[test]
fn no_passphrase_is_ever_in_the_journal() {
    let room = Room::new();
    room.key("a", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-f", "ca"]);
    let mut command = room.program("sh");
    let tool = env!("CARGO_BIN_EXE_ca-tool");
    command.args([
        "-c",
        &format!("printf 'open sesame' | {tool} sign --journal journal.db --secret-fd passphrase=0 -s ca -I a -n a a.pub"),
    ]);
    Done::of(command).done();
    let bytes = std::fs::read(room.path("journal.db")).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"sesame"));
}
