//! CAs on a security key, named by their key file: `-s FILE`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::process::Command;
use std::time::{Duration, Instant};

use room::{Room, SecurityKey, Terminal};

const SIGN: [&str; 8] = ["sign", "-s", "ca", "-I", "alice@corp", "-n", "alice", "id.pub"];

/// A key to be signed, and a device with a CA of this type; `options` are ssh-keygen's.
fn room(kind: &str, passphrase: &str, options: &[&str]) -> (Room, SecurityKey) {
    let mut room = Room::new();
    let device = SecurityKey::plug_in(&mut room);
    room.key("id", "ed25519");
    let temporary = room.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    room.set("TMPDIR", temporary);
    let mut args = vec!["-q", "-t", kind, "-N", passphrase, "-f", "ca"];
    options.iter().for_each(|option| args.extend(["-O", option]));
    room.ok("ssh-keygen", &args);
    (room, device)
}

#[track_caller]
fn signed_by_the_ca(room: &Room) {
    let said = room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
    assert!(said.contains(&room.fingerprint("ca.pub")), "{said}");
    std::fs::remove_file(room.path("id-cert.pub")).unwrap();
}

/// The private agents that are there: one folder each.
fn agents(room: &Room) -> usize {
    std::fs::read_dir(room.path("tmp")).unwrap().count()
}

#[track_caller]
fn all_agents_end(room: &Room) {
    let start = Instant::now();
    let folder = room.path("tmp").to_str().unwrap().to_owned();
    let running = || Command::new("pgrep").args(["-f", &folder]).output().unwrap().status.success();
    while agents(room) > 0 || running() {
        assert!(start.elapsed() < Duration::from_secs(60), "a private agent stays behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn both_types_sign_with_one_touch_and_nothing_stays_behind() {
    for kind in ["ecdsa-sk", "ed25519-sk"] {
        let (room, device) = room(kind, "", &[]);
        let said = room.ca_tool(&SIGN).done().stderr;
        assert!(said.contains("Touch the security key to sign \"alice@corp\" for alice, valid until "), "{said}");
        assert!(!said.contains("can be copied"), "the file alone is of no use: {said}");
        assert_eq!(device.log()[1..], ["touch sign ssh:", "signed ssh: flags=01"]);
        signed_by_the_ca(&room);
        all_agents_end(&room);
    }
}

#[test]
fn the_touch_is_asked_for_while_the_key_waits() {
    let (room, device) = room("ecdsa-sk", "", &[]);
    device.set("touch", "withheld");
    let mut terminal = Terminal::start(&room.command(&SIGN));
    terminal.reads("Touch the security key to sign \"alice@corp\"");
    assert!(!room.path("id-cert.pub").exists());
    device.set("touch", "given");
    assert_eq!(terminal.ends().0, 0);
    signed_by_the_ca(&room);
}

#[test]
fn an_encrypted_key_file_has_its_passphrase_asked_for() {
    let (room, _device) = room("ed25519-sk", "open sesame", &[]);
    let mut terminal = Terminal::start(&room.command(&SIGN));
    terminal.reads("Passphrase of ca: ").types("open sesame").reads("Touch the security key");
    assert_eq!(terminal.ends().0, 0);
    signed_by_the_ca(&room);
}

/// A CA that wants its PIN for each signature.
fn verified() -> (Room, SecurityKey) {
    let (mut room, device) = room("ed25519-sk", "", &[]);
    device.set("pin", "123456");
    room.answer_prompts_with("123456");
    room.ok("ssh-keygen", &["-q", "-t", "ecdsa-sk", "-N", "", "-O", "verify-required", "-f", "verified"]);
    std::fs::rename(room.path("verified"), room.path("ca")).unwrap();
    std::fs::rename(room.path("verified.pub"), room.path("ca.pub")).unwrap();
    // Nobody but ca-tool's own sources may answer from here on.
    room.set("SSH_ASKPASS", "").set("SSH_ASKPASS_REQUIRE", "");
    (room, device)
}

#[test]
fn the_pin_of_a_verify_required_key_is_asked_for_on_the_terminal() {
    let (room, device) = verified();
    let mut terminal = Terminal::start(&room.command(&SIGN));
    terminal.reads("PIN of the security key for ca: ").types("123456").reads("Touch the security key");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("123456"), "the PIN was echoed: {screen}");
    assert_eq!(device.log().last().unwrap(), "signed ssh: flags=05");
    signed_by_the_ca(&room);
    all_agents_end(&room);
}

#[test]
fn one_pin_from_a_descriptor_serves_several_keys() {
    let (room, device) = verified();
    for name in ["b", "c"] {
        room.key(name, "ed25519");
    }
    let before = device.signatures();
    room.write("pin", "123456\n");
    let command = room.command(&[&SIGN[..], &["b.pub", "c.pub", "--secret-fd", "pin=5"]].concat());
    let words: Vec<String> = command.get_args().map(|word| word.to_str().unwrap().to_owned()).collect();
    room.ok(
        "bash",
        &[&["-c", "exec 5<pin; rm pin; exec \"$@\"", "bash"][..], &words[1..].iter().map(String::as_str).collect::<Vec<_>>()]
            .concat(),
    );
    assert_eq!(device.signatures() - before, 3);
}

#[test]
fn a_wrong_pin_is_tried_once_and_said_to_be_a_reason() {
    let (room, device) = verified();
    let before = device.signatures();
    room.write("tries-before", "");
    let mut terminal = Terminal::start(&room.command(&SIGN));
    terminal.reads("PIN of the security key for ca: ").types("000000").reads("its PIN was wrong");
    assert_eq!(terminal.ends().0, 1);
    assert_eq!(device.signatures(), before);
    assert_eq!(room.read("security-key/pin-tries").trim(), "7");
    all_agents_end(&room);
}

#[test]
fn without_anybody_to_ask_for_the_pin_it_says_how_to_give_it() {
    let (room, _device) = verified();
    room.ca_tool(&SIGN)
        .refused("Nobody can be asked for this: PIN of the security key for ca")
        .refused_with("--secret-fd pin=3");
}

#[test]
fn giving_up_at_the_pin_ends_it() {
    let (room, _device) = verified();
    let mut terminal = Terminal::start(&room.command(&SIGN));
    terminal.reads("PIN of the security key for ca: ").types("\u{3}");
    let (code, screen) = terminal.ends();
    assert!(code == 1 && screen.contains("Cancelled."), "{screen}");
    all_agents_end(&room);
}

#[test]
fn a_device_that_is_missing_another_one_or_not_touched_is_among_the_reasons() {
    let (mut room, device) = room("ecdsa-sk", "", &[]);
    device.set("touch", "refused");
    room.ca_tool(&SIGN).refused("it was not touched in time");
    let other = room.path("other-device");
    std::fs::create_dir(&other).unwrap();
    room.set("SK_PROVIDER_DEVICE", other);
    room.ca_tool(&SIGN).refused("is not the one that this file was made with");
    room.set("SK_PROVIDER_DEVICE", &device);
    device.unplug();
    room.ca_tool(&SIGN).refused("it is not plugged in");
    assert!(!room.path("id-cert.pub").exists());
}

#[test]
fn a_library_that_is_none_is_named() {
    let (mut room, _device) = room("ecdsa-sk", "", &[]);
    room.set("SSH_SK_PROVIDER", "/nowhere.so");
    room.ca_tool(&SIGN).refused("SSH_SK_PROVIDER=/nowhere.so cannot be used");
}

#[test]
fn a_ca_that_needs_no_touch_is_asked_for_none_and_any_other_must_show_it() {
    let (room, device) = room("ed25519-sk", "", &["no-touch-required"]);
    device.set("touch", "withheld");
    let said = room.ca_tool(&SIGN).done().stderr;
    assert!(!said.contains("Touch"), "{said}");
    assert_eq!(device.log().last().unwrap(), "signed ssh: flags=00");
    signed_by_the_ca(&room);

    for file in ["ca", "ca.pub"] {
        std::fs::remove_file(room.path(file)).unwrap();
    }
    device.set("touch", "given");
    room.key("ca", "ed25519-sk");
    device.set("touch", "skipped");
    room.ca_tool(&SIGN).refused("nobody touched it");
    assert!(!room.path("id-cert.pub").exists());
}

#[test]
fn a_killed_ca_tool_leaves_no_agent_behind() {
    let (room, device) = room("ecdsa-sk", "", &[]);
    device.set("touch", "withheld");
    for signal in ["-KILL", "-INT"] {
        let mut command = room.command(&SIGN);
        command.args(["--config", "/dev/null"]);
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        let touches = device.log().len();
        while device.log().len() == touches || agents(&room) == 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "it never asks for the touch");
            std::thread::sleep(Duration::from_millis(5));
        }
        let journal = room.path("journal.db");
        let pattern = format!("ca-tool sign .* {}", journal.display());
        assert!(Command::new("pkill").args([signal, "-f", &pattern]).status().unwrap().success());
        child.wait().unwrap();
        all_agents_end(&room);
    }
}
