//! `ca-tool update` from paths: what gets onto a host, and what does not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use room::{Done, Room};
use serde_json::Value;

/// A host (`host/cas`, `host/krl`) that trusts a CA, and what the CA publishes (`out/cas`, `out/krl`).
fn room() -> Room {
    let room = Room::new();
    std::fs::create_dir(room.path("host")).unwrap();
    std::fs::create_dir(room.path("out")).unwrap();
    room.key("ca", "ed25519");
    room.key("new", "ecdsa");
    room.write("host/cas", room.read("ca.pub"));
    room.write("out/cas", room.read("ca.pub"));
    publish_cas(&room, "ca");
    publish_krl(&room, "ca", "serial: 3\n");
    configure(&room, "max_age = \"2d\"\n");
    room
}

fn configure(room: &Room, more: &str) {
    let path = |name: &str| room.path(name).display().to_string();
    let text = format!(
        "ca_file = '{}'\nkrl = '{}'\n[update]\nca_file = '{}'\nkrl = '{}'\n{more}",
        path("host/cas"),
        path("host/krl"),
        path("out/cas"),
        path("out/krl")
    );
    room.write("ca.toml", text);
}

fn publish_cas(room: &Room, ca: &str) {
    room.ca_tool(&["ca-file", "sign", "-s", ca, "out/cas"]).done();
}

/// The published list with this besides, signed.
fn publish_krl(room: &Room, ca: &str, spec: &str) {
    room.write("spec", spec);
    krl(room, &["update", "--no-journal", "-s", "any", "spec"]);
    krl(room, &["sign", "-s", ca]);
}

fn krl(room: &Room, words: &[&str]) {
    program(room, &[&["--krl", "out/krl", "krl"], words].concat()).done();
}

/// ca-tool without the room's own --krl, which would count more than ca.toml.
fn program(room: &Room, words: &[&str]) -> Done {
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(words);
    Done::of(command)
}

fn update(room: &Room) -> Done {
    program(room, &["--config", "ca.toml", "update"])
}

fn bytes(room: &Room, name: &str) -> Vec<u8> {
    std::fs::read(room.path(name)).unwrap_or_default()
}

const IN_2100: u64 = 4_102_444_800;

/// The list with another version and date.
fn dated(list: &[u8], version: u64, date: u64) -> Vec<u8> {
    [&list[..12], &version.to_be_bytes(), &date.to_be_bytes(), &list[28..]].concat()
}

#[track_caller]
fn is_brought(room: &Room) {
    assert_eq!(bytes(room, "host/krl"), bytes(room, "out/krl"));
    assert_eq!(bytes(room, "host/cas"), bytes(room, "out/cas"));
}

/// Nothing of the host changes, and this is said.
#[track_caller]
fn refused(room: &Room, words: &str) {
    let before = (bytes(room, "host/cas"), bytes(room, "host/krl"));
    update(room).refused(words);
    assert_eq!((bytes(room, "host/cas"), bytes(room, "host/krl")), before);
}

#[test]
fn what_the_ca_published_comes_once() {
    let room = room();
    let dry = program(&room, &["--config", "ca.toml", "update", "--dry-run"]).done();
    assert!(dry.stderr.contains("would be brought") && !room.path("host/krl").exists(), "{dry:?}");
    update(&room).done();
    is_brought(&room);
    let mode = |name: &str| std::fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("host/krl"), mode("host/cas")), (0o644, 0o644));
    let inode = || std::fs::metadata(room.path("host/krl")).unwrap().ino();
    let (before, done) = (inode(), update(&room).done());
    assert!(done.stderr.contains("host/krl: still version 1 of 2"), "{done:?}");
    assert_eq!(inode(), before, "nothing is written");
    publish_krl(&room, "ca", "serial: 4\n");
    let done = program(&room, &["--config", "ca.toml", "--json", "update"]).done();
    let json: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&json["files"][0]["outcome"], &json["files"][1]["outcome"]), (&"unchanged".into(), &"updated".into()));
    assert_eq!((&json["files"][1]["version"], &json["stale"]), (&2.into(), &false.into()));
    is_brought(&room);
}

#[test]
fn an_older_list_is_never_taken_back() {
    let room = room();
    let first = ["out/krl", "out/krl.sig", "out/cas", "out/cas.sig"].map(|name| (name, bytes(&room, name)));
    publish_cas(&room, "ca");
    publish_krl(&room, "ca", "serial: 4\n");
    update(&room).done();
    for (name, content) in &first[..2] {
        room.write(name, content);
    }
    refused(&room, "The revocation list that is published is older than the one here: version 1 of ");
    for (name, content) in &first[2..] {
        room.write(name, content);
    }
    refused(&room, "The file of trusted CAs that is published is older than the one here: version 1 of ");
}

#[test]
fn of_two_lists_of_one_version_the_later_one_counts_and_of_one_date_neither() {
    let room = room();
    update(&room).done();
    // Version and date stand behind magic and format version.
    let list = bytes(&room, "out/krl");
    let dated = |seconds: i64| {
        let date = u64::from_be_bytes(list[20..28].try_into().unwrap()).checked_add_signed(seconds).unwrap();
        [&list[..20], &date.to_be_bytes()[..], &list[28..]].concat()
    };
    let publish = |list: &[u8]| {
        room.write("out/krl", list);
        krl(&room, &["sign", "-s", "ca"]);
    };
    publish(&dated(-1));
    refused(&room, "is older than the one here");
    // The same header, but nothing is revoked.
    publish(&list[..44]);
    refused(&room, "Another revocation list of the same version and date is here");
    publish(&dated(1));
    update(&room).done();
    is_brought(&room);
}

#[test]
fn what_no_trusted_ca_signed_stays_outside() {
    let room = room();
    update(&room).done();
    publish_krl(&room, "new", "serial: 4\n");
    refused(&room, "which is no trusted CA");
    std::fs::remove_file(room.path("out/krl.sig")).unwrap();
    refused(&room, "krl.sig cannot be fetched: No such file");
    publish_krl(&room, "ca", "serial: 5\n");
    let list = bytes(&room, "out/krl");
    for half in [0, list.len() / 2, list.len() - 1] {
        room.write("out/krl", &list[..half]);
        refused(&room, "has not signed these bytes");
    }
    // Signed, but for the other file.
    room.write("out/krl", bytes(&room, "out/cas"));
    std::fs::copy(room.path("out/cas.sig"), room.path("out/krl.sig")).unwrap();
    refused(&room, "for another use, \"ussh-ca-file\"");
}

#[test]
fn a_list_that_pam_ussh_could_not_read_stays_outside_although_it_is_signed() {
    let room = room();
    update(&room).done();
    let list = bytes(&room, "out/krl");
    let too_many = "x".repeat(5 << 20);
    for (name, content, use_, words) in [
        ("out/krl", list[..list.len() - 1].to_vec(), "ussh-krl", "malformed KRL"),
        ("out/krl", dated(&list, 2, IN_2100), "ussh-krl", "is dated in the future: version 2 of 2100-"),
        ("out/krl", room.read("ca.pub").into_bytes(), "ussh-krl", "no version and no date"),
        ("out/cas", format!("{}nonsense", room.read("out/cas")).into_bytes(), "ussh-ca-file", "line 3"),
        ("out/cas", room.read("ca.pub").into_bytes(), "ussh-ca-file", "has no version"),
        ("out/cas", too_many.into_bytes(), "ussh-ca-file", "has more than 4194304 bytes"),
    ] {
        let good = (bytes(&room, name), bytes(&room, &format!("{name}.sig")));
        room.write(name, content);
        std::fs::remove_file(room.path(&format!("{name}.sig"))).unwrap();
        room.ok("ssh-keygen", &["-q", "-Y", "sign", "-f", "ca", "-n", use_, name]);
        refused(&room, words);
        room.write(name, good.0);
        room.write(&format!("{name}.sig"), good.1);
    }
    update(&room).done();
}

#[test]
fn a_new_ca_comes_by_the_old_ones_word_and_then_signs_itself() {
    let room = room();
    update(&room).done();
    room.write("out/cas", room.read("new.pub"));
    publish_cas(&room, "new");
    refused(&room, "which is no trusted CA");
    // Both, by the old one; and in the same run a list that the new one signed.
    room.write("out/cas", room.read("host/cas") + &room.read("new.pub"));
    publish_cas(&room, "ca");
    publish_krl(&room, "new", "serial: 4\n");
    update(&room).done();
    is_brought(&room);
    // Then the old one goes, and its word with it.
    room.write("out/cas", room.read("out/cas").lines().next().unwrap().to_owned() + "\n" + &room.read("new.pub"));
    publish_cas(&room, "new");
    update(&room).done();
    is_brought(&room);
    publish_krl(&room, "ca", "serial: 5\n");
    refused(&room, "which is no trusted CA");
}

#[test]
fn a_ca_that_is_revoked_here_cannot_take_that_back() {
    let room = room();
    room.write("out/cas", room.read("ca.pub") + &room.read("new.pub"));
    publish_cas(&room, "ca");
    update(&room).done();
    room.write("revoked", room.read("ca.pub"));
    krl(&room, &["update", "--no-journal", "revoked"]);
    krl(&room, &["sign", "-s", "new"]);
    publish_cas(&room, "new");
    update(&room).done();
    publish_krl(&room, "ca", "serial: 6\n");
    refused(&room, "which is revoked");
    publish_krl(&room, "new", "serial: 7\n");
    let done = update(&room).done();
    assert!(!done.stderr.contains("Every CA"), "{done:?}");
    // The last one ends itself: that counts, and it is said.
    room.write("revoked", room.read("new.pub"));
    krl(&room, &["update", "--no-journal", "revoked"]);
    krl(&room, &["sign", "-s", "new"]);
    let done = update(&room).done();
    assert!(done.stderr.contains("is revoked: nobody's certificate is accepted"), "{done:?}");
    is_brought(&room);
}

#[test]
fn one_list_comes_although_the_other_does_not() {
    let room = room();
    std::fs::remove_file(room.path("out/cas")).unwrap();
    update(&room).refused("1 of 2 could not be brought");
    assert_eq!(bytes(&room, "host/krl"), bytes(&room, "out/krl"));
}

#[test]
fn the_first_file_of_trusted_cas_is_not_fetched() {
    let room = room();
    std::fs::remove_file(room.path("host/cas")).unwrap();
    refused(&room, "The first file of trusted CAs comes to a host by other means");
    assert!(!room.path("host/krl").exists());
}

#[test]
fn a_stale_list_is_complained_of_although_it_was_fetched() {
    let room = room();
    update(&room).done();
    let list = bytes(&room, "out/krl");
    room.write("out/krl", dated(&list, 9, 1_700_000_000));
    krl(&room, &["sign", "-s", "ca"]);
    update(&room).refused("krl is ");
    is_brought(&room);
    update(&room).refused("The revocation list is older than it may be");
    configure(&room, "");
    update(&room).done();
    // One of the future, which came by other means: as old as it likes to be.
    configure(&room, "max_age = \"2d\"\n");
    room.write("host/krl", dated(&list, 10, IN_2100));
    refused(&room, "host/krl is dated in the future");
    configure(&room, "max_age = \"two days\"\n");
    update(&room).refused("is no length of time");
}

#[test]
fn a_damaged_list_is_replaced_and_one_kept_by_hand_is_not() {
    let room = room();
    update(&room).done();
    let list = bytes(&room, "host/krl");
    room.write("host/krl", &list[..list.len() - 1]);
    let done = update(&room).done();
    assert!(done.stderr.contains("is replaced, for it cannot be relied on: malformed KRL"), "{done:?}");
    is_brought(&room);
    room.write("host/krl", room.read("new.pub"));
    refused(&room, "is a list of keys by hand");
}

#[test]
fn lists_go_where_only_their_owner_can_write() {
    let room = room();
    let chmod = |name: &str, mode| std::fs::set_permissions(room.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    chmod("host", 0o777);
    refused(&room, "Others can write to ");
    chmod("host", 0o755);
    for mode in [0o666, 0o1666] {
        chmod("host/cas", mode);
        refused(&room, "Others can write to ");
    }
    chmod("host/cas", 0o644);
    for name in ["host", "host/cas"] {
        chown(room.path(name), Some(65534), None).unwrap();
        refused(&room, "Others can write to ");
        chown(room.path(name), Some(0), None).unwrap();
    }
    // A link stays one, and what it names is replaced.
    std::fs::create_dir(room.path("real")).unwrap();
    symlink(room.path("real/krl"), room.path("host/krl")).unwrap();
    room.write("real/krl", "");
    chmod("real", 0o777);
    update(&room).refused("/real."); // the other list has come
    assert_eq!(bytes(&room, "real/krl"), b"");
    chmod("real", 0o755);
    update(&room).done();
    assert!(room.path("host/krl").is_symlink());
    is_brought(&room);
}

#[test]
fn a_list_that_others_could_write_is_written_anew_although_it_is_the_same() {
    let room = room();
    update(&room).done();
    for spoil in [
        |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o664)).unwrap(),
        |path: &Path| chown(path, Some(65534), None).unwrap(),
    ] {
        spoil(&room.path("host/krl"));
        let dry = program(&room, &["--config", "ca.toml", "update", "--dry-run"]).done();
        assert!(dry.stderr.contains("would be brought") && dry.stderr.contains("would be written anew"), "{dry:?}");
        let done = update(&room).done();
        assert!(done.stderr.contains("host/krl is written anew: others could write to it, and pam_ussh believes"), "{done:?}");
        let now = std::fs::metadata(room.path("host/krl")).unwrap();
        assert_eq!((now.mode() & 0o7777, now.uid()), (0o644, 0));
        is_brought(&room);
        assert!(update(&room).done().stderr.contains("host/krl: still version"));
    }
    // That is no way back to an older one.
    let older = ["out/krl", "out/krl.sig"].map(|name| (name, bytes(&room, name)));
    publish_krl(&room, "ca", "serial: 4\n");
    update(&room).done();
    chown(room.path("host/krl"), Some(65534), None).unwrap();
    for (name, bytes) in older {
        room.write(name, bytes);
    }
    refused(&room, "is older than the one here");
}

#[test]
fn one_writer_waits_for_another() {
    let room = room();
    let lock = std::fs::File::create(room.path("host/.krl.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["--config", "ca.toml", "update"]).stderr(std::process::Stdio::piped());
    let mut waiting = command.spawn().unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("Another ca-tool writes ")));
    assert!(!room.path("host/krl").exists());
    drop(lock);
    assert!(said.any(|line| line.contains("brought")) && waiting.wait().unwrap().success());
    is_brought(&room);
}

#[test]
fn sources_are_https_urls_and_files() {
    let room = room();
    let toml = room.read("ca.toml");
    let from = |source: &str| {
        let krl = room.path("out/krl").display().to_string();
        room.write("ca.toml", toml.replace(&format!("krl = '{krl}'"), &format!("krl = '{source}'")));
        update(&room)
    };
    for source in ["http://ca.example.org/krl", "file:///etc/passwd", "krl", "https://me:secret@ca.example.org/krl"] {
        from(source).refused("cannot be fetched");
    }
    room.ok("mkfifo", &["fifo", "fifo.sig"]);
    from(room.path("fifo").to_str().unwrap()).refused("it is no file");
    room.write("ca.toml", "");
    update(&room).refused("It is not configured where the lists are published");
}
