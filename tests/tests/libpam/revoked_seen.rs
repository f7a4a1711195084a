//! KRLs whose version goes backwards.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tests::pam::User;

use crate::revoked::{OPTION, logged, usual};
use crate::usual::{ACCEPTED, MISCONFIGURED, Usual, verdict};

const NAME: &str = "pam_ussh/%2Fetc%2Fssh%2Frevoked_keys";

/// A setting in which version 5 of the list was seen.
fn seen() -> (Usual, PathBuf) {
    let usual = usual();
    usual.krl("revoked_keys", 5, "serial: 1\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    let state = usual.room.var_lib(NAME);
    (usual, state)
}

#[track_caller]
fn assert_trouble(usual: &Usual, words: &str) {
    assert_eq!(usual.verdict(OPTION), MISCONFIGURED, "{words}");
    let sshd = usual.sshd(OPTION);
    assert_eq!(sshd.codes(), ["SERVICE_ERR", "SERVICE_ERR", "PERM_DENIED"], "{words}");
    for line in logged(&usual.sudo(OPTION).auth()).chain(logged(&sshd)) {
        assert!(line.contains(words), "{words}: {line}");
    }
}

#[test]
fn an_older_version_is_refused_until_the_administrator_forgets_the_newer_one() {
    let (usual, state) = seen();
    usual.krl("revoked_keys", 4, "serial: 1\n");
    let words = "/etc/ssh/revoked_keys: is version 4, though version 5 was here before; if that is meant, remove \
                 /var/lib/pam_ussh/%2Fetc%2Fssh%2Frevoked_keys";
    assert_trouble(&usual, words);
    usual.krl("revoked_keys", 5, "serial: 2\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED, "the same version");
    usual.krl("revoked_keys", u64::MAX, "serial: 2\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED, "a higher one");
    usual.krl("revoked_keys", 6, "serial: 2\n");
    assert_trouble(&usual, "is version 6, though version 18446744073709551615 was here before");
    fs::remove_file(state).expect("it is forgotten");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
}

#[test]
fn what_was_a_krl_and_is_none_any_more_is_refused() {
    let (usual, state) = seen();
    for flat in [String::new(), usual.room.key("bob", "ed25519").public()] {
        usual.room.write("ssh/revoked_keys", flat);
        assert_trouble(&usual, "is no KRL, though version 5 was here before");
    }
    fs::remove_file(&state).expect("it is forgotten");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    assert!(!state.exists(), "a flat list has no version");
}

#[test]
fn version_0_is_a_version_too() {
    let usual = usual();
    usual.krl("revoked_keys", 0, "serial: 1\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    usual.room.write("ssh/revoked_keys", "");
    assert_trouble(&usual, "is no KRL, though version 0 was here before");
}

#[test]
fn what_is_remembered_is_roots_to_write_and_everybodys_to_read_and_names_the_list() {
    let (usual, state) = seen();
    let mode = |path: &PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!((mode(&usual.room.var_lib("pam_ussh")), mode(&state)), (0o755, 0o644));
    let text = fs::read_to_string(&state).expect("text");
    for field in ["list=%2Fetc%2Fssh%2Frevoked_keys\n", "\nversion=5\n", "\ngenerated=20", "\nseen=20"] {
        assert!(text.contains(field), "{field} in {text}");
    }
    let names = fs::read_dir(usual.room.var_lib("pam_ussh")).expect("a folder").count();
    assert_eq!(names, 1, "nothing else is left there");
}

/// Else it would be nobody's to read where root may not read everything.
#[test]
fn the_umask_of_who_asks_first_changes_nothing() {
    let usual = usual();
    usual.krl("revoked_keys", 5, "serial: 1\n");
    let hidden = ["sh", "-c", "umask 0777 && exec \"$@\"", "sh"];
    assert_eq!(verdict(|| usual.sudo(OPTION).under(&hidden)), ACCEPTED);
    for (name, mode) in [("pam_ussh", 0o755), (NAME, 0o644)] {
        let metadata = fs::metadata(usual.room.var_lib(name)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{name}");
    }
}

#[test]
fn nothing_is_written_unless_the_version_rises() {
    let (usual, state) = seen();
    let before = fs::metadata(&state).expect("it is there").modified().expect("a time");
    for _ in 0..3 {
        assert_eq!(usual.verdict(OPTION), ACCEPTED);
    }
    usual.krl("revoked_keys", 4, "");
    assert_eq!(usual.verdict(OPTION), MISCONFIGURED);
    assert_eq!(fs::metadata(&state).expect("it is there").modified().expect("a time"), before);
}

#[test]
fn lists_of_different_names_are_remembered_apart() {
    let (usual, _) = seen();
    usual.krl("other", 4, "serial: 1\n");
    assert_eq!(usual.verdict("revoked_keys=/etc/ssh/other"), ACCEPTED);
    assert_eq!(usual.verdict(&format!("revoked_keys=/etc/ssh/other {OPTION}")), ACCEPTED);
}

#[test]
fn a_list_of_the_same_name_in_another_folder_starts_anew() {
    let (usual, _) = seen();
    usual.krl("revoked_keys", 4, "serial: 1\n");
    assert_eq!(usual.verdict(OPTION), MISCONFIGURED);
    fs::rename(usual.room.etc("ssh"), usual.room.etc("old-ssh")).expect("another system's /etc/ssh takes its place");
    fs::create_dir(usual.room.etc("ssh")).expect("a folder");
    for name in ["revoked_keys", "trusted_user_ca"] {
        fs::rename(usual.room.etc(&format!("old-ssh/{name}")), usual.room.etc(&format!("ssh/{name}"))).expect("a file");
    }
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
}

#[test]
fn what_others_could_have_written_is_not_believed() {
    let (usual, state) = seen();
    let folder = usual.room.var_lib("pam_ussh");
    for (path, mode) in [(&folder, 0o770), (&folder, 0o707), (&state, 0o620), (&state, 0o602)] {
        let before = fs::metadata(path).expect("it is there").permissions();
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
        assert_trouble(&usual, "is writable by others than root");
        fs::set_permissions(path, before).expect("chmod");
    }
    for path in [&folder, &state] {
        chown(path, Some(User::ALICE.id), None).expect("chown");
        assert_trouble(&usual, "is not owned by root");
        chown(path, Some(0), None).expect("chown");
    }
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    let moved = usual.room.var_lib("moved");
    fs::rename(&state, &moved).expect("moved");
    symlink("/var/lib/moved", &state).expect("a symbolic link");
    assert_trouble(&usual, "Too many levels of symbolic links");
    fs::remove_dir_all(&folder).expect("it goes");
    fs::create_dir(usual.room.var_lib("elsewhere")).expect("a folder");
    symlink("/var/lib/elsewhere", &folder).expect("a symbolic link");
    assert_trouble(&usual, "its folder is not a folder");
}

#[test]
fn what_was_not_written_by_us_is_refused_and_named() {
    let (usual, state) = seen();
    let good = fs::read_to_string(&state).expect("text");
    for text in ["", "version=\n", &good.replace("version=5", "version=x"), &good.replace("list=", "name=")] {
        fs::write(&state, text).expect("a file");
        assert_trouble(&usual, "is not what was written; remove it to start anew");
    }
    fs::remove_file(&state).expect("it goes");
    fs::create_dir(&state).expect("a folder");
    assert_trouble(&usual, "is not a regular file");
}

#[test]
fn where_nothing_can_be_remembered_nothing_is_asked_for() {
    let usual = usual();
    usual.krl("revoked_keys", 5, "serial: 1\n");
    let read_only = ["sh", "-c", "mount -o remount,bind,ro /var/lib && exec \"$@\"", "sh"];
    let host = || usual.sudo(&format!("{OPTION} debug")).under(&read_only);
    assert_eq!(verdict(host), ACCEPTED);
    let log = host().auth().log_text();
    assert!(log.contains("the KRL's version is not remembered: Read-only file system"), "{log}");
    assert!(!usual.room.var_lib("pam_ussh").exists());
    assert_eq!(verdict(|| usual.sudo(OPTION).with("unprivileged=alice")), ACCEPTED);
    assert!(!usual.room.var_lib("pam_ussh").exists());
    let long = format!("{}/{0}", "x".repeat(150));
    fs::create_dir(usual.room.etc(&long[..150])).expect("a folder");
    fs::copy(usual.room.etc("ssh/revoked_keys"), usual.room.etc(&long)).expect("a copy");
    assert_eq!(usual.verdict(&format!("revoked_keys=/etc/{long}")), ACCEPTED, "a name too long for a file");
}

/// `ca-tool check` asks as the person, and must not say yes where sudo would say no.
#[test]
fn a_program_that_is_not_root_refuses_an_older_version_too_and_remembers_none() {
    let (usual, state) = seen();
    let before = fs::read_to_string(&state).expect("text");
    let host = || usual.sudo(OPTION).with("unprivileged=alice");
    usual.krl("revoked_keys", 6, "serial: 1\n");
    assert_eq!(verdict(host), ACCEPTED);
    assert_eq!(fs::read_to_string(&state).expect("text"), before);
    usual.krl("revoked_keys", 4, "serial: 1\n");
    assert_eq!(verdict(host), MISCONFIGURED);
    fs::set_permissions(usual.room.var_lib("pam_ussh"), Permissions::from_mode(0o700)).expect("chmod");
    assert_eq!(verdict(host), ACCEPTED, "what it may not read it does not ask for");
}

#[test]
fn a_program_that_a_policy_keeps_away_from_what_is_remembered_goes_on_without() {
    let (usual, state) = seen();
    usual.krl("revoked_keys", 4, "serial: 1\n");
    let without = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];
    let host = || usual.sudo(OPTION).with("as=root").under(&without);
    assert_eq!(verdict(host), MISCONFIGURED);
    fs::set_permissions(&state, Permissions::from_mode(0o000)).expect("chmod");
    assert_eq!(verdict(host), ACCEPTED);
    assert!(fs::read_to_string(state).expect("text").contains("\nversion=5\n"), "nor does it forget what it cannot read");
}

#[test]
fn many_at_once_with_rising_versions_are_all_accepted_and_the_highest_stays() {
    let (usual, state) = seen();
    let list = usual.room.etc("ssh/revoked_keys");
    let versions: Vec<_> = (6..60).map(|version| usual.krl(&format!("version-{version}"), version, "serial: 1\n")).collect();
    let writer = thread::spawn(move || {
        for version in versions {
            fs::rename(version, &list).expect("a newer list");
            thread::sleep(Duration::from_millis(5));
        }
    });
    let four_at_once = ["sh", "-c", "\"$@\" & \"$@\" & \"$@\" & \"$@\" & wait", "sh"];
    while !writer.is_finished() {
        let answer = usual.sudo(OPTION).with("calls=10").under(&four_at_once).auth();
        assert_eq!(answer.codes(), ["SUCCESS"; 40], "{:?}", answer.log);
    }
    writer.join().expect("it only renames");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    assert!(fs::read_to_string(state).expect("text").contains("\nversion=59\n"));
}
