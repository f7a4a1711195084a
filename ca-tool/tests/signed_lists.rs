//! `krl sign`, `krl verify`, `ca-file sign`, `ca-file verify` beside `ssh-keygen -Y`: each believes what the other signed, and
//! refuses what is not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;
mod yubikeys;

use std::os::unix::fs::PermissionsExt;

use room::{Agent, Done, Room, SecurityKey};
use serde_json::Value;
use yubikeys::{Bench, Firmware, PIN};

/// A revocation list, `krl`, and CAs of these types, each with its type as its name.
fn room(kinds: &[&str]) -> Room {
    let room = Room::new();
    kinds.iter().for_each(|kind| drop(room.key(kind, kind)));
    list(&room);
    room
}

fn list(room: &Room) {
    room.write("spec", "serial: 3\n");
    room.ca_tool(&["krl", "build", "--no-journal", "-s", "any", "spec"]).done();
}

/// OpenSSH's word: whether the signature beside `file` is by the key in `public`, for this use.
fn keygen_verifies(room: &Room, public: &str, namespace: &str, file: &str) {
    room.write("signers", format!("ca namespaces=\"{namespace}\" {}", room.read(public)));
    let line = format!("ssh-keygen -Y verify -f signers -I ca -n {namespace} -s {file}.sig < {file}");
    assert!(room.ok("sh", &["-c", &line]).contains("Good"), "{line}");
}

/// `ssh-keygen -Y sign`: the signature goes beside the file.
fn keygen_signs(room: &Room, key: &str, namespace: &str, file: &str, more: &[&str]) {
    let _ = std::fs::remove_file(room.path(&format!("{file}.sig")));
    room.ok("ssh-keygen", &[&["-q", "-Y", "sign", "-f", key, "-n", namespace], more, &[file]].concat());
}

fn verified(room: &Room, cas: &str) -> Done {
    room.ca_tool(&["krl", "verify", "--ca-file", cas])
}

#[test]
fn ssh_keygen_believes_what_each_kind_of_ca_signs() {
    let mut room = room(&["ed25519", "ecdsa", "rsa"]);
    let _agent = Agent::start(&mut room);
    room.ssh_add(&["rsa"]);
    let device = SecurityKey::plug_in(&mut room);
    room.key("ed25519-sk", "ed25519-sk");
    for (ca, public) in
        [("ed25519", "ed25519.pub"), ("ecdsa", "ecdsa.pub"), ("agent:rsa.pub", "rsa.pub"), ("ed25519-sk", "ed25519-sk.pub")]
    {
        let done = room.ca_tool(&["krl", "sign", "-s", ca]).done();
        assert!(done.stderr.contains(&room.fingerprint(public)), "{done:?}");
        keygen_verifies(&room, public, "ussh-krl", "krl");
        verified(&room, public).done();
    }
    assert_eq!(device.log().last().unwrap(), "signed ssh: flags=01");
    let mode = std::fs::metadata(room.path("krl.sig")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "hosts' web servers read it");
}

#[test]
fn a_yubikey_signs_and_says_what_the_touch_is_for() {
    let bench = Bench::new();
    let key = bench.ca(Firmware::V5_4, &[]);
    list(&bench.room);
    let public = bench.room.ca_tool(&["key", "export", "--slot", "9c"]).done().stdout;
    bench.room.write("ca.pub", public);
    bench.give("pin", PIN);
    let done = bench.room.ca_tool(&["krl", "sign", "-s", "yubikey:slot=9c"]).done();
    assert!(done.stderr.contains("Touch YubiKey 5001234 to sign the revocation list "), "{done:?}");
    assert!(done.stderr.contains("krl, version 1 of 2"), "{done:?}");
    assert_eq!(key.touches(), 1);
    keygen_verifies(&bench.room, "ca.pub", "ussh-krl", "krl");
}

#[test]
fn what_ssh_keygen_signs_is_believed() {
    let room = room(&["ed25519", "ecdsa", "rsa"]);
    for kind in ["ed25519", "ecdsa", "rsa"] {
        for hash in ["hashalg=sha512", "hashalg=sha256"] {
            keygen_signs(&room, kind, "ussh-krl", "krl", &["-O", hash]);
            let done = verified(&room, &format!("{kind}.pub")).done();
            assert!(done.stderr.contains(&room.fingerprint(kind)), "{done:?}");
        }
    }
}

#[test]
fn refuses_signatures_for_another_use_by_another_key_and_over_other_bytes() {
    let room = room(&["ed25519", "ecdsa"]);
    keygen_signs(&room, "ed25519", "file", "krl", &[]);
    verified(&room, "ed25519.pub").refused("for another use, \"file\"");
    keygen_signs(&room, "ed25519", "ussh-ca-file", "krl", &[]);
    verified(&room, "ed25519.pub").refused("for another use, \"ussh-ca-file\"");
    keygen_signs(&room, "ecdsa", "ussh-krl", "krl", &[]);
    verified(&room, "ed25519.pub").refused("which is no trusted CA");
    keygen_signs(&room, "ed25519", "ussh-krl", "krl", &[]);
    verified(&room, "ed25519.pub").done();
    let good = std::fs::read(room.path("krl")).unwrap();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    room.write("krl", &changed);
    verified(&room, "ed25519.pub").refused("has not signed these bytes");
    room.write("krl", &good[..good.len() - 1]);
    verified(&room, "ed25519.pub").refused("has not signed these bytes");
}

#[test]
fn refuses_keys_too_weak_and_security_keys_that_nobody_touched() {
    let mut room = room(&[]);
    let _device = SecurityKey::plug_in(&mut room);
    room.ok("ssh-keygen", &["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", "small"]);
    keygen_signs(&room, "small", "ussh-krl", "krl", &[]);
    verified(&room, "small.pub").refused("RSA key of 1024 bits");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519-sk", "-O", "no-touch-required", "-N", "", "-f", "untouched"]);
    keygen_signs(&room, "untouched", "ussh-krl", "krl", &[]);
    verified(&room, "untouched.pub").refused("that nobody touched");
}

#[test]
fn refuses_files_that_are_not_one_signature() {
    let room = room(&["ed25519"]);
    verified(&room, "ed25519.pub").refused("krl.sig cannot be read");
    room.ca_tool(&["krl", "sign", "-s", "ed25519"]).done();
    let good = room.read("krl.sig");
    for (text, words) in [
        (format!("{good}{good}"), "not one SSH signature"),
        (good.split_at(good.len() / 2).0.to_owned(), "not one SSH signature"),
        (String::new(), "not one SSH signature"),
        (good.replace("AAAA", "AAA"), "not one SSH signature"),
        (room.read("ed25519"), "not one SSH signature"),
        ("x".repeat(100_000), "too large"),
    ] {
        room.write("krl.sig", text);
        verified(&room, "ed25519.pub").refused(words);
    }
    room.write("elsewhere", good);
    room.ca_tool(&["krl", "verify", "--ca-file", "ed25519.pub", "--signature", "elsewhere"]).done();
}

#[test]
fn a_list_that_no_host_should_have_is_not_signed() {
    let room = room(&["ed25519"]);
    let good = std::fs::read(room.path("krl")).unwrap();
    for (list, words) in
        [(room.read("ed25519.pub").into_bytes(), "no version and no date"), (good[..good.len() - 1].to_vec(), "malformed KRL")]
    {
        room.write("krl", &list);
        room.ca_tool(&["krl", "sign", "-s", "ed25519"]).refused(words);
        // And if it is signed all the same.
        keygen_signs(&room, "ed25519", "ussh-krl", "krl", &[]);
        verified(&room, "ed25519.pub").refused(words);
        std::fs::remove_file(room.path("krl.sig")).unwrap();
    }
}

#[test]
fn a_list_that_was_changed_is_to_be_signed_anew_and_it_is_said() {
    let room = room(&["ed25519"]);
    room.ca_tool(&["krl", "sign", "-s", "ed25519"]).done();
    let done = room.ca_tool(&["revoke", "-s", "ed25519.pub", "-z", "9"]).done();
    assert!(done.stderr.contains("krl.sig is of the list before: ca-tool krl sign"), "{done:?}");
    verified(&room, "ed25519.pub").refused("has not signed these bytes");
    room.ca_tool(&["krl", "sign", "-s", "ed25519"]).done();
    verified(&room, "ed25519.pub").done();
}

#[test]
fn a_list_that_is_changed_while_the_key_waits_for_a_touch_is_not_signed() {
    let mut room = room(&[]);
    let device = SecurityKey::plug_in(&mut room);
    room.key("sk", "ed25519-sk");
    device.set("touch", "withheld");
    let signing = room.command(&["krl", "sign", "-s", "sk"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let before = device.log().len();
    let asked = || device.log().len() > before;
    let start = std::time::Instant::now();
    while !asked() && start.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    room.ca_tool(&["revoke", "-s", "sk.pub", "-z", "9"]).done(); // nobody who revokes waits for a finger
    device.set("touch", "given");
    let said = String::from_utf8(signing.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.contains("was changed while it was being signed"), "{said}");
    assert!(!room.path("krl.sig").exists());
}

#[test]
fn the_file_of_trusted_cas_gets_the_next_version_each_time() {
    let room = room(&["ed25519", "ecdsa"]);
    room.write("cas", room.read("ed25519.pub"));
    let sign = || room.ca_tool(&["ca-file", "sign", "-s", "ed25519", "cas"]);
    let version = || room.read("cas").lines().next().unwrap().split(" date=").next().unwrap().to_owned();
    sign().done();
    assert_eq!(version(), "# ussh-ca-file version=1");
    keygen_verifies(&room, "ed25519.pub", "ussh-ca-file", "cas");
    room.write("cas", room.read("cas") + &room.read("ecdsa.pub"));
    let verify = || room.ca_tool(&["ca-file", "verify", "--ca-file", "ed25519.pub", "cas"]);
    verify().refused("has not signed these bytes");
    sign().done();
    assert_eq!(version(), "# ussh-ca-file version=2");
    assert_eq!(room.read("cas").lines().count(), 3);
    let json = room.ca_tool(&["--json", "ca-file", "verify", "--ca-file", "ed25519.pub", "cas"]).done().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["version"], &json["ca"]), (&2.into(), &room.fingerprint("ed25519.pub").into()));
    // The same signature is none over a list of another kind.
    room.ca_tool(&["--krl", "cas", "krl", "verify", "--ca-file", "ed25519.pub"]).refused("");
}

#[test]
fn a_file_of_trusted_cas_that_sshd_would_not_read_to_its_end_is_not_signed() {
    let room = room(&["ed25519"]);
    let key = room.read("ed25519.pub");
    for (content, words) in [
        (format!("{key}nonsense\n"), "line 3: no key type"),
        ("# no CA\n".to_owned(), "holds no key"),
        (format!("# ussh-ca-file version=x\n{key}"), "does not read"),
        (format!("# ussh-ca-file version=18446744073709551615 date=2026-11-18T11:06:40Z\n{key}"), "highest version"),
    ] {
        room.write("cas", &content);
        room.ca_tool(&["ca-file", "sign", "-s", "ed25519", "cas"]).refused(words);
        assert_eq!(room.read("cas"), content);
        assert!(!room.path("cas.sig").exists());
    }
    room.write("cas", &key);
    keygen_signs(&room, "ed25519", "ussh-ca-file", "cas", &[]);
    room.ca_tool(&["ca-file", "verify", "--ca-file", "ed25519.pub", "cas"]).refused("has no version");
}

#[test]
fn a_ca_that_is_revoked_signs_for_nobody() {
    let room = room(&["ed25519", "ecdsa"]);
    room.write("cas", room.read("ed25519.pub") + &room.read("ecdsa.pub"));
    room.ca_tool(&["ca-file", "sign", "-s", "ed25519", "cas"]).done();
    let verify = || room.ca_tool(&["ca-file", "verify", "--ca-file", "cas", "cas"]);
    verify().done();
    room.ca_tool(&["revoke", "ed25519.pub"]).done();
    verify().refused("which is revoked");
    room.ca_tool(&["ca-file", "sign", "-s", "ecdsa", "cas"]).done();
    verify().done();
}
