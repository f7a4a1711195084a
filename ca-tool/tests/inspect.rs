//! `ca-tool inspect`, next to `ssh-keygen -L`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use room::{Done, Room};

fn room() -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    room
}

/// Has ssh-keygen sign, so that nothing of ours is in the certificate.
fn certificate(room: &Room, words: &[&str]) {
    room.ok("ssh-keygen", &[&["-q", "-s", "ca", "-I", "alice", "-V", "-1m:+1h"][..], words, &["id.pub"]].concat());
}

/// The values behind ssh-keygen's labels, and the indented lines below them.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().skip(1) {
        let depth = line.len() - line.trim_start().len();
        match (depth, line.trim().split_once(':')) {
            (8, Some((name, value))) => fields.push((name.into(), value.trim().into())),
            _ => {
                let last = fields.last_mut().unwrap();
                last.1.push_str(&format!("|{}", line.trim()));
            }
        }
    }
    fields
}

#[test]
fn every_field_is_the_one_that_ssh_keygen_shows() {
    let room = room();
    for words in [
        &["-n", "alice,deploy", "-z", "7", "-O", "force-command=a b=c", "-O", "source-address=10.0.0.0/8,::1"][..],
        &["-n", "alice", "-O", "clear", "-O", "verify-required", "-O", "no-touch-required"],
        &["-h", "-n", "host.example.org", "-V", "always:forever", "-z", "18446744073709551615"],
        &["-n", "alice", "-V", "20200101:20200102"],
        &["-n", "alice", "-V", "always:20400101"],
        &["-n", "alice", "-V", "20200101:forever", "-I", "a \"quoted\" id"],
    ] {
        certificate(&room, words);
        let theirs = room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"]);
        let ours = room.ca_tool(&["inspect", "id-cert.pub"]).stdout;
        let mut named = 0;
        for (name, value) in fields(&theirs) {
            let (_, our_value) =
                fields(&ours).into_iter().find(|(ours, _)| *ours == name).unwrap_or_else(|| panic!("no {name}: {ours}"));
            named += 1;
            let same = match name.as_str() {
                "Public key" | "Signing CA" => value.split_once(' ').unwrap().1 == our_value,
                "Key ID" => value.trim_matches('"') == our_value.trim_matches('"').replace('\\', ""),
                "Valid" => our_value == value || our_value.starts_with(&format!("{value} (")),
                _ => our_value == value,
            };
            assert!(same, "{name}: ssh-keygen has {value:?}, ca-tool {our_value:?}");
        }
        assert_eq!(named, 9, "{theirs}");
    }
}

fn words_of(done: &Done) -> &str {
    done.stdout.lines().find_map(|line| line.trim().strip_prefix("Accepted: ")).unwrap_or_else(|| panic!("{done:?}"))
}

#[test]
fn it_is_accepted_or_refused_by_what_was_asked() {
    let room = room();
    room.key("other", "ed25519");
    certificate(&room, &["-n", "alice"]);
    room.write("krl.spec", "serial: 9\n");
    room.ok("ssh-keygen", &["-q", "-k", "-f", "revoked", "-s", "ca.pub", "krl.spec"]);
    room.ok("ssh-keygen", &["-q", "-k", "-f", "revoking", "id.pub"]);
    room.write("broken.krl", "SSHKRL\n\0broken");
    let ask = |words: &[&str]| room.ca_tool(&[&["inspect", "id-cert.pub"], words].concat());
    for words in [&[][..], &["--ca-file", "ca.pub"], &["--revoked-keys", "revoked"], &["-n", "alice"]] {
        assert_eq!(words_of(&ask(words).done()), "yes");
    }
    for (words, reason) in [
        (&["--ca-file", "other.pub"][..], "is signed by a CA that this host does not trust"),
        (&["--revoked-keys", "revoked", "--revoked-keys", "revoking"], "is revoked by revoking"),
        (&["--revoked-keys", "id.pub"], "is revoked by id.pub"),
        (&["--revoked-keys", "ca.pub"], "is revoked by ca.pub"),
        (&["-n", "bob"], "does not name bob"),
    ] {
        assert!(words_of(&ask(words).refused("1 of 1 refused")).contains(reason), "{words:?}");
    }
    ask(&["--revoked-keys", "broken.krl"]).refused("cannot be relied on");
    ask(&["--revoked-keys", "missing"]).refused("cannot be read");
    ask(&["--ca-file", "missing"]).refused("cannot be read");
    ask(&["--ca-file", "ca"]).refused("holds no key");
}

#[test]
fn times_principals_and_options_are_judged_for_users_and_hosts() {
    let room = room();
    for (words, reason) in [
        (&["-n", "alice", "-V", "20200101:20200102"][..], "expired "),
        (&["-n", "alice", "-V", "+1h:+2h"], "is not valid for another "),
        (&[], "names no principals"),
        (&["-n", "alice", "-O", "critical:unknown"], "unknown critical option \"unknown\""),
        (&["-h", "-n", "host", "-V", "20200101:20200102"], "expired "),
        (&["-h", "-n", "host", "-V", "+1h:+2h"], "is not valid for another "),
        (&["-h"], "names no principals"),
        (&["-h", "-n", "host", "-O", "force-command=a"], "unknown critical option \"force-command\""),
    ] {
        certificate(&room, words);
        let done = room.ca_tool(&["inspect", "id-cert.pub"]).refused("1 of 1 refused");
        assert!(words_of(&done).contains(reason), "{words:?}: {}", done.stdout);
    }
    certificate(&room, &["-h", "-n", "host"]);
    assert_eq!(words_of(&room.ca_tool(&["inspect", "-n", "host", "id-cert.pub"]).done()), "yes");
    room.ca_tool(&["inspect", "-n", "alice", "id-cert.pub"]).refused("1 of 1");
    room.ca_tool(&["inspect", "--ca-file", "id.pub", "id-cert.pub"]).refused("1 of 1");
}

#[test]
fn a_certificate_that_was_changed_is_refused() {
    let room = room();
    for host in [&[][..], &["-h"]] {
        certificate(&room, &[&["-n", "alice", "-z", "1"], host].concat());
        let line = room.read("id-cert.pub");
        let mut blob = STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap();
        let at = blob.windows(5).position(|window| window == b"alice").unwrap();
        blob[at] = b'A';
        room.write("changed-cert.pub", format!("{} {}\n", line.split(' ').next().unwrap(), STANDARD.encode(&blob)));
        let done = room.ca_tool(&["inspect", "changed-cert.pub"]).refused("1 of 1");
        assert!(words_of(&done).contains("does not carry its CA's signature"), "{done:?}");
    }
}

#[test]
fn hostile_bytes_are_escaped_or_refused_and_never_a_panic() {
    let room = room();
    certificate(&room, &["-n", "alice", "-I", "XXXX\u{1b}[2J", "-z", "1"]);
    let line = room.read("id-cert.pub");
    let blob = STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap();
    let name = line.split(' ').next().unwrap();
    let write = |blob: &[u8]| room.write("hostile", format!("{name} {} c\u{1b}omment\n", STANDARD.encode(blob)));
    let mut odd = blob.clone();
    let at = odd.windows(4).position(|window| window == b"XXXX").unwrap();
    odd[at..at + 4].copy_from_slice(&[0xff, 0xfe, 0x80, b'X']);
    write(&odd);
    let done = room.ca_tool(&["inspect", "hostile"]);
    assert!(done.stdout.contains("\\xff\\xfe\\x80X\\u{1b}[2J") && !done.stdout.contains('\u{1b}'), "{done:?}");
    let json = room.ca_tool(&["inspect", "--json", "hostile"]);
    assert!(!json.stdout.contains('\u{1b}') && json.code == 1, "{json:?}");
    for cut in (0..blob.len()).step_by(23) {
        write(&blob[..cut]);
        let done = room.ca_tool(&["inspect", "hostile"]);
        assert!(done.code == 1 && done.stderr.contains("is no certificate"), "{cut}: {done:?}");
    }
    for (at, line) in ["", "#\n", "ssh-ed25519", "\u{0}\u{1} \u{2}", "a b c"].iter().enumerate() {
        room.write("hostile", line);
        let done = room.ca_tool(&["inspect", "hostile"]);
        assert!(done.code == 1 && done.stderr.contains("certificate"), "{at}: {done:?}");
    }
    room.write("hostile", [0xff, 0xfe, b' ', 0xff]);
    room.ca_tool(&["inspect", "hostile"]).refused("is no certificate");
    room.ca_tool(&["inspect", "id.pub"]).refused("its type is \"ssh-ed25519\"");
}

#[test]
fn several_certificates_in_one_file_or_on_stdin_are_each_judged() {
    let room = room();
    certificate(&room, &["-n", "alice"]);
    let good = room.read("id-cert.pub");
    certificate(&room, &["-n", "alice", "-V", "20200101:20200102"]);
    let expired = room.read("id-cert.pub");
    room.write("both", format!("# two\n\n{good}{expired}"));
    let done = room.ca_tool(&["inspect", "both"]).refused("1 of 2 refused");
    assert!(done.stdout.contains("both:3:") && done.stdout.contains("both:4:"), "{done:?}");
    let mut command = room.program("sh");
    command.args(["-c", "exec \"$@\" <both", "sh"]).args(room.command(&["inspect", "--json", "-"]).get_args().skip(1));
    let done = Done::of(command).refused("1 of 2 refused");
    let answers: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let codes: Vec<_> = answers.as_array().unwrap().iter().map(|answer| &answer["reasons"][0]["code"]).collect();
    assert_eq!((codes[0].as_str(), codes[1].as_str()), (None, Some("expired")), "{answers}");
}
