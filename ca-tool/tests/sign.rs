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

/// Root who names a device must not lose it. A folder is no better: the serial number would be spent for nothing.
#[test]
fn what_is_no_file_is_not_replaced_by_a_certificate() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    room.ok("mkfifo", &["pipe"]);
    room.ok("ln", &["-s", "/dev/null", "null"]);
    room.ok("mkdir", &["folder"]);
    for there in ["pipe", "null", "folder"] {
        room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "-o", there, "id.pub"]).refused("is no file");
        let kind = std::fs::symlink_metadata(room.path(there)).unwrap().file_type();
        assert!(!kind.is_file(), "{there} is a file now");
    }
    assert!(!room.path("journal.db").exists(), "a serial number was taken");
}

#[test]
fn the_certificate_of_a_key_from_stdin_goes_to_stdout() {
    let room = Room::new();
    room.key("ca", "ed25519");
    let key = room.key("id", "ed25519").with_extension("pub");
    let mut command = room.command(&["sign", "-s", "ca", "-I", "a", "-n", "a", "-"]);
    command.stdin(std::fs::File::open(key).unwrap());
    let certificate = room::Done::of(command).done().stdout;
    assert!(certificate.starts_with("ssh-ed25519-cert-v01@openssh.com ") && certificate.ends_with(" id\n"), "{certificate}");
    assert!(!room.path("--cert.pub").exists());
}

#[test]
fn a_public_key_that_is_named_as_the_ca_is_called_one() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    let done = room.ca_tool(&["sign", "-s", "ca.pub", "-I", "a", "-n", "a", "id.pub"]).refused("ca.pub is a public key.");
    assert!(done.stderr.contains("-s agent:ca.pub"), "{}", done.stderr);
}

#[test]
fn a_signal_at_the_prompt_ends_it_and_the_terminal_echoes_again() {
    use nix::sys::signal::Signal;
    let room = Room::new();
    room.key("id", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-f", "ca"]);
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut terminal = Terminal::start(&room.command(&["sign", "-s", "ca", "-I", "a", "-n", "a", "id.pub"]));
        terminal.reads("Passphrase of ca: ");
        assert!(!terminal.echoes());
        assert_eq!(terminal.signals(signal).killed_by(), Some(signal as i32));
        assert!(terminal.echoes(), "{signal}");
    }
}

#[test]
fn a_program_that_keeps_giving_the_wrong_passphrase_is_asked_three_times() {
    let mut room = Room::new();
    room.key("id", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-f", "ca"]);
    let program = room.write("askpass", "#!/bin/sh\necho asked >>asked\necho wrong\n");
    room.ok("chmod", &["755", "askpass"]);
    room.set("SSH_ASKPASS", program).set("SSH_ASKPASS_REQUIRE", "force");
    room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "id.pub"]).refused("wrong three times");
    assert_eq!(room.read("asked"), "asked\n".repeat(3));
}

#[test]
fn a_certificate_that_never_ends_is_said_loudly() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    let sign = |validity| room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "-V", validity, "id.pub"]).done().stderr;
    for validity in ["always:forever", "0x0:0xffffffffffffffff"] {
        let said = sign(validity);
        assert!(said.contains("never ends") && said.contains("\"a\" for a, valid for ever\n"), "{said}");
    }
    assert!(!sign("+1h").contains("never ends"));
}

#[test]
fn a_comment_that_is_older_than_utf_8_keeps_no_key_from_being_signed() {
    let room = Room::new();
    room.key("ca", "ed25519");
    let key = std::fs::read(room.key("id", "ed25519").with_extension("pub")).unwrap();
    room.write("id.pub", [key.trim_ascii_end(), b" Andr\xe9\n"].concat());
    room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "id.pub"]).done();
    room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
}

#[test]
fn the_name_of_a_file_can_fool_no_terminal() {
    let room = Room::new();
    room.key("ca", "ed25519");
    std::fs::rename(room.key("id", "ed25519").with_extension("pub"), room.path("id\x1b[2J\r.pub")).unwrap();
    let signed = room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "id\x1b[2J\r.pub"]).done();
    assert!(signed.stderr.contains("Signed id\\u{1b}[2J\\r.pub: serial 1"), "{signed:?}");
    let refused = room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "no\x1b[2J.pub"]).refused("no\\u{1b}[2J.pub");
    assert!(![signed, refused].iter().any(|done| done.stderr.contains(['\x1b', '\r'])));
}

#[test]
fn json_says_what_has_left_also_when_a_later_one_fails() {
    let room = Room::new();
    for name in ["ca", "one", "two"] {
        room.key(name, "ed25519");
    }
    let sign = |more: &[&str]| {
        let done = room.ca_tool(&[&["--json", "sign", "-s", "ca", "-I", "a", "-n", "a"], more].concat());
        (done.code, serde_json::from_str::<serde_json::Value>(&done.stdout).unwrap())
    };
    let (code, said) = sign(&["-o", "-", "one.pub"]);
    let certificate = room.write("said-cert.pub", said["certificates"][0]["certificate"].as_str().unwrap());
    room.ok("ssh-keygen", &["-L", "-f", certificate.to_str().unwrap()]);
    assert!(code == 0 && said["certificates"][0]["file"].is_null() && said["journal"].is_string(), "{said:#}");

    std::fs::create_dir(room.path("two-cert.pub")).unwrap(); // in the way
    let (code, said) = sign(&["one.pub", "two.pub"]);
    assert_eq!((code, said["certificates"].as_array().unwrap().len()), (1, 1), "{said:#}");
    assert_eq!(said["certificates"][0]["file"], "one-cert.pub");
    assert_eq!(said["certificates"][0]["certificate"], room.read("one-cert.pub").trim_end());
    assert!(said["journal"].is_null(), "{said:#}");
}

/// Its private number has 31 bytes.
const SHORT: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----\n\
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n\
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQNPyeAYEfO6Sjj1L+TuMXwDNs5ZhkH\n\
rc/dold4bNLGAlASULUZ3IsaP0fKOMs5YJ04T1ZxOIx7l3JaPKPus3yWAAAAoDf7Xkk3+1\n\
5JAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA0/J4BgR87pKOPU\n\
v5O4xfAM2zlmGQetz92iV3hs0sYCUBJQtRncixo/R8o4yzlgnThPVnE4jHuXclo8o+6zfJ\n\
YAAAAfR8yE5rwHPDboL1BPS5415daX8rTA2QCzrXoyK8Tf2gAAAAVzaG9ydAECAwQ=\n\
-----END OPENSSH PRIVATE KEY-----\n";

#[test]
fn an_ecdsa_key_that_begins_with_zeros_signs_in_an_agent_and_not_from_its_file() {
    let room = Room::new();
    room.key("id", "ed25519");
    room.write("ca", SHORT);
    std::fs::set_permissions(room.path("ca"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    room.write("ca.pub", room.ok("ssh-keygen", &["-y", "-f", "ca"]));
    let words = |ca| ["sign", "-s", ca, "-I", "a", "-n", "a", "id.pub"];
    let done = room.ca_tool(&words("ca")).refused("ca is an ECDSA key whose number begins with zeros");
    assert!(done.stderr.contains("ssh-add ca; ca-tool sign -s agent:ca.pub"), "{done:?}");
    room.ok("ssh-keygen", &["-q", "-p", "-P", "", "-N", "secret", "-f", "ca"]);
    room.write("passphrase", "secret");
    let mut command = room.program("sh");
    let program = env!("CARGO_BIN_EXE_ca-tool");
    command.args(["-c", &format!("{program} --journal j --secret-fd passphrase=3 {} 3<passphrase", words("ca").join(" "))]);
    room::Done::of(command).refused("ca is an ECDSA key whose number begins with zeros");
    let script = format!(
        "ssh-keygen -q -p -P secret -N '' -f ca; eval $(ssh-agent) >&2; ssh-add -q ca; {program} --journal j {}; code=$?; ssh-agent -k >&2; exit $code",
        words("agent:ca.pub").join(" ")
    );
    room.ok("sh", &["-c", &script]);
    assert!(room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]).contains("ecdsa-sha2-nistp256"));
}
