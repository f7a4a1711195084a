//! `ca-tool sign --to-agent`: a key that is in no file, and its certificate.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use room::{Agent, Room, SecurityKey};

fn words<'a>(ca: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["sign", "-s", ca, "-I", "alice@corp", "-n", "alice", "--to-agent"][..], more].concat()
}

/// What the agent holds besides `ca`: a key and its certificate, and both sign.
#[track_caller]
fn key_and_certificate(room: &Room, kind: &str) -> String {
    let held = room.agent_holds();
    let ours: Vec<&String> = held.iter().filter(|line| line.ends_with(" alice@corp")).collect();
    assert_eq!(ours.len(), 2, "{held:#?}");
    assert!(ours[0].starts_with(&format!("{kind} ")), "{held:#?}");
    assert!(ours[1].starts_with(&format!("{kind}-cert-v01@openssh.com ")), "{held:#?}");
    for (name, line) in [("got.pub", ours[0]), ("got-cert.pub", ours[1])] {
        room.write(name, format!("{line}\n"));
        room.ssh_add(&["-T", name]);
    }
    room.ok("ssh-keygen", &["-L", "-f", "got-cert.pub"])
}

#[test]
fn key_and_certificate_are_in_the_agent_whatever_the_ca_is() {
    let mut room = Room::new();
    let _device = SecurityKey::plug_in(&mut room);
    let _agent = Agent::start(&mut room);
    for (ca, kind, bits) in [
        ("one", "ed25519", "256"),
        ("two", "ecdsa", "384"),
        ("three", "ecdsa-sk", "256"),
        ("agent:four.pub", "rsa", "3072"),
        ("agent:five.pub", "ecdsa-sk", "256"),
        ("agent:six.pub", "ed25519", "256"),
    ] {
        let file = ca.trim_start_matches("agent:").trim_end_matches(".pub");
        room.ok("ssh-keygen", &["-q", "-t", kind, "-b", bits, "-N", "", "-f", file]);
        room.ssh_add(&["-q", "-D"]);
        if ca.starts_with("agent:") {
            room.ssh_add(&["-q", file]);
        }
        let said = room.ca_tool(&words(ca, &[])).done().stderr;
        assert!(said.contains("In the ssh-agent: serial 1, \"alice@corp\" for alice, valid until "), "{said}");
        let certificate = key_and_certificate(&room, "ssh-ed25519");
        assert!(certificate.contains(&room.fingerprint(&format!("{file}.pub"))), "{certificate}");
    }
}

#[test]
fn an_ecdsa_key_is_made_on_request() {
    let mut room = Room::new();
    room.key("ca", "ed25519");
    let _agent = Agent::start(&mut room);
    room.ca_tool(&words("ca", &["-t", "ecdsa", "-z", "77", "-O", "permit-agent-forwarding"])).done();
    let certificate = key_and_certificate(&room, "ecdsa-sha2-nistp256");
    assert!(certificate.contains("Serial: 77") && certificate.contains("permit-agent-forwarding"), "{certificate}");
}

#[test]
fn the_agent_forgets_both_when_the_certificate_ends() {
    let mut room = Room::new();
    room.key("ca", "ed25519");
    let _agent = Agent::start(&mut room);
    room.ca_tool(&words("ca", &["-V", "-1m:+20s"])).done();
    let start = Instant::now();
    while !room.agent_holds().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(120), "the agent never forgets");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn what_never_ends_or_has_ended_goes_into_no_agent() {
    let mut room = Room::new();
    room.key("ca", "ed25519");
    let _agent = Agent::start(&mut room);
    let done = room.ca_tool(&words("ca", &["-V", "always:forever"]));
    assert!(done.code == 2 && done.stderr.contains("A certificate in an agent ends"), "{done:?}");
    room.ca_tool(&words("ca", &["-V", "20200101:20200102"])).refused("has ended before anybody could use it");
    assert!(room.agent_holds().is_empty());
    assert!(!room.path("journal.db").exists(), "something was signed");
}

#[test]
fn key_files_and_the_agent_exclude_each_other() {
    let room = Room::new();
    for more in [&["id.pub"][..], &["-o", "x"], &["-h"]] {
        assert_eq!(room.ca_tool(&words("ca", more)).code, 2, "{more:?}");
    }
    for args in [&["--confirm"][..], &["-t", "ecdsa"]] {
        let all = [&["sign", "-s", "ca", "-I", "x", "-n", "x", "id.pub"][..], args].concat();
        assert_eq!(room.ca_tool(&all).code, 2, "{args:?}");
    }
}

#[test]
fn an_agent_that_is_missing_is_noticed_before_anything_is_signed() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.ca_tool(&words("ca", &[])).refused("There is no ssh-agent");
    assert!(!room.path("journal.db").exists());
}

#[test]
fn a_locked_agent_takes_nothing_and_the_journal_says_so() {
    let mut room = Room::new();
    room.key("ca", "ed25519");
    let _agent = Agent::start(&mut room);
    room.answer_prompts_with("secret");
    room.ssh_add(&["-x"]);
    room.ca_tool(&words("ca", &[])).refused("The ssh-agent does not take the key").refused_with("ssh-add -X");
    assert!(room.ca_tool(&["log", "list", "--json"]).done().stdout.contains("undelivered"));
}

#[test]
fn no_file_is_written_but_the_journal() {
    let mut room = Room::new();
    room.key("ca", "ed25519");
    let _agent = Agent::start(&mut room);
    room.ca_tool(&words("ca", &[])).done(); // the journal is there from now on
    let command = room.command(&words("ca", &[]));
    let own: Vec<String> = command.get_args().skip(1).map(|word| word.to_str().unwrap().to_owned()).collect();
    let trace = ["-f", "-e", "trace=%file", "-o", "trace"];
    room.ok("strace", &[&trace[..], &own.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    let journal = room.path("journal.db");
    let mut written = 0;
    for line in room.read("trace").lines() {
        let opens = line.contains("O_WRONLY") || line.contains("O_RDWR") || line.contains("O_CREAT");
        let makes = ["rename", "mkdir", "link", "creat(", "mknod"].iter().any(|call| line.contains(&format!(" {call}")));
        if (opens || makes) && !line.contains("readlink") {
            assert!(line.contains(&format!("\"{}", journal.display())), "{line}");
            written += 1;
        }
    }
    assert!(written > 0, "the journal was not seen: the trace shows nothing");
}

/// An agent that holds nothing, takes everything and tells what it got: two additions.
fn listening_agent(room: &mut Room) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let socket = room.path("listening");
    let listener = UnixListener::bind(&socket).unwrap();
    room.set("SSH_AUTH_SOCK", socket);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut length = [0; 4];
        while peer.read_exact(&mut length).is_ok() {
            let mut message = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
            peer.read_exact(&mut message).unwrap();
            let reply: &[u8] = if message[0] == 11 { &[0, 0, 0, 5, 12, 0, 0, 0, 0] } else { &[0, 0, 0, 1, 6] };
            if message[0] != 11 {
                sender.send(message).unwrap();
            }
            peer.write_all(reply).unwrap();
        }
    });
    receiver
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn key_and_certificate_have_the_rest_of_the_certificates_life_and_are_confirmed_on_request() {
    for confirm in [false, true] {
        let mut room = Room::new();
        room.key("ca", "ed25519");
        let added = listening_agent(&mut room);
        let before = now();
        // The end is a moment on the clock, so that it is known here.
        let end = before + 1000;
        let interval = format!("always:{end:#x}");
        let more = if confirm { vec!["-V", &interval, "--confirm"] } else { vec!["-V", &interval] };
        room.ca_tool(&words("ca", &more)).done();
        let after = now();
        for _ in 0..2 {
            let message = added.recv().unwrap();
            assert_eq!(message[0], 25, "no constraints");
            let comment = b"\0\0\0\x0aalice@corp";
            let at = message.windows(comment.len()).rposition(|window| window == comment).unwrap() + comment.len();
            let (lifetime, rest) = message[at..].split_at(5);
            assert_eq!(lifetime[0], 1);
            let seconds = u64::from(u32::from_be_bytes(lifetime[1..].try_into().unwrap()));
            assert!((end - after - 1..end - before).contains(&seconds), "{seconds} of {}", end - before);
            assert_eq!(rest, if confirm { &[2][..] } else { &[] });
        }
    }
}
