//! The client against agents that are silent, slow, lying or gone: always an error, soon, never a wrong answer.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use ussh_agent::{Agent, Constraint, Errno, Error, Identities, MAX_REPLY, SignFlags, Step};

/// The time the client is given in tests that expect it to run out.
const SHORT: Duration = Duration::from_millis(150);
/// The time given where an answer is expected.
const AMPLE: Duration = Duration::from_secs(5);

const FAILURE: &[u8] = &[0, 0, 0, 1, 5];

struct Server {
    folder: TempDir,
}

impl Server {
    fn path(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// A client of this server that has the time given from now.
    fn client(&self, time: Duration) -> Agent {
        Agent::connect(&self.path(), Instant::now() + time).unwrap()
    }
}

/// Serves one connection with `serve`.
fn server(serve: impl FnOnce(UnixStream) + Send + 'static) -> Server {
    let server = Server { folder: tempfile::tempdir().unwrap() };
    let listener = UnixListener::bind(server.path()).unwrap();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    server
}

/// Reads one request, whole.
fn request(peer: &mut UnixStream) -> Vec<u8> {
    let mut length = [0; 4];
    peer.read_exact(&mut length).unwrap();
    let mut message = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
    peer.read_exact(&mut message).unwrap();
    message
}

/// Answers one request with these bytes, then holds the connection open without a word.
fn answers(bytes: Vec<u8>) -> Server {
    server(move |mut peer| {
        request(&mut peer);
        peer.write_all(&bytes).unwrap();
        let _ = peer.read(&mut [0]);
    })
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A list that announces `count` identities and holds these.
fn list(count: u32, identities: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut message = vec![12];
    message.extend(count.to_be_bytes());
    for (blob, comment) in identities {
        message.extend(string(blob));
        message.extend(string(comment));
    }
    message
}

fn signature(bytes: &[u8]) -> Vec<u8> {
    [&[14], string(bytes).as_slice()].concat()
}

/// Asserts that this reply to a list request gives that error, at once, and that the error stays.
fn list_fails(reply: Vec<u8>, expected: Error) {
    let mut agent = answers(reply).client(AMPLE);
    let start = Instant::now();
    assert_eq!(agent.identities().unwrap_err(), expected);
    assert_eq!(agent.identities().unwrap_err(), expected);
    assert_eq!(agent.sign(b"key", b"data", SignFlags::NONE).unwrap_err(), expected);
    assert!(start.elapsed() < AMPLE / 5, "the error came late");
}

/// Asserts that the time since `start` is what the client was given, not much more, and was slept, not spun.
fn ended_on_time(start: Instant) {
    let took = start.elapsed();
    assert!(took >= SHORT, "gave up early: {took:?}");
    assert!(took < SHORT * 5, "gave up late: {took:?}");
    assert!(cpu_time() < SHORT / 2, "a busy loop: {:?}", cpu_time());
}

/// How long this thread, and so this test, has been running on a processor.
fn cpu_time() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedstat.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn lists_identities_as_raw_bytes_and_signs() {
    let server = server(|mut peer| {
        assert_eq!(request(&mut peer), [11]);
        peer.write_all(&string(&list(2, &[(b"one", b"\xff"), (b"", b"")]))).unwrap();
        assert_eq!(request(&mut peer), [&[13], string(b"one").as_slice(), &string(b"data"), &[0, 0, 0, 4]].concat());
        peer.write_all(&string(&signature(b"signed"))).unwrap();
    });
    let mut agent = server.client(AMPLE);
    let identities = agent.identities().unwrap();
    assert_eq!(identities.len(), 2);
    let seen: Vec<_> = identities.iter().map(|i| (i.blob, i.comment)).collect();
    assert_eq!(seen, [(&b"one"[..], &b"\xff"[..]), (b"", b"")]);
    assert_eq!(agent.sign(b"one", b"data", SignFlags::RSA_SHA2_512).unwrap(), b"signed");
}

#[test]
fn an_empty_list_is_no_error() {
    let identities = answers(string(&list(0, &[]))).client(AMPLE).identities().unwrap();
    assert!(identities.is_empty());
}

#[test]
fn a_reply_of_the_largest_size_is_taken() {
    assert_eq!(MAX_REPLY, 262_144, "OpenSSH's AGENT_MAX_LEN");
    let blob = vec![7; MAX_REPLY - 13];
    let server = answers(string(&list(1, &[(&blob, b"")])));
    let identities = server.client(AMPLE).identities().unwrap();
    assert_eq!(identities.iter().next().unwrap().blob, blob);
}

#[test]
fn a_silent_agent_ends_at_the_deadline_and_its_late_reply_is_never_read() {
    let server = server(|mut peer| {
        request(&mut peer);
        thread::sleep(SHORT * 2);
        let _ = peer.write_all(&string(&signature(b"late")));
        let _ = peer.read(&mut [0]);
    });
    let start = Instant::now();
    let mut agent = server.client(SHORT);
    let error = agent.sign(b"key", b"data", SignFlags::NONE).unwrap_err();
    ended_on_time(start);
    assert_eq!(error, Error::TimedOut { step: Step::Sign });
    assert!(error.is_timeout());

    thread::sleep(SHORT * 2);
    agent.set_deadline(Instant::now() + AMPLE);
    assert_eq!(agent.sign(b"key", b"other", SignFlags::NONE).unwrap_err(), error);
}

#[test]
fn a_byte_now_and_then_does_not_prolong_the_deadline() {
    let server = server(|mut peer| {
        request(&mut peer);
        for byte in string(&list(1, &[(&[0; 1000], b"")])) {
            thread::sleep(SHORT / 10);
            if peer.write_all(&[byte]).is_err() {
                return;
            }
        }
    });
    let start = Instant::now();
    let error = server.client(SHORT).identities().unwrap_err();
    ended_on_time(start);
    assert_eq!(error, Error::TimedOut { step: Step::List });
}

#[test]
fn an_agent_that_stops_reading_ends_at_the_deadline() {
    let server = server(|peer| {
        thread::sleep(SHORT * 10);
        drop(peer);
    });
    let data = vec![0; MAX_REPLY - 100];
    let start = Instant::now();
    let mut agent = server.client(SHORT);
    // A socket buffer may hold it all; then the missing answer is what runs out of time.
    let error = agent.sign(b"key", &data, SignFlags::NONE).unwrap_err();
    ended_on_time(start);
    assert!(error.is_timeout());
}

#[test]
fn an_agent_that_never_accepts_ends_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent");
    let listener = UnixListener::bind(&path).unwrap();
    let (waiting, error, start) = fill_the_queue(&path);
    ended_on_time(start);
    assert_eq!(error, Error::TimedOut { step: Step::Connect });

    // With room in the queue again, a client that is still trying gets in.
    let late = thread::spawn(move || {
        thread::sleep(SHORT);
        drop(waiting);
        for _ in 0..10 {
            listener.accept().unwrap();
        }
        listener
    });
    Agent::connect(&path, Instant::now() + AMPLE).unwrap();
    late.join().unwrap();
}

/// Connects until the listener's queue is full; returns what fills it, and the error with the time of its attempt.
fn fill_the_queue(path: &Path) -> (Vec<Agent>, Error, Instant) {
    let mut waiting = Vec::new();
    loop {
        let start = Instant::now();
        match Agent::connect(path, start + SHORT) {
            Ok(agent) => waiting.push(agent),
            Err(error) => return (waiting, error, start),
        }
        assert!(waiting.len() < 10_000, "the queue never fills");
    }
}

#[test]
fn a_deadline_in_the_past_fails_before_the_socket_is_touched() {
    let past = Instant::now() - Duration::from_millis(1);
    let nowhere = Path::new("/nonexistent/agent");
    let error = Agent::connect(nowhere, past).unwrap_err();
    assert_eq!(error, Error::TimedOut { step: Step::Connect });

    let (told, hears) = std::sync::mpsc::channel();
    let server = server(move |mut peer| told.send(peer.read(&mut [0]).unwrap()).unwrap());
    let mut agent = server.client(AMPLE);
    agent.set_deadline(past);
    assert_eq!(agent.identities().unwrap_err(), Error::TimedOut { step: Step::List });
    drop(agent);
    assert_eq!(hears.recv().unwrap(), 0, "a request was sent");
}

#[test]
fn a_closed_connection_is_told_as_such() {
    let mut agent = server(drop).client(AMPLE);
    assert_eq!(agent.identities().unwrap_err(), Error::Closed);

    let mut agent = server(|mut peer| drop(request(&mut peer))).client(AMPLE);
    assert_eq!(agent.identities().unwrap_err(), Error::Closed);

    let half_a_reply = server(|mut peer| {
        request(&mut peer);
        peer.write_all(&[0, 0, 0, 9, 12, 0]).unwrap();
    });
    assert_eq!(half_a_reply.client(AMPLE).identities().unwrap_err(), Error::Closed);
}

#[test]
fn an_announced_length_over_the_cap_is_refused_unread() {
    list_fails(vec![0xff; 4], Error::TooLarge { announced: u32::MAX });
    let over = u32::try_from(MAX_REPLY + 1).unwrap();
    list_fails(over.to_be_bytes().to_vec(), Error::TooLarge { announced: over });
}

#[test]
fn an_empty_message_is_malformed() {
    list_fails(vec![0; 4], Error::Malformed("an empty message"));
}

#[test]
fn a_reply_of_another_type_is_malformed() {
    for kind in [0, 6, 11, 14, 255] {
        list_fails(vec![0, 0, 0, 5, kind, 0, 0, 0, 0], Error::Malformed("not a reply to what was asked"));
    }
}

#[test]
fn a_list_that_is_not_what_it_announces_is_malformed() {
    let one: &[(&[u8], &[u8])] = &[(b"key", b"comment")];
    let fewer = Error::Malformed("fewer identities than announced");
    list_fails(string(&[12]), Error::Malformed("no count of identities"));
    list_fails(string(&[12, 0, 0, 0]), Error::Malformed("no count of identities"));
    list_fails(string(&list(2, one)), fewer);
    list_fails(string(&list(u32::MAX, one)), fewer);
    list_fails(string(&list(0, one)), Error::Malformed("bytes after the last identity"));
    let whole = list(1, one);
    for cut in 5..whole.len() {
        list_fails(string(&whole[..cut]), fewer);
    }
    list_fails(string(&[&whole[..], b"x"].concat()), Error::Malformed("bytes after the last identity"));
}

#[test]
fn bytes_after_a_reply_are_malformed() {
    let reply = [string(&list(0, &[])), vec![0]].concat();
    list_fails(reply, Error::Malformed("bytes after the reply"));
}

#[test]
fn a_sign_reply_that_is_not_one_whole_signature_is_malformed() {
    let whole = signature(b"signed");
    for cut in 1..whole.len() {
        let error = ussh_agent::signature_from_reply(&whole[..cut]).unwrap_err();
        assert_eq!(error, Error::Malformed("the signature is cut short"));
    }
    let mut agent = answers(string(&[&whole[..], b"x"].concat())).client(AMPLE);
    for _ in 0..2 {
        let error = agent.sign(b"key", b"data", SignFlags::NONE).unwrap_err();
        assert_eq!(error, Error::Malformed("bytes after the signature"));
    }
}

#[test]
fn every_failure_message_is_a_refusal_and_the_next_signature_is_the_right_one() {
    let server = server(|mut peer| {
        for kind in [5, 28, 30, 102] {
            request(&mut peer);
            peer.write_all(&[0, 0, 0, 1, kind]).unwrap();
        }
        request(&mut peer);
        peer.write_all(&string(&signature(b"signed"))).unwrap();
    });
    let mut agent = server.client(AMPLE);
    for _ in 0..4 {
        let error = agent.sign(b"key", b"data", SignFlags::NONE).unwrap_err();
        assert_eq!(error, Error::Refused);
    }
    assert_eq!(agent.sign(b"key", b"data", SignFlags::NONE).unwrap(), b"signed");
    assert_eq!(Identities::from_reply(vec![5]).unwrap_err(), Error::Refused);
}

#[test]
fn a_request_over_the_cap_is_not_sent_and_spoils_nothing() {
    let server = server(|mut peer| {
        assert_eq!(request(&mut peer).len(), MAX_REPLY);
        peer.write_all(FAILURE).unwrap();
    });
    let mut agent = server.client(AMPLE);
    // A sign request is 13 bytes longer than its key and data.
    let data = vec![0; MAX_REPLY - 13 - 3 + 1];
    let error = agent.sign(b"key", &data, SignFlags::NONE).unwrap_err();
    assert_eq!(error, Error::RequestTooLarge);
    assert_eq!(agent.sign(b"key", &data[1..], SignFlags::NONE).unwrap_err(), Error::Refused);
}

#[test]
fn a_socket_that_is_not_there_or_is_no_stream_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent");
    let connect = |path: &Path| Agent::connect(path, Instant::now() + AMPLE).unwrap_err();
    assert_eq!(connect(Path::new("")), Error::Connect(Errno::ENOENT));
    assert_eq!(connect(&path), Error::Connect(Errno::ENOENT));
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(connect(&path), Error::Connect(Errno::ECONNREFUSED));
    std::fs::remove_file(&path).unwrap();
    let _datagram = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    assert_eq!(connect(&path), Error::Connect(Errno::EPROTOTYPE));
    assert_eq!(connect(&folder.path().join("x".repeat(200))), Error::PathTooLong);
}

#[test]
fn a_key_is_added_only_when_the_agent_says_so_and_nothing_else() {
    for (reply, expected) in [
        (vec![0, 0, 0, 1, 6], Ok(())),
        (FAILURE.to_vec(), Err(Error::Refused)),
        (vec![0, 0, 0, 2, 6, 0], Err(Error::Malformed("bytes after a success"))),
        (vec![0, 0, 0, 1, 14], Err(Error::Malformed("not a reply to what was asked"))),
    ] {
        assert_eq!(answers(reply.clone()).client(AMPLE).add(b"key", "", &[]), expected);
        assert_eq!(answers(reply).client(AMPLE).remove(b"key"), expected);
    }
}

#[test]
fn an_agent_that_never_takes_the_key_runs_into_the_deadline() {
    let silent = answers(Vec::new());
    assert_eq!(silent.client(SHORT).add(b"key", "", &[]), Err(Error::TimedOut { step: Step::Add }));
}

#[test]
fn a_key_that_no_agent_takes_is_not_sent() {
    let server = server(|mut peer| assert_eq!(peer.read(&mut [0]).unwrap(), 0, "something was sent"));
    let mut agent = server.client(AMPLE);
    assert_eq!(agent.add(&vec![0; MAX_REPLY], "", &[]), Err(Error::RequestTooLarge));
}

#[test]
fn what_is_asked_of_the_agent_goes_behind_the_comment() {
    let (sender, sent) = std::sync::mpsc::channel();
    let server = server(move |mut peer| {
        sender.send(request(&mut peer)).unwrap();
        peer.write_all(&[0, 0, 0, 1, 6]).unwrap();
    });
    let lifetime = Constraint::Lifetime(NonZeroU32::new(0x102).unwrap());
    server.client(AMPLE).add(b"KEY", "me", &[lifetime, Constraint::Confirm, Constraint::SkProvider("internal")]).unwrap();
    let expected = b"\x19KEY\0\0\0\x02me\x01\0\0\x01\x02\x02\xff\0\0\0\x17sk-provider@openssh.com\0\0\0\x08internal";
    assert_eq!(sent.recv().unwrap(), expected);
}
