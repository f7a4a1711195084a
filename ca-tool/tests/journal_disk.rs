//! Disks that are full or cannot be written: no certificate anywhere.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use room::{Done, Room};

const TOOL: &str = env!("CARGO_BIN_EXE_ca-tool");

/// Runs a script where it may mount what it likes; `j` is an empty folder.
fn in_a_namespace(room: &Room, script: &str) -> Done {
    let mut command = room.program("unshare");
    command.args(["-Urm", "sh", "-ec", script]).env("TOOL", TOOL);
    command.env("SIGN", format!("{TOOL} sign -s ca -I alice -n alice --journal j/journal.db"));
    Done::of(command)
}

fn room() -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    std::fs::create_dir(room.path("j")).unwrap();
    room
}

#[test]
fn on_a_full_disk_there_is_no_certificate() {
    let room = room();
    // From no room at all to enough of it, in steps of a page: it fails at every point where it can.
    let done = in_a_namespace(
        &room,
        "mount -t tmpfs -o size=400k none j
         for room in $(seq 0 2 100); do
             rm -f j/* id-cert.pub
             head -c \"$((409600 - room * 4096))\" /dev/zero > j/filler 2>/dev/null || :
             if $SIGN id.pub 2>said
             then test -e id-cert.pub; echo signed
             else test ! -e id-cert.pub; grep -q 'journal' said || cat said; echo refused
             fi
         done
         rm j/filler; $TOOL log verify --journal j/journal.db >/dev/null",
    )
    .done();
    let count = |word: &str| done.stdout.lines().filter(|line| *line == word).count();
    assert_eq!(count("signed") + count("refused"), 51, "{done:#?}");
    assert!(count("signed") > 3 && count("refused") > 3, "{done:#?}");
}

#[test]
fn a_journal_on_a_disk_that_fills_up_stays_sound_and_goes_on_when_there_is_room() {
    let room = room();
    in_a_namespace(
        &room,
        "mount -t tmpfs -o size=400k none j
         $SIGN id.pub; rm id-cert.pub
         cat /dev/zero > j/filler 2>/dev/null || :
         if $SIGN id.pub 2>said; then echo signed on a full disk; exit 1; fi
         test ! -e id-cert.pub; grep -q 'Make room' said
         rm j/filler
         $SIGN id.pub; test -e id-cert.pub
         $TOOL log verify --journal j/journal.db",
    )
    .done();
}

#[test]
fn in_a_folder_that_cannot_be_written_there_is_no_certificate() {
    let room = room();
    let done = in_a_namespace(
        &room,
        "$SIGN id.pub; rm id-cert.pub
         mount --bind j j; mount -o remount,ro,bind j
         if $SIGN id.pub 2>said; then echo signed without a journal; exit 1; fi
         test ! -e id-cert.pub; cat said
         if $SIGN --journal j/new/journal.db id.pub; then echo signed without a journal; exit 1; fi
         test ! -e id-cert.pub",
    )
    .done();
    assert!(done.stdout.contains("no certificate leaves"), "{done:#?}");
}

#[test]
fn a_journal_that_cannot_be_written_can_be_read() {
    let room = room();
    let done = in_a_namespace(
        &room,
        "$SIGN id.pub
         mount --bind j j; mount -o remount,ro,bind j
         $TOOL log verify --journal j/journal.db; $TOOL log list --journal j/journal.db; ls j",
    )
    .done();
    assert!(done.stdout.contains("All 3 rows are as they were written."), "{done:#?}");
    assert!(done.stdout.contains("\"alice\" for alice") && done.stdout.ends_with("\njournal.db\n"), "{done:#?}");
}

#[test]
fn rows_that_cannot_be_seen_from_here_are_not_passed_over() {
    let room = room();
    let done = in_a_namespace(
        &room,
        "$SIGN id.pub
         echo rows > j/journal.db-wal
         mount --bind j j; mount -o remount,ro,bind j
         if $TOOL log verify --journal j/journal.db; then exit 1; fi",
    )
    .done();
    assert!(done.stderr.contains("The newest rows"), "{done:#?}");
}

#[test]
fn the_system_log_hears_of_each_certificate_and_revocation() {
    let room = room();
    std::fs::create_dir(room.path("dev")).unwrap();
    let log = std::os::unix::net::UnixDatagram::bind(room.path("dev/log")).unwrap();
    in_a_namespace(
        &room,
        "mount --bind dev /dev
         $SIGN id.pub
         $TOOL revoke --journal j/journal.db --krl krl -r 'it was lost' id-cert.pub",
    )
    .done();
    let hear = || {
        let mut bytes = [0; 8192];
        let length = log.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    log.set_nonblocking(true).unwrap();
    let (issued, revoked) = (hear(), hear());
    assert!(issued.starts_with("<86>") && issued.contains("]: issued key_id=\"alice\" serial=1 ca=SHA256:"), "{issued}");
    assert!(issued.contains(" principals=\"alice\"") && issued.contains(" by=\"root\" journal=3:"), "{issued}");
    assert!(revoked.starts_with("<85>") && revoked.contains("]: revoked what=\"serial 1 of SHA256:"), "{revoked}");
    assert!(revoked.contains(" reason=\"it was lost\""), "{revoked}");
    // The head in the log is the journal's.
    let head = issued.rsplit_once("journal=").unwrap().1;
    room.ok(TOOL, &["log", "verify", "--journal", "j/journal.db", "--head", head]);
    // Nobody listens: it is signed all the same.
    drop(log);
    room.ok(TOOL, &["sign", "-s", "ca", "-I", "a", "-n", "a", "--journal", "j/journal.db", "id.pub"]);
}
