//! The files that the module trusts: only what root alone can write, and never a wait.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tests::pam::{Certificate, Room, User};

use crate::usual::{ACCEPTED, MISCONFIGURED, Usual, refused, verdict};

/// A file whose content would be accepted, spoilt in one way.
struct Spoilt {
    what: &'static str,
    /// Gets the good file's content; returns the path that the option names.
    make: fn(&Room, &str) -> PathBuf,
}

const SPOILT: [Spoilt; 14] = [
    Spoilt { what: "a missing file", make: |_, _| "/etc/ssh/nonexistent".into() },
    Spoilt { what: "a folder", make: |_, _| "/etc/ssh".into() },
    Spoilt { what: "a device", make: |_, _| "/dev/zero".into() },
    Spoilt { what: "a FIFO that nobody writes to", make: |room, _| fifo(&room.etc("ssh/file")) },
    Spoilt { what: "a socket", make: |_, _| "/dev/log".into() },
    Spoilt { what: "a file that everybody can write", make: |room, good| with_mode(room, good, 0o646) },
    Spoilt { what: "a file that its group can write", make: |room, good| with_mode(room, good, 0o664) },
    Spoilt { what: "a file of a user's", make: |room, good| owned_by_alice(&room.write("ssh/file", good)) },
    Spoilt { what: "a file in a folder that everybody can write", make: |room, good| in_folder(room, good, 0, 0o757) },
    Spoilt { what: "a file in a folder that its group can write", make: |room, good| in_folder(room, good, 0, 0o775) },
    Spoilt { what: "a file in a folder of a user's", make: |room, good| in_folder(room, good, User::ALICE.id, 0o755) },
    Spoilt { what: "root's symbolic link to a user's file", make: link_to_users_file },
    Spoilt { what: "a user's symbolic link to root's file", make: users_link },
    Spoilt { what: "a symbolic link to itself", make: |room, _| link(Path::new("/etc/ssh/file"), &room.etc("ssh/file")) },
];

fn seen(path: &str) -> PathBuf {
    Path::new("/etc").join(path)
}

fn fifo(path: &Path) -> PathBuf {
    mkfifo(path, Mode::from_bits_truncate(0o644)).expect("a FIFO");
    seen("ssh/file")
}

fn with_mode(room: &Room, content: &str, mode: u32) -> PathBuf {
    fs::set_permissions(room.write("ssh/file", content), fs::Permissions::from_mode(mode)).expect("chmod");
    seen("ssh/file")
}

fn owned_by_alice(path: &Path) -> PathBuf {
    chown(path, Some(User::ALICE.id), None).expect("chown");
    seen("ssh/file")
}

/// The folder above the file's own folder is the spoilt one: every folder counts.
fn in_folder(room: &Room, content: &str, owner: u32, mode: u32) -> PathBuf {
    fs::create_dir_all(room.etc("ssh/folder/below")).expect("folders");
    room.write("ssh/folder/below/file", content);
    chown(room.etc("ssh/folder"), Some(owner), None).expect("chown");
    fs::set_permissions(room.etc("ssh/folder"), fs::Permissions::from_mode(mode)).expect("chmod");
    seen("ssh/folder/below/file")
}

fn link_to_users_file(room: &Room, content: &str) -> PathBuf {
    let file = room.home(User::ALICE).join("file");
    fs::write(&file, content).expect("a file");
    chown(&file, Some(User::ALICE.id), None).expect("chown");
    link(&file, &room.etc("ssh/file"))
}

fn users_link(room: &Room, content: &str) -> PathBuf {
    room.write("ssh/target", content);
    let path = room.home(User::ALICE).join("link");
    link(Path::new("/etc/ssh/target"), &path);
    path
}

fn link(target: &Path, at: &Path) -> PathBuf {
    symlink(target, at).expect("a symbolic link");
    seen("ssh/file")
}

fn remove(room: &Room) {
    let _ = fs::remove_file(room.etc("ssh/file"));
    let _ = fs::remove_dir_all(room.etc("ssh/folder"));
}

/// First the good file, then each spoilt one, named by `option`.
fn only_the_good_file_is_trusted(usual: &Usual, option: &str, content: &str) {
    usual.room.write("ssh/file", content);
    assert_eq!(usual.verdict(&format!("{option}=/etc/ssh/file")), ACCEPTED, "{option}: the good file");
    for Spoilt { what, make } in SPOILT {
        remove(&usual.room);
        let path = make(&usual.room, content);
        let options = format!("{option}={}", path.display());
        assert_eq!(usual.verdict(&options), MISCONFIGURED, "{option}: {what}");
        let answer = usual.sudo(&options).auth();
        assert!(answer.only().elapsed < Duration::from_secs(2), "{option}: {what} took {:?}", answer.only().elapsed);
        let file = path.file_name().and_then(|name| name.to_str()).expect("text");
        assert!(answer.log_text().contains(file), "{option}: {what} is not named in {:?}", answer.log);
    }
    remove(&usual.room);
    usual.room.write("ssh/file", content);
    assert_eq!(usual.verdict(&format!("{option}=/etc/ssh/file")), ACCEPTED, "{option}: the good file again");
}

#[test]
fn a_ca_file_that_others_can_change_or_that_is_no_file_is_not_trusted() {
    let usual = Usual::new();
    only_the_good_file_is_trusted(&usual, "ca_file", &usual.ca.public());
}

#[test]
fn a_principals_file_that_others_can_change_or_that_is_no_file_is_not_trusted() {
    let usual = Usual::new();
    only_the_good_file_is_trusted(&usual, "authorized_principals_file", "alice\n");
}

#[test]
fn roots_symbolic_link_to_roots_file_is_followed() {
    let usual = Usual::new();
    usual.room.write("ssh/target", usual.ca.public());
    for target in ["/etc/ssh/target", "target", "../ssh/target"] {
        remove(&usual.room);
        link(Path::new(target), &usual.room.etc("ssh/file"));
        assert_eq!(usual.verdict("ca_file=/etc/ssh/file"), ACCEPTED, "{target}");
    }
}

#[test]
fn a_file_that_an_unprivileged_host_cannot_read_refuses() {
    let usual = Usual::new();
    let host = || usual.sudo("").with("unprivileged=alice");
    assert_eq!(verdict(host), ACCEPTED);
    fs::set_permissions(usual.room.etc("ssh/trusted_user_ca"), fs::Permissions::from_mode(0o600)).expect("chmod");
    assert_eq!(verdict(host), MISCONFIGURED);
    assert_eq!(usual.verdict(""), ACCEPTED, "sudo itself can read it");
}

#[test]
fn a_ca_file_without_any_key_refuses() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for content in ["", "\n", "# no key yet\n", "ssh-ed25519\n", "rubbish\n", "\0\0\0\0"] {
        usual.room.write("ssh/trusted_user_ca", content);
        assert_eq!(usual.verdict(""), MISCONFIGURED, "{content:?}");
    }
}

#[test]
fn a_bad_line_among_good_ones_is_logged_and_skipped() {
    let usual = Usual::new();
    let bad_lines = [
        "rubbish",
        "ssh-ed25519 not-base64!",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "ssh-dss AAAAB3NzaC1kc3M=",
        "ssh-ed25519",
        "cert-authority ssh-ed25519 AAAA",
        "-cert-v01@x AAAADC1jZXJ0LXYwMUB4",
    ];
    for bad in bad_lines {
        usual.room.write("ssh/trusted_user_ca", format!("# our CA\n\n{bad}\n{}", usual.ca.public()));
        let answer = usual.sudo("").auth();
        assert_eq!(answer.code(), "SUCCESS", "{bad}");
        let named = |line: &&String| line.contains("trusted_user_ca line 3");
        assert_eq!(answer.log.iter().filter(named).count(), 1, "{bad}: {:?}", answer.log);
    }
}

#[test]
fn a_thousand_ca_keys_with_ours_last_are_read() {
    let usual = Usual::new();
    let others = many_ca_keys(&usual, 1000);
    usual.room.write("ssh/trusted_user_ca", format!("{others}{}", usual.ca.public()));
    let answer = usual.sudo("").auth();
    assert_eq!(answer.code(), "SUCCESS");
    assert!(answer.only().elapsed < Duration::from_millis(500), "took {:?}", answer.only().elapsed);
    usual.room.write("ssh/trusted_user_ca", others);
    assert_eq!(usual.verdict(""), refused("ca-untrusted"), "without ours");
}

/// Well-formed keys that nobody has.
fn many_ca_keys(usual: &Usual, count: u32) -> String {
    use base64ct::{Base64, Encoding};
    let blob = tests::hostile::wire::blob(&usual.ca.public());
    let line = |number: u32| {
        let mut blob = blob.clone();
        blob[20..24].copy_from_slice(&number.to_be_bytes());
        format!("ssh-ed25519 {} number {number}\n", Base64::encode_string(&blob))
    };
    (0..count).map(line).collect()
}

#[test]
fn ten_thousand_principals_with_ours_last_are_read() {
    let usual = Usual::with(&Certificate::of("alice,ops-7"));
    let others: String = (0..10_000).map(|number| format!("nobody-{number}\n")).collect();
    usual.room.write("ssh/principals", format!("{others}ops-7\n"));
    let answer = usual.sudo("authorized_principals_file=/etc/ssh/principals").auth();
    assert_eq!(answer.code(), "SUCCESS");
    assert!(answer.only().elapsed < Duration::from_millis(500), "took {:?}", answer.only().elapsed);
    usual.room.write("ssh/principals", others);
    assert_eq!(
        usual.verdict("authorized_principals_file=/etc/ssh/principals"),
        refused("no-authorized-principal"),
        "without ours"
    );
}
