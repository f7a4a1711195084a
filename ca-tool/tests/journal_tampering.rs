//! `ca-tool log verify` against somebody who may write the file.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use room::{Done, Room};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// A journal of nine rows: three certificates issued, a key revoked, a list written.
fn room() -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    for who in ["alice", "bob", "carol"] {
        room.ca_tool(&["sign", "-s", "ca", "-I", who, "-n", who, "-O", "force-command=true", "id.pub"]).done();
    }
    room.ca_tool(&["revoke", "-z", "2", "-r", "lost"]).done();
    room
}

fn head(room: &Room) -> String {
    let said = room.ca_tool(&["log", "verify"]).done().stdout;
    said.lines().find_map(|line| line.strip_prefix("Head: ")).unwrap().to_owned()
}

fn open(room: &Room) -> Connection {
    Connection::open(room.path("journal.db")).unwrap()
}

/// Does something to the journal behind its guards, which are there again afterwards.
fn behind_its_guards(room: &Room, work: impl FnOnce(&Connection)) {
    let database = open(room);
    let guards: Vec<(String, String)> = database
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(guards.len(), 3);
    guards.iter().for_each(|(name, _)| database.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    work(&database);
    guards.iter().for_each(|(_, sql)| database.execute_batch(sql).unwrap());
    database.close().unwrap();
}

fn run(room: &Room, sql: &str) {
    behind_its_guards(room, |database| database.execute_batch(sql).unwrap());
}

fn verify(room: &Room) -> Done {
    room.ca_tool(&["log", "verify"])
}

/// That a change is found, and by these words.
#[track_caller]
fn finds(sql: &str, words: &str) {
    let room = room();
    run(&room, sql);
    let done = verify(&room).refused("is not what was written");
    assert!(done.stdout.contains(words), "wanted {words:?}: {done:#?}");
}

fn columns(database: &Connection) -> Vec<String> {
    let statement = database.prepare("SELECT * FROM journal").unwrap();
    statement.column_names().map(str::to_owned).collect()
}

#[test]
fn a_journal_that_nobody_touched_is_as_it_was_written() {
    let room = room();
    assert!(verify(&room).done().stdout.starts_with("All 9 rows are as they were written.\nHead: 9:"));
    let json = room.ca_tool(&["log", "verify", "--json"]).done().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ok"], &json["rows"], &json["head"]), (&true.into(), &9.into(), &head(&room).into()));
}

#[test]
fn the_guards_keep_rows_from_being_changed_taken_out_or_replaced() {
    let room = room();
    let database = open(&room);
    let all = columns(&database).join(",");
    for sql in [
        "UPDATE journal SET login = 'eve' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 9",
        "DELETE FROM journal",
        &format!("INSERT OR REPLACE INTO journal ({all}) SELECT {all} FROM journal WHERE seq = 2"),
        &format!("INSERT INTO journal ({all}) SELECT {} FROM journal WHERE seq = 2", all.replacen("seq", "20", 1)),
    ] {
        let error = database.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    drop(database);
    verify(&room).done();
}

#[test]
fn a_change_of_any_column_of_any_row_is_found() {
    let room = room();
    let columns = columns(&open(&room));
    for column in columns.iter().filter(|column| *column != "seq") {
        for row in 1..=9 {
            let mut old = Value::Null;
            behind_its_guards(&room, |database| {
                let select = format!("SELECT {column} FROM journal WHERE seq = {row}");
                old = database.query_row(&select, [], |row| row.get(0)).unwrap();
                let new = match &old {
                    Value::Integer(number) => Value::Integer(number ^ 1),
                    Value::Text(text) => Value::Blob(text.clone().into_bytes()), // the same bytes of another type
                    Value::Blob(blob) => Value::Blob(blob.iter().rev().copied().collect::<Vec<_>>().split_off(1)),
                    Value::Null | Value::Real(_) => Value::Text(String::new()),
                };
                database.execute(&format!("UPDATE journal SET {column} = ? WHERE seq = {row}"), [new]).unwrap();
            });
            let done = verify(&room).refused("");
            let words = if column == "hash" || column == "prev" { "" } else { "was changed after it was written" };
            assert!(done.stdout.contains(words) && !done.stdout.contains("All"), "{column} of row {row}: {done:#?}");
            behind_its_guards(&room, |database| {
                database.execute(&format!("UPDATE journal SET {column} = ? WHERE seq = {row}"), [old]).unwrap();
            });
        }
    }
    verify(&room).done();
}

#[test]
fn rows_that_were_taken_out_are_found() {
    finds("DELETE FROM journal WHERE seq = 1", "Row 1 is missing.");
    finds("DELETE FROM journal WHERE seq IN (4, 5)", "Rows 4 to 5 are missing.");
    finds("DELETE FROM journal WHERE seq = 9", "9 were written, and the last one there is 8.");
    finds("DELETE FROM journal", "9 were written, and the last one there is 0.");
    finds("DELETE FROM sqlite_sequence; DELETE FROM journal WHERE seq = 9", "0 were written");
}

#[test]
fn nothing_is_signed_when_the_newest_rows_are_missing() {
    let room = room();
    std::fs::remove_file(room.path("id-cert.pub")).unwrap();
    run(&room, "DELETE FROM journal WHERE seq >= 6");
    room.ca_tool(&["sign", "-s", "ca", "-I", "x", "-n", "x", "id.pub"]).refused("serial numbers would repeat");
    assert!(!room.path("id-cert.pub").exists());
}

#[test]
fn rows_that_were_exchanged_or_closed_up_are_found() {
    let swap = "UPDATE journal SET seq = -1 WHERE seq = 2; UPDATE journal SET seq = 2 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = -1";
    finds(swap, "Row 2 was changed after it was written.");
    let close_up =
        "DELETE FROM journal WHERE seq = 8; UPDATE journal SET seq = 8 WHERE seq = 9; UPDATE sqlite_sequence SET seq = 8";
    finds(close_up, "Row 8 does not follow the row before it");
}

#[test]
fn rows_that_were_inserted_are_found() {
    let room = room();
    let all = columns(&open(&room)).join(",");
    run(&room, &format!("INSERT INTO journal ({all}) SELECT {} FROM journal WHERE seq = 9", all.replacen("seq", "10", 1)));
    let done = verify(&room).refused("");
    assert!(done.stdout.contains("Row 10 does not follow") && done.stdout.contains("Row 10 was changed"), "{done:#?}");
}

#[test]
fn guards_that_were_taken_away_or_changed_are_found() {
    for (sql, words) in [
        ("DROP TRIGGER journal_no_update", "guard journal_no_update was taken away"),
        ("DROP INDEX journal_serial", "guard journal_serial was taken away"),
        (
            "DROP TRIGGER journal_no_delete; CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT 1; END",
            "guard journal_no_delete was changed",
        ),
        (
            "CREATE TRIGGER evil AFTER INSERT ON journal BEGIN UPDATE journal SET login = 'x'; END",
            "evil is in the file and no part",
        ),
    ] {
        let room = room();
        open(&room).execute_batch(sql).unwrap();
        let done = verify(&room).refused("");
        assert!(done.stdout.contains(words), "{done:#?}");
    }
}

#[test]
fn a_file_with_damaged_pages_is_never_sound() {
    let room = room();
    let whole = std::fs::read(room.path("journal.db")).unwrap();
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..][..64].fill(0xff);
        room.write("journal.db", bytes);
        verify(&room).refused("");
    }
    room.write("journal.db", &whole[..whole.len() - 4096]);
    verify(&room).refused("");
}

/// Writes all hashes anew from the documented encoding, as somebody would who changed a row and knows it.
fn write_hashes_anew(database: &Connection) {
    let columns = columns(database);
    let rows = database.query_row("SELECT max(seq) FROM journal", [], |row| row.get::<_, i64>(0)).unwrap();
    let mut prev = vec![0_u8; 32];
    for seq in 1..=rows {
        database
            .execute("UPDATE journal SET prev = ? WHERE seq = ?", params_from_iter([Value::Blob(prev), seq.into()]))
            .unwrap();
        let mut bytes = b"ussh-journal-1\0".to_vec();
        for column in columns.iter().filter(|column| *column != "hash") {
            let select = format!("SELECT {column} FROM journal WHERE seq = {seq}");
            let (tag, content) = match database.query_row(&select, [], |row| row.get::<_, Value>(0)).unwrap() {
                Value::Null => (0, vec![]),
                Value::Integer(number) => (1, number.to_be_bytes().to_vec()),
                Value::Text(text) => (2, [&(text.len() as u64).to_be_bytes(), text.as_bytes()].concat()),
                Value::Blob(blob) => (3, [&(blob.len() as u64).to_be_bytes(), blob.as_slice()].concat()),
                Value::Real(_) => panic!("{column}"),
            };
            bytes.push(tag);
            bytes.extend(content);
        }
        prev = ssh_key::HashAlg::Sha256.digest(&bytes);
        database
            .execute("UPDATE journal SET hash = ? WHERE seq = ?", params_from_iter([Value::Blob(prev.clone()), seq.into()]))
            .unwrap();
    }
}

#[test]
fn the_hashes_are_those_that_the_documentation_says() {
    let room = room();
    let before = head(&room);
    behind_its_guards(&room, write_hashes_anew);
    assert_eq!(head(&room), before);
}

#[test]
fn a_journal_written_anew_is_found_by_a_head_from_elsewhere() {
    let room = room();
    let early = head(&room);
    room.ca_tool(&["sign", "-s", "ca", "-I", "dave", "-n", "dave", "id.pub"]).done();
    room.ca_tool(&["log", "verify", "--head", &early]).done();
    behind_its_guards(&room, |database| {
        database.execute("UPDATE journal SET login = 'eve' WHERE seq = 8", []).unwrap();
        write_hashes_anew(database);
    });
    verify(&room).done(); // as documented: nothing in the file gives it away
    let done = room.ca_tool(&["log", "verify", "--head", &early]).refused("");
    assert!(done.stdout.contains("Row 9 is another one than when its head was noted."), "{done:#?}");
}

#[test]
fn an_older_copy_is_found_by_a_head_from_elsewhere() {
    let room = room();
    let old = std::fs::read(room.path("journal.db")).unwrap();
    room.ca_tool(&["sign", "-s", "ca", "-I", "dave", "-n", "dave", "id.pub"]).done();
    let late = head(&room);
    room.write("journal.db", old);
    verify(&room).done(); // as documented
    let done = room.ca_tool(&["log", "verify", "--head", &late]).refused("");
    assert!(done.stdout.contains("The journal once had row 11, and ends at 9 now"), "{done:#?}");
}

#[test]
fn a_certificate_that_is_not_what_was_announced_is_found() {
    let room = room();
    behind_its_guards(&room, |database| {
        let other = "UPDATE journal SET certificate = (SELECT certificate FROM journal WHERE seq = 5) WHERE seq = 3";
        database.execute(other, []).unwrap();
        write_hashes_anew(database);
    });
    let done = verify(&room).refused("");
    assert!(done.stdout.contains("Row 3 has another certificate than row 2 announced."), "{done:#?}");
}

/// Each column that an intent announces the certificate with.
#[test]
fn an_intent_that_announced_something_else_is_found() {
    for change in [
        "serial = '00000000000000000077'",
        "key_id = 'eve'",
        "certificate_type = 'host'",
        "principals = '[\"root\"]'",
        "valid_after = '00000000000000000001'",
        "valid_before = '18446744073709551615'",
        r#"options = '{"critical":[],"extensions":[]}'"#,
        r#"options = '{"critical":[["force-command","false"]],"extensions":[["permit-pty",null]]}'"#,
        "key = 'SHA256:x'",
    ] {
        let room = room();
        verify(&room).done();
        behind_its_guards(&room, |database| {
            database.execute(&format!("UPDATE journal SET {change} WHERE seq = 2"), []).unwrap();
            write_hashes_anew(database);
        });
        let done = verify(&room);
        assert!(
            done.code == 1 && done.stdout.contains("Row 3 has another certificate than row 2 announced."),
            "{change}: {done:#?}"
        );
    }
}
