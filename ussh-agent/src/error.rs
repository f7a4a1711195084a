//! Why an agent could not be used: one variant a cause, each with its sentence.

use std::{fmt, io};

use nix::errno::Errno;

use crate::MAX_REPLY;

/// What was being done when the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connecting to the agent's socket.
    Connect,
    /// Asking for the list of identities.
    List,
    /// Asking for a signature.
    Sign,
    /// Handing over a key, or taking it back.
    Add,
}

/// Why the agent gave no answer that can be used. The text says what happened; the caller knows what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The socket could not be connected to.
    Connect(Errno),
    /// The socket's path does not fit into a Unix socket address (107 bytes on Linux).
    PathTooLong,
    /// The deadline passed.
    TimedOut {
        /// What was being done.
        step: Step,
    },
    /// The agent closed the connection before it had answered.
    Closed,
    /// The agent announced a reply longer than [`MAX_REPLY`].
    TooLarge {
        /// The length it announced, in bytes.
        announced: u32,
    },
    /// The request would be longer than agents take; nothing was sent.
    RequestTooLarge,
    /// The reply breaks the protocol, in the way described.
    Malformed(&'static str),
    /// The agent answered that it will not do it (`SSH_AGENT_FAILURE`).
    Refused,
    /// Sending or receiving failed.
    Io(Errno),
}

impl Error {
    /// Whether the deadline passed, rather than the agent giving a bad answer.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::TimedOut { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connect(errno) => write!(f, "cannot connect to the ssh-agent: {}", io::Error::from(*errno)),
            Error::PathTooLong => f.write_str("the path of the ssh-agent's socket is too long"),
            Error::TimedOut { step } => write!(f, "the ssh-agent did not {step} in time"),
            Error::Closed => f.write_str("the ssh-agent closed the connection"),
            Error::TooLarge { announced } => {
                write!(f, "the ssh-agent announced a reply of {announced} bytes, more than the {MAX_REPLY} allowed")
            }
            Error::RequestTooLarge => {
                write!(f, "the request to the ssh-agent exceeds {MAX_REPLY} bytes")
            }
            Error::Malformed(how) => write!(f, "the ssh-agent sent a malformed reply: {how}"),
            Error::Refused => f.write_str("the ssh-agent refused the request"),
            Error::Io(errno) => write!(f, "lost the ssh-agent: {}", io::Error::from(*errno)),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "accept the connection",
            Step::List => "list its identities",
            Step::Sign => "sign",
            Step::Add => "take the key",
        })
    }
}

impl std::error::Error for Error {}
