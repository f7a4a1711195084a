//! A host that trusts a CA, and what that CA publishes.

use crate::room::{Done, Room};

/// A host (`host/cas`, `host/krl`) that trusts a CA, and what the CA publishes (`out/cas`, `out/krl`).
pub(crate) fn room() -> Room {
    let room = Room::new();
    std::fs::create_dir(room.path("host")).unwrap();
    std::fs::create_dir(room.path("out")).unwrap();
    room.key("ca", "ed25519");
    room.key("new", "ecdsa");
    room.write("host/cas", room.read("ca.pub"));
    room.write("out/cas", room.read("ca.pub"));
    publish_cas(&room, "ca");
    publish_krl(&room, "ca", "serial: 3\n");
    configure(&room, "max_age = \"2d\"\n");
    room
}

pub(crate) fn configure(room: &Room, more: &str) {
    let path = |name: &str| room.path(name).display().to_string();
    let text = format!(
        "ca_file = '{}'\nkrl = '{}'\n[update]\nca_file = '{}'\nkrl = '{}'\n{more}",
        path("host/cas"),
        path("host/krl"),
        path("out/cas"),
        path("out/krl")
    );
    room.write("ca.toml", text);
}

pub(crate) fn publish_cas(room: &Room, ca: &str) {
    room.ca_tool(&["ca-file", "sign", "-s", ca, "out/cas"]).done();
}

/// The published list with this besides, signed.
pub(crate) fn publish_krl(room: &Room, ca: &str, spec: &str) {
    room.write("spec", spec);
    krl(room, &["update", "--no-journal", "-s", "any", "spec"]);
    krl(room, &["sign", "-s", ca]);
}

pub(crate) fn krl(room: &Room, words: &[&str]) {
    program(room, &[&["--krl", "out/krl", "krl"], words].concat()).done();
}

/// ca-tool without the room's own --krl, which would count more than ca.toml.
pub(crate) fn program(room: &Room, words: &[&str]) -> Done {
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(words);
    Done::of(command)
}

pub(crate) fn update(room: &Room) -> Done {
    program(room, &["--config", "ca.toml", "update"])
}

pub(crate) fn bytes(room: &Room, name: &str) -> Vec<u8> {
    std::fs::read(room.path(name)).unwrap_or_default()
}

pub(crate) const IN_2100: u64 = 4_102_444_800;

/// The list with another version and date.
pub(crate) fn dated(list: &[u8], version: u64, date: u64) -> Vec<u8> {
    [&list[..12], &version.to_be_bytes(), &date.to_be_bytes(), &list[28..]].concat()
}

#[track_caller]
pub(crate) fn is_brought(room: &Room) {
    assert_eq!(bytes(room, "host/krl"), bytes(room, "out/krl"));
    assert_eq!(bytes(room, "host/cas"), bytes(room, "out/cas"));
}

/// Nothing of the host changes, and this is said.
#[track_caller]
pub(crate) fn refused(room: &Room, words: &str) {
    let before = (bytes(room, "host/cas"), bytes(room, "host/krl"));
    update(room).refused(words);
    assert_eq!((bytes(room, "host/cas"), bytes(room, "host/krl")), before);
}
