//! The socket: whole messages, each sent or received before the deadline.
//!
//! A message on the wire is `uint32 length` and that many bytes (RFC 9987 section 5).

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, recv, send, socket};

use crate::{Error, MAX_REPLY, Step};

/// Poll cannot wait for room in a listener's queue, so a full one is tried again this often.
const RETRY: Duration = Duration::from_millis(5);

/// A connected, non-blocking Unix socket.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: OwnedFd,
    deadline: Instant,
}

impl Stream {
    pub(crate) fn connect(path: &Path, deadline: Instant) -> Result<Stream, Error> {
        remaining(deadline, Step::Connect)?;
        // An empty path would name an abstract socket, which anybody can have made.
        if path.as_os_str().is_empty() {
            return Err(Error::Connect(Errno::ENOENT));
        }
        let address = UnixAddr::new(path).map_err(|errno| match errno {
            Errno::ENAMETOOLONG => Error::PathTooLong,
            other => Error::Connect(other),
        })?;
        // Non-blocking, because connect(2) itself waits on an agent that does not accept.
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(Error::Connect)?;
        loop {
            match connect(socket.as_raw_fd(), &address) {
                Ok(()) => return Ok(Stream { socket, deadline }),
                Err(Errno::EAGAIN | Errno::EINTR) => thread::sleep(RETRY.min(remaining(deadline, Step::Connect)?)),
                Err(errno) => return Err(Error::Connect(errno)),
            }
        }
    }

    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    pub(crate) fn send(&self, step: Step, message: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(message.len()).map_err(|_| Error::RequestTooLarge)?;
        // In one piece: the agent then answers after a single wake-up.
        self.send_framed(step, &[&length.to_be_bytes(), message].concat())
    }

    /// Sends a message that has its length in front.
    pub(crate) fn send_framed(&self, step: Step, framed: &[u8]) -> Result<(), Error> {
        let mut unsent = framed;
        while !unsent.is_empty() {
            remaining(self.deadline, step)?;
            // MSG_NOSIGNAL: a SIGPIPE would kill the host program.
            match send(self.socket.as_raw_fd(), unsent, MsgFlags::MSG_NOSIGNAL) {
                Ok(sent) => unsent = unsent.get(sent..).unwrap_or_default(),
                Err(Errno::EAGAIN) => self.wait(step, PollFlags::POLLOUT)?,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(lost(errno)),
            }
        }
        Ok(())
    }

    /// Receives one message. Memory grows with the bytes that arrive, up to the cap, never with what is announced.
    pub(crate) fn receive(&self, step: Step) -> Result<Vec<u8>, Error> {
        let mut chunk = [0; 4096];
        let mut received = Vec::new();
        loop {
            self.wait(step, PollFlags::POLLIN)?;
            match recv(self.socket.as_raw_fd(), &mut chunk, MsgFlags::empty()) {
                Ok(0) => return Err(Error::Closed),
                Ok(count) => received.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(Errno::EAGAIN | Errno::EINTR) => continue,
                Err(errno) => return Err(lost(errno)),
            }
            if let Some((length, body)) = received.split_first_chunk() {
                let announced = u32::from_be_bytes(*length);
                let expected = usize::try_from(announced).unwrap_or(usize::MAX);
                if expected > MAX_REPLY {
                    return Err(Error::TooLarge { announced });
                }
                if body.len() > expected {
                    return Err(Error::Malformed("bytes after the reply"));
                }
                if body.len() == expected {
                    received.drain(..length.len());
                    return Ok(received);
                }
            }
        }
    }

    /// Waits until the socket is ready, or the deadline passes.
    fn wait(&self, step: Step, events: PollFlags) -> Result<(), Error> {
        loop {
            let left = remaining(self.deadline, step)?;
            // Rounded up to whole milliseconds, or the last fraction of one would be spent spinning.
            let timeout = PollTimeout::try_from(left.saturating_add(Duration::from_nanos(999_999)));
            match poll(&mut [PollFd::new(self.socket.as_fd(), events)], timeout.unwrap_or(PollTimeout::MAX)) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(Error::Io(errno)),
            }
        }
    }
}

/// The time left, which is never zero.
fn remaining(deadline: Instant, step: Step) -> Result<Duration, Error> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(Error::TimedOut { step }),
        left => Ok(left),
    }
}

fn lost(errno: Errno) -> Error {
    match errno {
        Errno::EPIPE | Errno::ECONNRESET => Error::Closed,
        other => Error::Io(other),
    }
}
