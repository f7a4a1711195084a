//! What is newer comes, in order; what is older does not.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::Value;

use crate::host::*;

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
fn one_list_comes_although_the_other_does_not() {
    let room = room();
    std::fs::remove_file(room.path("out/cas")).unwrap();
    update(&room).refused("1 of 2 could not be brought");
    assert_eq!(bytes(&room, "host/krl"), bytes(&room, "out/krl"));
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
