//! `ca-tool sign`, judged by ssh-keygen.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod room;

use room::{Room, Terminal};

#[test]
fn a_certificate_lies_beside_its_key_and_ssh_keygen_reads_it() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    room.ca_tool(&["sign", "-s", "ca", "-I", "alice@corp", "-n", "alice,deploy", "id.pub"]).done();
    let said = room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
    for words in ["Key ID: \"alice@corp\"", "alice\n", "deploy\n", "permit-pty\n"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn an_encrypted_key_has_its_passphrase_asked_for_on_the_terminal() {
    let room = Room::new();
    room.key("id", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-f", "ca"]);
    let mut terminal = Terminal::start(&room.command(&["sign", "-s", "ca", "-I", "alice", "-n", "alice", "id.pub"]));
    terminal
        .reads("Passphrase of ca: ")
        .types("wrong")
        .reads("not its passphrase")
        .reads("Passphrase of ca: ")
        .types("open sesame");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("sesame"), "the passphrase was echoed: {screen}");
    room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
}
