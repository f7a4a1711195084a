//! `ca-tool log`: what it finds, and that nothing in it can fool a terminal.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use room::Room;
use serde_json::Value;

fn room() -> Room {
    let room = Room::new();
    for key in ["ca", "other", "a", "b"] {
        room.key(key, "ed25519");
    }
    let sign = |ca: &str, id: &str, names: &str, key: &str| room.ca_tool(&["sign", "-s", ca, "-I", id, "-n", names, key]);
    sign("ca", "alice@corp", "alice,deploy", "a.pub").done(); // 2
    sign("other", "bob@corp", "bob", "b.pub").done(); // 4
    sign("ca", "carol@corp", "carol,deploy", "b.pub").done(); // 6
    room.ca_tool(&["revoke", "-s", "ca.pub", "-z", "1", "-r", "it was lost"]).done(); // 8, and 9 for the list
    room
}

fn numbers(room: &Room, filter: &[&str]) -> Vec<i64> {
    let said = room.ca_tool(&[&["log", "list", "--json"], filter].concat()).done().stdout;
    let entries: Vec<Value> = serde_json::from_str(&said).unwrap();
    entries.iter().map(|entry| entry["number"].as_i64().unwrap()).collect()
}

#[test]
fn each_filter_finds_what_it_names_and_all_must_apply() {
    let room = room();
    let fingerprint = room.ok("ssh-keygen", &["-lf", "other.pub"]).split(' ').nth(1).unwrap().to_owned();
    for (filter, found) in [
        (&[][..], &[1, 2, 4, 6, 8, 9][..]),
        (&["--event", "issued"], &[2, 4, 6]),
        (&["--event", "revoked,krl"], &[8, 9]),
        (&["--ca", &fingerprint], &[4]),
        (&["--ca", "ca.pub"], &[2, 6, 8]),
        (&["--key", "b.pub"], &[4, 6]),
        (&["--key-id", "carol@corp"], &[6]),
        (&["--principal", "deploy"], &[2, 6]),
        (&["--principal", "deploy", "--key", "b.pub"], &[6]),
        (&["--serial", "1", "--event", "issued"], &[2, 4]),
        (&["--since", "1h"], &[1, 2, 4, 6, 8, 9]),
        (&["--since", "2000-01-01"], &[1, 2, 4, 6, 8, 9]),
        (&["--since", "2999-12-31"], &[]),
    ] {
        assert_eq!(numbers(&room, filter), found, "{filter:?}");
    }
    assert_eq!(room.ca_tool(&["log", "list", "--since", "yesterday"]).code, 2);
}

#[test]
fn show_has_all_of_an_attempt_by_the_number_of_any_of_its_rows() {
    let room = room();
    let said = room.ca_tool(&["log", "show", "2"]).done().stdout;
    for words in [
        "2: issued\n",
        "Key ID      \"alice@corp\"\n",
        "Principals  alice,deploy\n",
        "Options     permit-pty\n",
        "row 3, certificate SHA256:",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(room.ca_tool(&["log", "show", "3"]).done().stdout, said);
    let said = room.ca_tool(&["log", "show", "8"]).done().stdout;
    assert!(said.contains("Reason      it was lost\n") && said.contains("Revoked     serial 1 of SHA256:"), "{said}");
    room.ca_tool(&["log", "show", "10"]).refused("no row 10");
}

#[test]
fn a_certificate_that_got_lost_is_had_again() {
    let room = room();
    let certificate = room.ca_tool(&["log", "show", "2", "--certificate"]).done().stdout;
    assert_eq!(certificate, room.read("a-cert.pub"));
    room.ca_tool(&["log", "show", "8", "--certificate"]).refused("has no certificate");
}

#[test]
fn nothing_in_the_journal_can_fool_a_terminal() {
    let room = room();
    let evil = "eve\u{1b}[2J\nroot\u{202e}";
    let done = room.ca_tool(&["sign", "-s", "ca", "-I", evil, "-n", evil, "-O", "force-command=\u{7}x", "a.pub"]).done();
    assert!(!done.stderr.contains(['\u{1b}', '\u{202e}']), "{done:?}");
    room.ca_tool(&["revoke", "-s", "any", "-I", evil, "-r", evil]).done();
    for typed in [&["log", "list"][..], &["log", "show", "10"], &["log", "show", "12"]] {
        let said = room.ca_tool(typed).done().stdout;
        assert!(said.contains("eve\\u{1b}[2J\\nroot\\u{202e}"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    }
    // For programs it is what it was.
    let said = room.ca_tool(&["log", "list", "--json", "--event", "issued", "-I", evil]).done().stdout;
    let entries: Vec<Value> = serde_json::from_str(&said).unwrap();
    assert_eq!((entries.len(), &entries[0]["key_id"]), (1, &evil.into()));
}

#[test]
fn export_is_a_line_for_each_row_with_its_hash() {
    let room = room();
    let said = room.ca_tool(&["log", "export"]).done().stdout;
    let rows: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!(rows[0]["prev"], "0".repeat(64));
    for pair in rows.windows(2) {
        assert_eq!(pair[1]["prev"], pair[0]["hash"]);
    }
    let head = format!("Head: 9:{}", rows[8]["hash"].as_str().unwrap());
    assert!(room.ca_tool(&["log", "verify"]).done().stdout.contains(&head));
    assert_eq!(rows[1]["serial"], "00000000000000000001");
}

#[test]
fn a_journal_that_is_not_there_is_not_made_by_reading() {
    let room = Room::new();
    for verb in [&["log", "list"][..], &["log", "verify"], &["log", "export"], &["log", "show", "1"]] {
        room.ca_tool(verb).refused("journal");
    }
    assert!(!room.path("journal.db").exists());
}

#[test]
fn who_reads_the_first_line_only_hears_no_complaint() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    room.ca_tool(&["sign", "-s", "ca", "-I", "O'Brien", "-n", "a", "id.pub"]).done();
    let tool = env!("CARGO_BIN_EXE_ca-tool");
    let mut command = room.program("sh");
    // Nobody reads at all: `head` would sometimes be slower than the list.
    command.args(["-c", &format!("( sleep 1; {tool} log list --journal journal.db; echo $? >code ) | true")]);
    assert_eq!(room::Done::of(command).done().stderr, "");
    assert_eq!(room.read("code"), "1\n");
    assert!(room.ca_tool(&["log", "list"]).done().stdout.contains("\"O'Brien\" for a"));
}
