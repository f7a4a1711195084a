//! The systemd units that packages install, as systemd itself judges them. tests/boot.sh runs them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use room::{Done, Room};

const SERVICE: &str = include_str!("../../packaging/systemd/ussh-update.service");
const TIMER: &str = include_str!("../../packaging/systemd/ussh-update.timer");

/// Of `systemd-analyze security`: 0 is a locked room, 100 a service that may do anything. What is left is the network, and
/// leave to become nobody.
const MOST_EXPOSED: &str = "--threshold=25";

/// ca-tool is not installed where the tests run, nor are its man pages.
fn room() -> Room {
    let room = Room::new();
    let lines = SERVICE.lines().filter(|line| !line.starts_with("Documentation="));
    let service: String = lines.map(|line| line.replace("/usr/bin/ca-tool update", "/bin/true") + "\n").collect();
    room.write("ussh-update.service", service);
    let timer: String =
        TIMER.lines().filter(|line| !line.starts_with("Documentation=")).map(|line| format!("{line}\n")).collect();
    room.write("ussh-update.timer", timer);
    room
}

fn analyze(room: &Room, words: &[&str]) -> Done {
    let mut command = room.program("systemd-analyze");
    command.args(words);
    Done::of(command)
}

#[test]
fn systemd_has_no_complaints() {
    let room = room();
    let done = analyze(&room, &["verify", "--man=no", "./ussh-update.timer", "./ussh-update.service"]).done();
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    room.write("ussh-update.service", "[Service]\nExecStart=/bin/true\nProtectSystem=never\n");
    let done = analyze(&room, &["verify", "--man=no", "./ussh-update.service"]);
    assert!(done.stderr.contains("ussh-update.service:3"), "it does not look: {done:?}");
}

#[test]
fn the_service_may_do_little() {
    let room = room();
    let words = ["security", "--offline=true", "--no-pager", MOST_EXPOSED, "./ussh-update.service"];
    analyze(&room, &words).done();
    room.write("ussh-update.service", SERVICE.replace("CapabilityBoundingSet=", "#"));
    assert_eq!(analyze(&room, &words).code, 1);
}

#[test]
fn the_timer_asks_every_quarter_of_an_hour() {
    let room = room();
    let calendar = TIMER.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    let done = analyze(&room, &["calendar", "--iterations=3", "--base-time=2026-11-22 10:01:00 UTC", calendar]).done();
    for time in ["10:15:00", "10:30:00", "10:45:00"] {
        assert!(done.stdout.contains(time), "{done:?}");
    }
}
