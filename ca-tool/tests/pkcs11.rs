//! `pkcs11:` CAs, on SoftHSM2, judged by ssh-keygen.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use room::{Done, Room, Terminal};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "123456";

/// A room with a token of its own, called "My CA".
fn room() -> Room {
    let mut room = Room::new();
    std::fs::create_dir(room.path("tokens")).unwrap();
    let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\n", room.path("tokens").display());
    let conf = room.write("softhsm2.conf", conf);
    room.set("SOFTHSM2_CONF", conf);
    room.write("pin", format!("{PIN}\n"));
    room.key("id", "ed25519");
    token(&room, "My CA");
    room
}

fn token(room: &Room, label: &str) {
    room.ok("softhsm2-util", &["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "12345678"]);
}

fn make(room: &Room, kind: &str, id: &str, label: &str, more: &[&str]) {
    let words = ["--module", MODULE, "--token-label", "My CA", "--login", "--pin", PIN, "--keypairgen", "--key-type", kind];
    room.ok("pkcs11-tool", &[&words[..], &["--id", id, "--label", label], more].concat());
}

fn sign(room: &Room, uri: &str, more: &[&str]) -> Done {
    let uri = format!("{uri}?module-path={MODULE}");
    let words = [&["sign", "-s", &uri, "-I", "alice", "-n", "alice"][..], more].concat();
    // The PIN comes in descriptor 3.
    let mut command = room.program("sh");
    command.args(["-c", "exec \"$@\" 3<pin", "sh"]).args(room.command(&words).get_args().skip(1));
    command.args(["--secret-fd", "pin=3"]);
    Done::of(command)
}

/// What ssh-keygen says signed it; it checks the signature, and sshd's own code says so too when the CA's line is used.
fn signed_by(room: &Room, name: &str) -> String {
    let text = room.ok("ssh-keygen", &["-L", "-f", name]);
    text.lines().find_map(|line| line.trim().strip_prefix("Signing CA: ")).unwrap().to_owned()
}

#[test]
fn every_algorithm_signs() {
    let room = room();
    let kinds = [
        ("EC:prime256v1", "ecdsa-sha2-nistp256"),
        ("EC:secp384r1", "ecdsa-sha2-nistp384"),
        ("EC:secp521r1", "ecdsa-sha2-nistp521"),
        ("EC:edwards25519", "ssh-ed25519"),
        ("rsa:2048", "rsa-sha2-512"),
        ("rsa:3072", "rsa-sha2-512"),
    ];
    for (at, (kind, algorithm)) in kinds.iter().enumerate() {
        make(&room, kind, &format!("{at:02x}"), &format!("key {at}"), &[]);
        for uri in [format!("pkcs11:id=%{at:02x}"), format!("pkcs11:token=My%20CA;object=key%20{at}")] {
            sign(&room, &uri, &["id.pub"]).done();
            let ca = signed_by(&room, "id-cert.pub");
            assert!(ca.ends_with(&format!("(using {algorithm})")), "{kind}: {ca}");
        }
    }
}

#[test]
fn a_key_that_wants_its_pin_each_time_gets_it_and_a_person_types_it_once() {
    let room = room();
    make(&room, "rsa:2048", "01", "ca", &["--always-auth"]);
    room.key("other", "ecdsa");
    let uri = format!("pkcs11:object=ca?module-path={MODULE}");
    let words = ["sign", "-s", &uri, "-I", "alice", "-n", "alice", "id.pub", "other.pub"];
    let mut terminal = Terminal::start(&room.command(&words));
    terminal.reads("PIN of token \"My CA\", to sign \"alice\" for alice").types(PIN);
    let (code, screen) = terminal.ends();
    assert!(code == 0 && screen.matches("PIN of").count() == 1 && !screen.contains(PIN), "{code} {screen}");
    assert_eq!(signed_by(&room, "id-cert.pub"), signed_by(&room, "other-cert.pub"));
}

#[test]
fn a_module_that_cannot_take_a_pin_at_each_signature_is_told_from_a_lost_device() {
    let room = room();
    make(&room, "EC:prime256v1", "01", "ca", &["--always-auth"]);
    sign(&room, "pkcs11:object=ca", &["id.pub"]).refused("wants its PIN at each signature");
    assert!(!room.path("id-cert.pub").exists());
}

#[test]
fn keys_that_the_token_shows_after_the_login_only_are_found() {
    let room = room();
    make(&room, "EC:prime256v1", "01", "ca", &["--private"]);
    let listed = room.ok("pkcs11-tool", &["--module", MODULE, "--token-label", "My CA", "-O"]);
    assert!(!listed.contains("label"), "the token shows its keys to everybody, so this proves nothing: {listed}");
    sign(&room, "pkcs11:token=My%20CA;object=ca", &["id.pub"]).done();
    signed_by(&room, "id-cert.pub");
}

#[test]
fn a_wrong_pin_is_asked_for_again_from_a_person_and_not_from_a_file() {
    let room = room();
    make(&room, "EC:prime256v1", "01", "ca", &[]);
    let uri = format!("pkcs11:object=ca?module-path={MODULE}");
    let mut terminal = Terminal::start(&room.command(&["sign", "-s", &uri, "-I", "a", "-n", "a", "id.pub"]));
    terminal.reads("PIN of").types("654321").reads("That is not its PIN.").reads("PIN of").types(PIN);
    assert_eq!(terminal.ends().0, 0);
    room.write("pin", "654321\n");
    std::fs::remove_file(room.path("id-cert.pub")).unwrap();
    sign(&room, "pkcs11:object=ca", &["id.pub"]).refused("The PIN given for token \"My CA\" is wrong.");
    assert!(!room.path("id-cert.pub").exists());
}

#[test]
fn several_keys_or_none_are_listed_so_that_one_can_be_chosen() {
    let room = room();
    make(&room, "EC:prime256v1", "01", "one", &[]);
    make(&room, "EC:secp384r1", "02", "two", &[]);
    // No SSH key, although it looks like one of P-256.
    make(&room, "EC:secp256k1", "03", "bitcoin", &[]);
    let done = sign(&room, "pkcs11:", &["id.pub"]).refused("names 2 keys").stderr;
    let lines: Vec<_> = done.lines().filter(|line| line.starts_with("  pkcs11:token=My%20CA;")).collect();
    assert_eq!(lines.len(), 2, "{done}");
    let done = sign(&room, "pkcs11:object=three", &["id.pub"]).refused("No key is what the pkcs11: URI names").stderr;
    assert!(lines.iter().all(|line| done.contains(line)), "{done}");
    // What is listed can be typed.
    let listed = lines[0].trim().split_once(' ').unwrap().0.to_owned();
    sign(&room, &listed, &["id.pub"]).done();
}

#[test]
fn tokens_are_told_apart() {
    let room = room();
    make(&room, "EC:prime256v1", "01", "ca", &[]);
    token(&room, "Other");
    let words = ["--module", MODULE, "--token-label", "Other", "--login", "--pin", PIN, "--keypairgen"];
    room.ok("pkcs11-tool", &[&words[..], &["--key-type", "EC:secp384r1", "--id", "01", "--label", "ca"]].concat());
    sign(&room, "pkcs11:object=ca", &["id.pub"]).refused("names 2 keys");
    sign(&room, "pkcs11:token=Other;object=ca", &["id.pub"]).done();
    assert!(signed_by(&room, "id-cert.pub").contains("nistp384"));
}

#[test]
fn a_pin_in_the_uri_and_a_module_that_is_none_are_refused() {
    let room = room();
    let uri = format!("pkcs11:?module-path={MODULE}&pin-value={PIN}");
    let done = room.ca_tool(&["sign", "-s", &uri, "-I", "a", "-n", "a", "id.pub"]);
    assert!(done.code == 2 && done.stderr.contains("pin-value") && !done.stderr.contains(PIN), "{done:?}");
    for (path, words) in [("/nonexistent.so", "There is no PKCS#11 module"), ("/etc/passwd", "is not a PKCS#11 module")] {
        let uri = format!("pkcs11:?module-path={path}");
        room.ca_tool(&["sign", "-s", &uri, "-I", "a", "-n", "a", "id.pub"]).refused(words);
    }
}
