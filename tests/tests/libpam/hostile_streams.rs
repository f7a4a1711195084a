//! Agents that break the framing: an answer in bounded time and memory, whatever comes.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use tests::hostile::{Listener, streams, wire};
use tests::pam::{Answer, User, private_to};

use crate::usual::Usual;

const MOST_TIME: Duration = Duration::from_secs(10);
const MOST_GROWTH_KIB: u64 = 16 * 1024;

#[track_caller]
pub(crate) fn assert_bounded(answer: &Answer, what: &str) {
    for call in &answer.calls {
        assert!(call.elapsed < MOST_TIME, "{what}: {} took {:?}", call.hook, call.elapsed);
    }
    assert_frugal(answer, what);
}

/// The same for what takes long because the options let it.
#[track_caller]
pub(crate) fn assert_frugal(answer: &Answer, what: &str) {
    for call in &answer.calls {
        assert!(call.growth_kib < MOST_GROWTH_KIB, "{what}: {} took {} KiB", call.hook, call.growth_kib);
        assert_eq!(call.before, call.after, "{what}: {} left something behind", call.hook);
    }
}

/// No agent that does this is an agent.
#[track_caller]
fn assert_no_agent(serve: impl Fn(UnixStream) + Send + Sync + 'static, what: &str) {
    let usual = Usual::new();
    assert_eq!(usual.sudo("timeout=1").auth().code(), "SUCCESS");
    let hostile = Listener::start(&usual.room, serve);
    for hook in ["authenticate", "acct_mgmt"] {
        let answer = usual.sudo("timeout=1").call(hook);
        assert_eq!(answer.code(), "AUTHINFO_UNAVAIL", "{what}: {hook}");
        assert_bounded(&answer, what);
    }
    assert_eq!(hostile.connections(), 2, "{what}");
}

#[test]
fn an_agent_that_says_nothing_is_given_up() {
    assert_no_agent(streams::say_nothing, "silence");
}

#[test]
fn an_agent_that_hangs_up_is_no_agent() {
    assert_no_agent(streams::hang_up, "hanging up");
}

#[test]
fn an_agent_that_stops_in_mid_message_is_given_up() {
    assert_no_agent(streams::stop_mid_message, "stopping");
}

#[test]
fn an_agent_that_closes_in_mid_message_is_no_agent() {
    assert_no_agent(streams::close_mid_message, "closing");
}

#[test]
fn an_agent_that_drips_a_byte_a_second_is_given_up() {
    assert_no_agent(streams::drip, "dripping");
}

#[test]
fn an_agent_that_announces_four_gib_is_not_listened_to() {
    assert_no_agent(streams::announce_four_gib, "4 GiB");
}

#[test]
fn an_agent_that_sends_an_empty_message_is_no_agent() {
    assert_no_agent(streams::empty_message, "an empty message");
}

#[test]
fn an_agent_that_sends_garbage_is_no_agent() {
    for seed in [1, 2, 3, 0xdead_beef] {
        assert_no_agent(streams::garbage(seed), &format!("garbage {seed}"));
    }
}

#[test]
fn an_agent_that_lists_honestly_and_then_breaks_off_is_given_up() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("").auth().code(), "SUCCESS");
    let certificate = std::fs::read_to_string(&usual.certificate).expect("the certificate");
    let listing = wire::listing(&[(wire::blob(&certificate), b"id".to_vec())]);
    type Way = fn(UnixStream);
    let ways: [(&str, Way); 7] = [
        ("says nothing", streams::say_nothing),
        ("hangs up", streams::hang_up),
        ("stops in mid-message", streams::stop_mid_message),
        ("closes in mid-message", streams::close_mid_message),
        ("drips", streams::drip),
        ("announces 4 GiB", streams::announce_four_gib),
        ("sends an empty message", streams::empty_message),
    ];
    for (what, way) in ways {
        let hostile = Listener::start(&usual.room, streams::after_listing(listing.clone(), way));
        let answer = usual.sudo("sign_timeout=1").auth();
        assert_eq!(answer.code(), "AUTHINFO_UNAVAIL", "{what}");
        assert_bounded(&answer, what);
        assert_eq!(hostile.connections(), 1, "{what}");
    }
}

#[test]
fn an_agent_that_times_out_is_not_waited_for_again_when_sudo_asks_three_times() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("timeout=2").with("calls=3").auth().codes(), ["SUCCESS"; 3]);
    let silent = Listener::start(&usual.room, streams::say_nothing);
    let answer = usual.sudo("timeout=2").with("calls=3").auth();
    assert_eq!(answer.codes(), ["AUTHINFO_UNAVAIL"; 3]);
    for later in &answer.calls[1..] {
        assert!(later.elapsed < Duration::from_secs(1), "a later call took {:?}", later.elapsed);
    }
    assert_eq!(silent.connections(), 1);
}

#[test]
fn an_agent_whose_queue_is_full_is_given_up() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("timeout=1").auth().code(), "SUCCESS");
    let socket = usual.room.socket();
    fs::remove_file(&socket).expect("the real agent's socket");
    let listening = UnixListener::bind(&socket).expect("a socket");
    private_to(&socket, User::ALICE);
    let waiting = fill_queue(&listening, &socket);
    let answer = usual.sudo("timeout=1").auth();
    assert_eq!(answer.code(), "AUTHINFO_UNAVAIL");
    assert_bounded(&answer, "a full queue");
    drop(waiting);
}

/// Connections that nobody accepts, until one more would block.
fn fill_queue(listening: &UnixListener, socket: &std::path::Path) -> Vec<std::os::fd::OwnedFd> {
    use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, connect, listen, socket as new_socket};
    use std::os::fd::AsRawFd;
    listen(listening, Backlog::new(1).expect("a backlog of one")).expect("listen again");
    let address = UnixAddr::new(socket).expect("an address");
    let mut waiting = Vec::new();
    loop {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let client = new_socket(AddressFamily::Unix, SockType::Stream, flags, None).expect("a socket");
        match connect(client.as_raw_fd(), &address) {
            Ok(()) => waiting.push(client),
            Err(error) => {
                assert_eq!(error, nix::Error::EAGAIN, "the queue is full");
                return waiting;
            }
        }
        assert!(waiting.len() < 100, "the queue never fills");
    }
}
