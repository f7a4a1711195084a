//! What a program that loads this crate would notice. One test, so that its process has nothing else going on.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, signal};
use ussh_agent::{Agent, Error, SignFlags};

const O_CLOEXEC: u32 = 0o2_000_000;

/// The numbers of this process's open sockets.
fn sockets() -> BTreeSet<String> {
    let mut sockets = BTreeSet::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        let target = fs::read_link(entry.path()).unwrap();
        if target.to_string_lossy().starts_with("socket:") {
            sockets.insert(entry.file_name().into_string().unwrap());
        }
    }
    sockets
}

#[test]
fn the_host_gets_no_signal_and_keeps_no_descriptor() {
    // Rust programs ignore SIGPIPE; here it kills, as it does in C programs.
    // SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent");
    let listener = UnixListener::bind(&path).unwrap();

    let before = sockets();
    let mut agent = Agent::connect(&path, Instant::now() + Duration::from_secs(5)).unwrap();
    let during = sockets();
    let socket = during.difference(&before).next().unwrap();
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{socket}")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
    assert_ne!(flags & O_CLOEXEC, 0, "the socket would outlive an exec");

    drop(listener.accept().unwrap());
    let error = agent.sign(b"key", b"data", SignFlags::NONE).unwrap_err();
    assert_eq!(error, Error::Closed);
    drop(agent);
    assert_eq!(sockets(), before);
}
