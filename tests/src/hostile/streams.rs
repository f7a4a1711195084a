//! Agents that break off, dawdle or flood: what each does with a connection.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use super::wire::{IDENTITIES_ANSWER, read_message, wait_for_end, write_message};

/// Says nothing, and stays.
pub fn say_nothing(mut stream: UnixStream) {
    wait_for_end(&mut stream);
}

/// Closes at once.
pub fn hang_up(stream: UnixStream) {
    drop(stream);
}

/// Announces 100 bytes, sends ten, and stays.
pub fn stop_mid_message(mut stream: UnixStream) {
    send_after_request(&mut stream, &[0, 0, 0, 100, IDENTITIES_ANSWER, 0, 0, 0, 1, 0, 0, 0, 51, 0]);
    wait_for_end(&mut stream);
}

/// Announces 100 bytes, sends ten, and closes.
pub fn close_mid_message(mut stream: UnixStream) {
    send_after_request(&mut stream, &[0, 0, 0, 100, IDENTITIES_ANSWER, 0, 0, 0, 1, 0, 0, 0, 51, 0]);
}

/// Sends a well-formed listing a byte a second.
pub fn drip(mut stream: UnixStream) {
    if read_message(&mut stream).is_none() {
        return;
    }
    for byte in [0, 0, 0, 100].into_iter().chain(std::iter::repeat_n(0, 100)) {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// Announces a message of 4 GiB less one byte, and sends as long as somebody reads.
pub fn announce_four_gib(mut stream: UnixStream) {
    send_after_request(&mut stream, &[0xff; 4]);
    while stream.write_all(&[IDENTITIES_ANSWER; 65536]).is_ok() {}
}

/// Lists as it is told, then does something else with the sign request.
pub fn after_listing(listing: Vec<u8>, then: fn(UnixStream)) -> impl Fn(UnixStream) {
    move |mut stream| {
        if read_message(&mut stream).is_some() && write_message(&mut stream, &listing) {
            then(stream);
        }
    }
}

/// Announces nothing: a message without even a type.
pub fn empty_message(mut stream: UnixStream) {
    send_after_request(&mut stream, &[0; 4]);
    wait_for_end(&mut stream);
}

/// Sends bytes without any order, from a fixed seed, in a frame of the right length.
pub fn garbage(seed: u64) -> impl Fn(UnixStream) {
    move |mut stream| {
        let mut state = seed | 1;
        let bytes = std::iter::repeat_with(|| {
            // xorshift64: any bytes will do, the same in every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        });
        let mut message = vec![0, 0, 16, 0];
        message.extend(bytes.take(4096));
        message[4] = IDENTITIES_ANSWER; // gets past the first look
        send_after_request(&mut stream, &message);
        wait_for_end(&mut stream);
    }
}

fn send_after_request(stream: &mut UnixStream, bytes: &[u8]) {
    if read_message(stream).is_some() {
        let _ = stream.write_all(bytes);
    }
}
