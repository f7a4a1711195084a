//! Which files are replaced, and where they lie.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use crate::host::*;

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
