//! The same requests to `ca-tool sign` and to `ssh-keygen -s`: the same certificates, or both refuse. Where they differ
//! on purpose, the difference has a name here.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "parity/random.rs"]
mod random;
mod room;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use random::Random;
use room::{Done, Room};
use ussh_cert::Certificate;

const KEYS: [&str; 7] = ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa", "ed25519-sk", "ecdsa-sk"];

/// A room with a CA, and a key of each type for each of the two programs.
fn room() -> Room {
    let room = small_room();
    for kind in ["ecdsa-384", "ecdsa-521", "rsa"] {
        pair(&room, kind);
    }
    // Keys of security keys without any: their public halves are those of other keys, and an application.
    security_key(&room, "ed25519", "ed25519-sk", "sk-ssh-ed25519@openssh.com");
    security_key(&room, "ecdsa-256", "ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com");
    for kind in KEYS {
        to_both_sides(&room, kind);
    }
    room
}

/// Of two types only.
fn small_room() -> Room {
    let room = Room::new();
    room.key("ca", "ed25519");
    for side in ["theirs", "ours"] {
        std::fs::create_dir(room.path(side)).unwrap();
    }
    for kind in ["ed25519", "ecdsa-256"] {
        pair(&room, kind);
        to_both_sides(&room, kind);
    }
    room
}

fn pair(room: &Room, kind: &str) {
    let (name, bits) = kind.split_once('-').unwrap_or((kind, "2048"));
    room.ok("ssh-keygen", &["-q", "-t", name, "-b", bits, "-N", "", "-C", &format!("{kind} of  alice"), "-f", kind]);
}

fn to_both_sides(room: &Room, kind: &str) {
    for side in ["theirs", "ours"] {
        std::fs::copy(room.path(&format!("{kind}.pub")), room.path(&format!("{side}/{kind}.pub"))).unwrap();
    }
}

fn security_key(room: &Room, from: &str, to: &str, name: &str) {
    let blob = blob(&room.read(&format!("{from}.pub")));
    let fields = &blob[4 + usize::from(blob[3])..];
    let string = |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat();
    let blob = [&string(name), fields, &string("ssh:")].concat();
    room.write(&format!("{to}.pub"), format!("{name} {} {to} of alice\n", STANDARD.encode(blob)));
}

fn blob(line: &str) -> Vec<u8> {
    STANDARD.decode(line.split(' ').nth(1).unwrap().trim()).unwrap()
}

fn ssh_keygen(room: &Room, words: &[String], keys: &[&str]) -> Done {
    let mut command = room.program("ssh-keygen");
    command.args(["-q", "-s", "ca"]).args(words).args(keys.iter().map(|key| format!("theirs/{key}.pub")));
    Done::of(command)
}

fn ca_tool(room: &Room, words: &[String], keys: &[&str]) -> Done {
    let mut all = vec!["sign".to_owned(), "-s".into(), "ca".into()];
    all.extend(words.iter().cloned());
    all.extend(keys.iter().map(|key| format!("ours/{key}.pub")));
    room.ca_tool(&all)
}

/// All of a certificate file but nonce and signature, in an order that reads well when they differ.
fn said(line: &str) -> (String, String, Vec<u8>) {
    let blob = blob(line);
    let certificate = Certificate::parse(&blob).unwrap();
    let nonce_at = 4 + certificate.key_type.certificate_name().len();
    let behind_nonce = certificate.signed[nonce_at + 4 + 32..].to_vec();
    let (name, comment) = (line.split(' ').next().unwrap(), line.splitn(3, ' ').nth(2).unwrap_or("-"));
    let fields = format!(
        "{name} {:?} {} {:?} {:?} {}..{} {:?} {:?}",
        certificate.certificate_type,
        certificate.serial,
        String::from_utf8_lossy(certificate.key_id),
        certificate.principals.iter().map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>(),
        certificate.valid_after,
        certificate.valid_before,
        String::from_utf8_lossy(certificate.critical_options),
        String::from_utf8_lossy(certificate.extensions),
    );
    (fields, comment.to_owned(), behind_nonce)
}

/// Runs both until they did within one second, so that "now" is the same.
fn both(room: &Room, words: &[String], keys: &[&str]) -> (Done, Done) {
    loop {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let before = now();
        let done = (ssh_keygen(room, words, keys), ca_tool(room, words, keys));
        if now() == before || !words.iter().any(|word| word.starts_with("-V") && word.contains(['+', '-'])) {
            return done;
        }
        // The serial numbers are spent now in this journal: a new one begins.
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(room.path(&format!("journal.db{end}")));
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn same_certificates(seed: u64, requests: usize) {
    let room = room();
    let mut random = Random::new(seed);
    let mut seen = BTreeSet::new();
    for number in 0..requests {
        let request = random::request(&mut random);
        let (theirs, ours) = both(&room, &request, &KEYS);
        let context = format!("seed {seed} request {number}: {request:?}\n{}{}", theirs.stderr, ours.stderr);
        assert_eq!((theirs.code, ours.code), (0, 0), "{context}");
        for key in KEYS {
            let [theirs, ours] = ["theirs", "ours"].map(|side| said(&room.read(&format!("{side}/{key}-cert.pub"))));
            assert_eq!(ours, theirs, "{context}");
            seen.insert(ours.0);
        }
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(room.path(&format!("journal.db{end}")));
        }
    }
    assert!(seen.len() > requests * 5, "the requests were hardly random: {}", seen.len());
}

fn seed() -> u64 {
    std::env::var("PARITY_SEED")
        .map_or_else(|_| std::hash::RandomState::new().build_hasher().finish(), |seed| seed.parse().unwrap())
}

#[test]
fn random_requests_make_the_same_certificates() {
    same_certificates(seed(), 40);
}

#[test]
fn the_same_requests_as_last_time_make_the_same_certificates() {
    same_certificates(20_261_122, 20);
}

#[test]
fn what_ssh_keygen_refuses_is_refused() {
    let room = small_room();
    let mut cases = Vec::new();
    for validity in [
        "1h",
        "+",
        "+1y",
        ":+1h",
        "-1m:",
        "forever:forever",
        "always:always",
        "+1h:+1h",
        "20201301:+1h",
        "2020:+1h",
        "0x:+1h",
        "+1h:0xg",
        "2026010112Z:forever",
        "-2000000000s:+1h",
    ] {
        cases.push(words(&["-Ia", "-na", &format!("-V{validity}")]));
    }
    for option in [
        "permit-nothing",
        "force-command=",
        "source-address=nowhere",
        "source-address=",
        "source-address=192.0.2.1/24",
        "source-address=10.0.0.0/33",
        "force-command",
        "",
        "extension",
        "source-address=10.0.0.1,,10.0.0.2",
        "no-",
        "permit-",
    ] {
        cases.push(words(&["-Ia", "-na", "-O", option]));
    }
    cases.push(words(&["-Ia", "-na", "-O", "force-command=a", "-O", "force-command=b"]));
    cases.push(words(&["-Ia", "-na", "-O", "source-address=::1", "-O", "source-address=::1"]));
    for principals in ["a,,b", ",a", "a,"] {
        cases.push(words(&["-Ia", &format!("-n{principals}")]));
    }
    let many = (0..257).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    cases.push(words(&["-Ia", &format!("-n{many}")]));
    cases.extend(["x", "-1", "18446744073709551616", "+", "1x"].map(|serial| words(&["-Ia", "-na", &format!("-z{serial}")])));
    cases.push(words(&["-na"]));
    for case in cases {
        let (theirs, ours) = both(&room, &case, &["ed25519"]);
        assert_ne!(theirs.code, 0, "ssh-keygen takes it: {case:?}");
        assert_eq!(ours.code, 2, "{case:?}: {ours:?}");
        assert!(!room.path("ours/ed25519-cert.pub").exists(), "{case:?}");
    }
    for key in ["theirs/none.pub", "ca", "/etc/passwd"] {
        let theirs = Done::of({
            let mut command = room.program("ssh-keygen");
            command.args(["-q", "-s", "ca", "-Ia", "-na", key]);
            command
        });
        let ours = room.ca_tool(&["sign", "-s", "ca", "-Ia", "-na", key]);
        // A private key is taken for its public half by both.
        assert_eq!(theirs.code == 0, ours.code == 0, "{key}: {theirs:?} {ours:?}");
    }
}

/// ssh-keygen makes a certificate; ca-tool will not.
#[track_caller]
fn stricter(why: &str, case: &[&str], keys: &[&str]) {
    let room = small_room();
    let (theirs, ours) = both(&room, &words(case), keys);
    assert_eq!(theirs.code, 0, "ssh-keygen refuses it too: {theirs:?}");
    assert_eq!(ours.code, 2, "{ours:?}");
    assert!(ours.stderr.contains(why), "{ours:?}");
    assert!(!room.path("ours/ed25519-cert.pub").exists());
}

#[test]
fn difference_a_certificate_without_principals_is_not_made() {
    stricter("--principals", &["-Ia"], &["ed25519"]);
}

#[test]
fn difference_a_key_id_is_not_empty() {
    stricter("key ID is empty", &["-I", "", "-na"], &["ed25519"]);
}

#[test]
fn difference_serial_zero_is_no_serial() {
    stricter("0", &["-Ia", "-na", "-z0"], &["ed25519"]);
}

#[test]
fn difference_one_serial_is_not_given_twice() {
    stricter("-z 5", &["-Ia", "-na", "-z5"], &["ed25519", "ecdsa-256"]);
}

#[test]
fn difference_an_option_is_not_given_twice() {
    stricter("given twice", &["-Ia", "-na", "-O", "extension:a", "-O", "extension:a=b"], &["ed25519"]);
}

#[test]
fn difference_a_day_that_no_calendar_has_is_no_time() {
    stricter("beginning is not a time", &["-Ia", "-na", "-V20200230:+1h"], &["ed25519"]);
}

#[test]
fn difference_a_key_without_a_comment_gets_none() {
    let room = small_room();
    let line = room.read("ed25519.pub").split(' ').take(2).collect::<Vec<_>>().join(" ");
    for side in ["theirs", "ours"] {
        room.write(&format!("{side}/ed25519.pub"), format!("{line}\n"));
    }
    both(&room, &words(&["-Ia", "-na"]), &["ed25519"]);
    let comment = |side: &str| room.read(&format!("{side}/ed25519-cert.pub")).trim().splitn(3, ' ').nth(2).map(str::to_owned);
    assert_eq!((comment("theirs"), comment("ours")), (Some("theirs/ed25519.pub".into()), None));
}

#[test]
fn difference_an_option_has_a_name() {
    stricter("not an option", &["-Ia", "-na", "-O", "extension:"], &["ed25519"]);
}

#[test]
fn difference_only_a_terminal_is_permitted_unless_more_is_asked_for() {
    let room = small_room();
    both(&room, &words(&["-Ia", "-na", "-V0x1:0x2"]), &["ed25519"]);
    let theirs = room.ok("ssh-keygen", &["-L", "-f", "theirs/ed25519-cert.pub"]);
    let ours = room.ok("ssh-keygen", &["-L", "-f", "ours/ed25519-cert.pub"]);
    assert_eq!((theirs.matches("permit-").count(), ours.matches("permit-").count()), (5, 1), "{ours}");
    assert!(ours.contains("permit-pty"));
}

#[test]
fn difference_an_hour_rather_than_for_ever_unless_a_time_is_given() {
    let room = small_room();
    both(&room, &words(&["-Ia", "-na"]), &["ed25519"]);
    assert!(room.ok("ssh-keygen", &["-L", "-f", "theirs/ed25519-cert.pub"]).contains("Valid: forever"));
    let blob = blob(&room.read("ours/ed25519-cert.pub"));
    let certificate = Certificate::parse(&blob).unwrap();
    assert_eq!(certificate.valid_before - certificate.valid_after, 3600);
}

#[test]
fn certificates_lie_where_ssh_keygen_puts_them() {
    let room = small_room();
    for name in ["plain.pub", "dots.in.name.pub", "no-suffix", "pub", ".pub"] {
        for side in ["theirs", "ours"] {
            std::fs::copy(room.path("ed25519.pub"), room.path(&format!("{side}/{name}"))).unwrap();
        }
        room.ok("ssh-keygen", &["-q", "-s", "ca", "-Ia", "-na", &format!("theirs/{name}")]);
        room.ca_tool(&["sign", "-s", "ca", "-Ia", "-na", &format!("ours/{name}")]).done();
    }
    // KEY means KEY.pub, where there is no KEY.
    std::fs::copy(room.path("ed25519.pub"), room.path("theirs/alone.pub")).unwrap();
    std::fs::copy(room.path("ed25519.pub"), room.path("ours/alone.pub")).unwrap();
    room.ok("ssh-keygen", &["-q", "-s", "ca", "-Ia", "-na", "theirs/alone"]);
    room.ca_tool(&["sign", "-s", "ca", "-Ia", "-na", "ours/alone"]).done();
    let names = |side: &str| -> BTreeSet<String> {
        let folder = std::fs::read_dir(room.path(side)).unwrap();
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("ours"), names("theirs"));
}
