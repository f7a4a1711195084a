//! What an agent sends, through the real client over a real socket, and through the two parsers alone.
#![no_main]

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use ussh_agent::{Agent, Identities, signature_from_reply};

static SERVER: LazyLock<(UnixListener, PathBuf)> = LazyLock::new(|| {
    let path = tempfile::tempdir().unwrap().keep().join("agent");
    (UnixListener::bind(&path).unwrap(), path)
});

fuzz_target!(|wire: &[u8]| {
    through_the_client(wire);
    if let Some(message) = wire.get(4..) {
        let _ = Identities::from_reply(message.to_vec());
        if let Ok(signature) = signature_from_reply(message) {
            assert_eq!(message, [&[14], string(signature).as_slice()].concat());
        }
    }
});

/// The agent answers with these bytes and closes: no answer may be believed that is not exactly them.
fn through_the_client(wire: &[u8]) {
    let (listener, path) = &*SERVER;
    let mut agent = Agent::connect(path, Instant::now() + Duration::from_secs(10)).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(wire).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    match agent.identities() {
        Ok(identities) => assert_eq!(wire, string(&message(&identities))),
        Err(error) => assert!(!error.is_timeout(), "waited for an agent that had closed"),
    }
}

fn message(identities: &Identities) -> Vec<u8> {
    let mut message = vec![12];
    message.extend(u32::try_from(identities.len()).unwrap().to_be_bytes());
    for identity in identities {
        message.extend(string(identity.blob));
        message.extend(string(identity.comment));
    }
    message
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}
