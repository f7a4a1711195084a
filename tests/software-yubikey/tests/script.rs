//! The program for shell scripts.

mod support;

use software_yubikey::Desk;
use std::process::Stdio;
use support::{Dialogue, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_software-yubikey");

/// The program is started at a desk of its own, but serves elsewhere: ykman finds it there.
struct Script {
    desk: Desk,
    dialogue: Dialogue,
    socket: String,
}

impl Script {
    fn start(arguments: &str) -> Self {
        let desk = Desk::new();
        let socket = desk.folder().join("script.comm").display().to_string();
        let mut words = vec!["--socket", &socket, "--write-root", "root.pem"];
        words.extend(arguments.split(' '));
        let mut dialogue = Dialogue::start_with(&desk, PROGRAM, &words);
        assert_eq!(dialogue.hear(), "ready");
        Self { desk, dialogue, socket }
    }

    fn ykman_list(&self) -> String {
        let socket = format!("PCSCLITE_CSOCK_NAME={}", self.socket);
        run(&self.desk, &["env", &socket, "ykman", "list"]).ok().stdout
    }
}

#[test]
fn serves_yubikeys_and_plugs_them_in_and_out_as_told() {
    let mut script = Script::start("--serial 5001234 --firmware 5.7 --serial 28000001 --unplugged");
    assert!(script.ykman_list().contains("5001234") && !script.ykman_list().contains("28000001"));
    assert_eq!(script.dialogue.ask("plug 28000001"), "ok");
    assert_eq!(script.dialogue.ask("unplug 5001234"), "ok");
    assert!(script.ykman_list().contains("(5.7.4) [OTP+FIDO+CCID] Serial: 28000001"));
    assert!(!script.ykman_list().contains("5001234"));
    assert_eq!(script.dialogue.ask("touch withheld"), "ok");
    assert_eq!(script.dialogue.ask("touch given"), "ok");
    assert_eq!(script.dialogue.ask("plug 28000001"), "error: 28000001 is plugged in");
    assert_eq!(script.dialogue.ask("plug 1"), "error: no such YubiKey");
    assert_eq!(script.dialogue.ask("touch maybe"), "error: plug N, unplug N, touch given, touch withheld");
}

#[test]
fn writes_the_attestation_root() {
    let script = Script::start("--serial 5001234");
    let root = run(&script.desk, &["openssl", "verify", "-CAfile", "root.pem", "root.pem"]).ok();
    root.says("OK");
}

#[test]
fn refuses_arguments_it_does_not_know() {
    let desk = Desk::new();
    for arguments in ["", "--serial", "--serial x", "--socket s", "--socket s --firmware 3.1 --serial 1", "--hello"] {
        let mut command = desk.command(PROGRAM);
        let words = arguments.split(' ').filter(|word| !word.is_empty());
        let output = command.args(words).stdin(Stdio::null()).output().expect("our program starts");
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        assert!(!output.stderr.is_empty());
    }
}
