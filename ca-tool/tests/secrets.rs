//! What others on the host could see of a secret while it is in use, and what a crash would leave behind.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod room;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use room::{Room, Terminal};

const SECRET: &str = "open sesame";

/// The process below /proc that has this folder as its working directory and runs this program.
fn running(folder: &Path, program: &str) -> PathBuf {
    let of = |process: &Path| {
        let words = std::fs::read(process.join("cmdline")).ok()?;
        let is_meant = words.split(|byte| *byte == 0).next()?.ends_with(program.as_bytes());
        (is_meant && std::fs::read_link(process.join("cwd")).ok()? == folder).then_some(())
    };
    let mut all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.find(|process| of(process).is_some()).unwrap_or_else(|| panic!("{program} does not run"))
}

fn hidden_key() -> Room {
    let room = Room::new();
    room.key("id", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", SECRET, "-f", "ca"]);
    room
}

/// The kernel gives the files of a process to root when its memory is out of reach of its own user.
#[test]
fn other_programs_of_the_same_user_see_nothing_and_a_crash_leaves_no_core() {
    let room = hidden_key();
    // Not as root, whom nothing stops.
    room.ok("chown", &["-R", "65534", "."]);
    let mut command = room.program("setpriv");
    command.args(["--reuid=65534", "--clear-groups", env!("CARGO_BIN_EXE_ca-tool")]);
    command.args(["sign", "-s", "ca", "-I", "a", "-n", "a", "--journal", "journal.db", "id.pub"]);
    let mut terminal = Terminal::start(&command);
    terminal.reads("Passphrase of ca: ");
    let process = running(&room.path("."), "ca-tool");
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    assert!(status.contains("Uid:\t65534"), "{status}");
    assert_eq!(std::fs::metadata(process.join("mem")).unwrap().uid(), 0, "its memory can be read");
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    terminal.types(SECRET);
    assert_eq!(terminal.ends().0, 0);
}

/// Whoever asks for the secret, and whoever signs with it, gets it on no command line and in no environment.
#[test]
fn no_secret_is_in_an_argument_or_an_environment() {
    let mut room = hidden_key();
    let script = format!(
        "#!/bin/sh\ncat /proc/$$/environ /proc/$$/cmdline /proc/$PPID/environ /proc/$PPID/cmdline >>seen\necho '{SECRET}'\n"
    );
    let program = room.write("askpass", script);
    room.ok("chmod", &["755", "askpass"]);
    room.set("SSH_ASKPASS", program).set("SSH_ASKPASS_REQUIRE", "force");
    room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "id.pub"]).done();
    let seen = std::fs::read(room.path("seen")).unwrap();
    let has = |words: &str| seen.windows(words.len()).any(|window| window == words.as_bytes());
    assert!(has("SSH_ASKPASS_REQUIRE=force") && has("Passphrase of ca"), "it looked elsewhere");
    assert!(!has("sesame"));
}
