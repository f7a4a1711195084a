//! Lists of revoked keys that cannot be relied on: everybody is refused, whoever asks and whatever they hold.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use tests::pam::{User, run};

use crate::revoked::{OPTION, logged, usual};
use crate::usual::{ACCEPTED, IGNORED, MISCONFIGURED, Usual, verdict};

/// Refused in all stacks, and the log says why.
#[track_caller]
fn assert_trouble(usual: &Usual, options: &str, words: &str) {
    assert_eq!(usual.verdict(options), MISCONFIGURED, "{words}");
    let sshd = usual.sshd(options);
    assert_eq!(sshd.codes(), ["SERVICE_ERR", "SERVICE_ERR", "PERM_DENIED"], "{words}");
    for line in logged(&usual.sudo(options).auth()).chain(logged(&sshd)) {
        assert!(line.contains("reason=configuration") && line.contains(words), "{words}: {line}");
    }
}

#[test]
fn a_list_that_is_missing_refuses_whoever_asks() {
    let usual = usual();
    usual.krl("revoked_keys", 1, "serial: 1\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    let missing = "revoked_keys=/etc/ssh/missing";
    assert_trouble(&usual, missing, "/etc/ssh/missing: No such file or directory");
    assert_trouble(&usual, &format!("{OPTION} {missing}"), "/etc/ssh/missing: No such file or directory");
    assert_trouble(&usual, &format!("{missing} {OPTION}"), "/etc/ssh/missing: No such file or directory");
    usual.agent.clear();
    assert_eq!(usual.verdict(missing), MISCONFIGURED, "with nothing in the agent");
    assert_eq!(verdict(|| usual.sudo(missing).without_env("SSH_AUTH_SOCK")), MISCONFIGURED, "without agent");
    assert_eq!(usual.verdict(&format!("group=bob {missing}")), IGNORED, "but not who is not asked");
}

#[test]
fn a_list_that_others_could_have_written_is_refused() {
    let usual = usual();
    let list = usual.krl("revoked_keys", 1, "serial: 1\n");
    let etc = usual.room.etc("ssh");
    let by_others = "is writable by others than root";
    for (path, mode) in [(&list, 0o664), (&list, 0o646), (&etc, 0o775)] {
        let before = fs::metadata(path).expect("it is there").permissions();
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
        assert_trouble(&usual, OPTION, by_others);
        fs::set_permissions(path, before).expect("chmod");
        assert_eq!(usual.verdict(OPTION), ACCEPTED);
    }
    chown(&list, Some(User::ALICE.id), None).expect("chown");
    assert_trouble(&usual, OPTION, "is not owned by root");
    let alices = usual.room.home(User::ALICE).join("revoked_keys");
    fs::copy(&list, &alices).expect("a copy");
    chown(&alices, Some(0), None).expect("chown");
    fs::remove_file(&list).expect("the list goes");
    symlink(&alices, &list).expect("a symbolic link");
    assert_trouble(&usual, OPTION, "its folder /tmp is writable by others than root");
}

#[test]
fn a_list_that_is_no_regular_file_is_refused_at_once() {
    let usual = usual();
    let list = usual.room.etc("ssh/revoked_keys");
    run(std::process::Command::new("mkfifo").arg(&list));
    assert_trouble(&usual, OPTION, "is not a regular file");
    fs::remove_file(&list).expect("the FIFO goes");
    fs::create_dir(&list).expect("a folder");
    assert_trouble(&usual, OPTION, "is not a regular file");
    assert_trouble(&usual, "revoked_keys=/dev/null", "is not a regular file");
}

#[test]
fn a_list_that_cannot_be_read_is_refused() {
    let usual = usual();
    let list = usual.krl("revoked_keys", 1, "serial: 1\n");
    let host = || usual.sudo(OPTION).with("unprivileged=alice");
    assert_eq!(verdict(host), ACCEPTED);
    fs::set_permissions(&list, Permissions::from_mode(0o600)).expect("chmod");
    assert_eq!(verdict(host), MISCONFIGURED);
    assert_eq!(usual.verdict(OPTION), ACCEPTED, "sudo itself can read it");
}

#[test]
fn a_list_that_is_malformed_or_not_understood_is_refused() {
    let usual = usual();
    let good = fs::read(usual.krl("revoked_keys", 1, "serial: 1-3\nid: bob\n")).expect("a KRL");
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let section = |number: u8, content: &[u8]| [vec![number], string(content)].concat();
    let critical = [string(b"x@example.org"), vec![1], string(b"")].concat();
    let signed = [section(4, b"a key"), string(b"a signature")].concat();
    let with = |more: &[u8]| [good.as_slice(), more].concat();
    for (bytes, words) in [
        (good[..good.len() - 1].to_vec(), "malformed KRL"),
        (good[..50].to_vec(), "malformed KRL"),
        (with(b"x"), "malformed KRL"),
        (with(&section(99, b"")), "KRL section of unknown type 99"),
        (with(&section(255, &critical)), "unknown critical extension x@example.org"),
        (with(&signed), "signature section"),
        (b"SSHKRL\n\0\0\0\0\x02".to_vec(), "unknown format version 2"),
        (b"SSHKRL".to_vec(), "neither a KRL nor a list of public keys: line 1"),
        (b"\nnonsense\n".to_vec(), "line 2 is a malformed key"),
    ] {
        usual.room.write("ssh/revoked_keys", &bytes);
        assert_trouble(&usual, OPTION, words);
    }
    usual.room.write("ssh/revoked_keys", &good);
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
}

#[test]
fn more_than_openssh_loads_is_refused() {
    let usual = usual();
    let list = File::create(usual.room.etc("ssh/revoked_keys")).expect("a file");
    list.set_len(128 * 1024 * 1024 + 1).expect("a sparse file");
    drop(list);
    assert_trouble(&usual, OPTION, "is larger than 134217728 bytes");
}

#[test]
fn a_list_older_than_krl_max_age_is_refused_and_so_is_one_without_a_date_or_from_the_future() {
    let usual = usual();
    let list = usual.krl("revoked_keys", 1, "serial: 1\n");
    let options = format!("{OPTION} krl_max_age=1h");
    assert_eq!(usual.verdict(&options), ACCEPTED);
    set_date(&list, -3700);
    assert_trouble(&usual, &options, "was generated");
    assert_trouble(&usual, &options, "longer ago than krl_max_age allows");
    assert_eq!(usual.verdict(OPTION), ACCEPTED, "without the option");
    set_date(&list, 200);
    assert_eq!(usual.verdict(&options), ACCEPTED, "another clock, a little ahead");
    set_date(&list, 7200);
    assert_trouble(&usual, &options, "in the future");
    assert_eq!(usual.verdict(OPTION), ACCEPTED, "without the option");
    usual.room.write("ssh/flat", "");
    assert_trouble(&usual, "revoked_keys=/etc/ssh/flat krl_max_age=1h", "is a list of keys without a date");
}

/// The date stands behind magic, format version and version.
fn set_date(list: &Path, seconds_from_now: i64) {
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    let mut bytes = fs::read(list).expect("a KRL");
    bytes[20..28].copy_from_slice(&now.saturating_add_signed(seconds_from_now).to_be_bytes());
    fs::write(list, bytes).expect("a KRL");
}

#[test]
fn a_list_that_somebody_has_open_for_writing_is_refused_until_they_close_it() {
    let usual = usual();
    let list = usual.krl("revoked_keys", 1, "serial: 1\n");
    let principals = usual.room.write("ssh/principals", "alice\n");
    let options = format!("{OPTION} authorized_principals_file=/etc/ssh/principals");
    for path in [list, principals, usual.room.etc("ssh/trusted_user_ca")] {
        assert_eq!(usual.verdict(&options), ACCEPTED);
        let reader = File::open(&path).expect("somebody reads");
        assert_eq!(usual.verdict(&options), ACCEPTED, "being read disturbs nobody");
        let writer = File::options().append(true).open(&path).expect("somebody writes");
        assert_trouble(&usual, &options, "is being written");
        drop((reader, writer));
        assert_eq!(usual.verdict(&options), ACCEPTED);
    }
}

#[test]
fn a_list_on_a_file_system_that_nobody_can_write_is_read() {
    let usual = usual();
    usual.krl("revoked_keys", 1, "serial: 1\n");
    let read_only = ["sh", "-c", "mount -o remount,bind,ro /etc && exec \"$@\"", "sh"];
    assert_eq!(verdict(|| usual.sudo(OPTION).under(&read_only)), ACCEPTED);
}
