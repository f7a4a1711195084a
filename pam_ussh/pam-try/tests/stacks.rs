//! The program on real stacks, made of libpam's own modules.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use tempfile::TempDir;

fn folder(stack: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("service"), stack).unwrap();
    fs::write(folder.path().join("other"), "auth required pam_deny.so\naccount required pam_deny.so\n").unwrap();
    folder
}

fn ask(folder: &TempDir, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ussh-pam-try"));
    command.args(["--service", "service", "--user", "root", "--confdir"]).arg(folder.path()).args(words);
    command.output().unwrap()
}

fn lines(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn each_stack_is_run_and_its_code_is_told() {
    let stack = "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n";
    let folder = folder(stack);
    assert_eq!(lines(&ask(&folder, &[])), "auth PAM_SUCCESS\naccount PAM_SUCCESS\n");
    let words = ["--call", "session", "--call", "account"];
    assert_eq!(lines(&ask(&folder, &words)), "session PAM_SUCCESS\naccount PAM_SUCCESS\n");
}

#[test]
fn nothing_is_called_behind_a_refusal() {
    let folder = folder("auth required pam_deny.so\naccount required pam_permit.so\n");
    assert_eq!(lines(&ask(&folder, &[])), "auth PAM_AUTH_ERR\n");
    assert_eq!(lines(&ask(&folder, &["--call", "account"])), "account PAM_SUCCESS\n");
}

#[test]
fn a_question_is_shown_and_gets_no_answer() {
    let folder = folder("auth required pam_unix.so\naccount required pam_permit.so\n");
    let said = lines(&ask(&folder, &[]));
    assert!(said.starts_with("asks Password: \nauth PAM_"), "{said}");
    assert!(!said.contains("PAM_SUCCESS"), "{said}");
}

#[test]
fn what_modules_say_is_one_line_each() {
    let folder = folder("");
    let motd = folder.path().join("motd");
    fs::write(&motd, "one\ntwo\x1b[2J\n").unwrap();
    let stack = format!("auth required pam_echo.so file={}\nauth required pam_permit.so\n", motd.display());
    fs::write(folder.path().join("service"), stack).unwrap();
    let said = lines(&ask(&folder, &["--call", "auth"]));
    assert_eq!(said, "message one\\ntwo\\u{1b}[2J\nauth PAM_SUCCESS\n");
}

#[test]
fn modules_see_the_variables_and_items() {
    let folder = folder("");
    let (seen, program) = (folder.path().join("seen"), folder.path().join("program"));
    let script = format!("#!/bin/sh\necho $PAM_SERVICE $PAM_USER $PAM_RHOST $PAM_RUSER $PAM_TTY $WORD >{}\n", seen.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("service"), format!("account required pam_exec.so {}\n", program.display())).unwrap();
    let words = ["--call", "account", "--rhost", "192.0.2.7", "--ruser", "alice", "--tty", "pts/3", "--env", "WORD=a=b"];
    assert_eq!(lines(&ask(&folder, &words)), "account PAM_SUCCESS\n");
    assert_eq!(fs::read_to_string(seen).unwrap(), "service root 192.0.2.7 alice pts/3 a=b\n");
}

#[test]
fn a_session_that_was_opened_is_closed_also_where_another_module_refused() {
    let folder = folder("");
    let (seen, program) = (folder.path().join("seen"), folder.path().join("program"));
    fs::write(&program, format!("#!/bin/sh\necho $PAM_TYPE >>{}\n", seen.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (behind, code) in [("permit", "SUCCESS"), ("deny", "SESSION_ERR")] {
        let stack = format!("session required pam_exec.so {}\nsession required pam_{behind}.so\n", program.display());
        fs::write(folder.path().join("service"), stack).unwrap();
        assert_eq!(lines(&ask(&folder, &["--call", "session"])), format!("session PAM_{code}\n"));
        assert_eq!(fs::read_to_string(&seen).unwrap(), "open_session\nclose_session\n");
        fs::remove_file(&seen).unwrap();
    }
}

#[test]
fn a_service_without_a_file_is_answered_by_other() {
    let folder = folder("");
    fs::remove_file(folder.path().join("service")).unwrap();
    assert_eq!(lines(&ask(&folder, &[])), "auth PAM_AUTH_ERR\n");
}

#[test]
fn what_cannot_be_asked_is_no_verdict() {
    let folder = folder("auth required pam_permit.so\n");
    let output = ask(&folder, &["--call", "password"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(100), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not auth, account or session"), "{output:?}");
}

#[test]
fn what_cannot_be_asked_is_no_verdict_either_where_libpam_does_not_start() {
    let folder = folder("");
    fs::remove_file(folder.path().join("service")).unwrap();
    fs::remove_file(folder.path().join("other")).unwrap();
    let output = ask(&folder, &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(100), 0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("libpam does not start"), "{output:?}");
}
