//! A small, blocking ssh-agent client for programs that must never hang, such as a PAM module.
//!
//! Every step ends at a deadline, every size is capped, and no key is parsed here: an identity is the agent's own
//! bytes, to be judged elsewhere and sent back as they came. The protocol is RFC 9987.
//!
//! Nothing may enter this crate that starts a thread, touches a signal handler or leaves a descriptor open.

#![forbid(unsafe_code)]

mod adding;
mod error;
mod protocol;
mod stream;

pub use adding::Constraint;
pub use error::{Error, Step};
pub use nix::errno::Errno;
pub use protocol::{Identities, Identity, Iter, SignFlags, signature_from_reply};

use std::path::Path;
use std::time::Instant;

use stream::Stream;

/// The longest message taken or sent, in bytes after its length field: OpenSSH's `AGENT_MAX_LEN`.
pub const MAX_REPLY: usize = 256 * 1024;

/// A connection to an ssh-agent.
///
/// After [`Error::Refused`] and [`Error::RequestTooLarge`] it goes on working. After any other error it is of no more
/// use and every call returns that same error, so that a late reply is never taken for the next request's.
#[derive(Debug)]
pub struct Agent {
    stream: Stream,
    broken: Option<Error>,
}

impl Agent {
    /// Connects to the agent's Unix socket at `path`, with the effective user and groups of the calling thread.
    ///
    /// The deadline also holds for the calls that follow, until [`Agent::set_deadline`].
    ///
    /// # Errors
    /// [`Error::PathTooLong`], [`Error::Connect`], or [`Error::TimedOut`] when the agent's queue stays full.
    pub fn connect(path: &Path, deadline: Instant) -> Result<Agent, Error> {
        Ok(Agent { stream: Stream::connect(path, deadline)?, broken: None })
    }

    /// Sets the moment at which all later calls together must have ended.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.stream.set_deadline(deadline);
    }

    /// Lists what the agent holds (`SSH_AGENTC_REQUEST_IDENTITIES`, RFC 9987 section 5.5).
    ///
    /// # Errors
    /// [`Error::Malformed`] when the list does not hold exactly what it announces, and those of any exchange.
    pub fn identities(&mut self) -> Result<Identities, Error> {
        let reply = self.ask(Step::List, protocol::list_request())?;
        self.settle(Identities::from_reply(reply))
    }

    /// Has the agent sign `data` with the key whose public blob, or certificate blob, is `blob`
    /// (`SSH_AGENTC_SIGN_REQUEST`, RFC 9987 section 5.6).
    ///
    /// Returns the signature blob (RFC 4253 section 6.6: `string algorithm, string signature`, for sk keys followed
    /// by flags and counter). It is not verified here.
    ///
    /// # Errors
    /// [`Error::Refused`] when the agent will not sign, [`Error::RequestTooLarge`], and those of any exchange.
    pub fn sign(&mut self, blob: &[u8], data: &[u8], flags: SignFlags) -> Result<Vec<u8>, Error> {
        let request = protocol::sign_request(blob, data, flags)?;
        let reply = self.ask(Step::Sign, request)?;
        let signature = signature_from_reply(&reply).map(<[u8]>::to_vec);
        self.settle(signature)
    }

    /// Gives the agent a private key to hold (`SSH_AGENTC_ADD_IDENTITY`, with constraints
    /// `SSH_AGENTC_ADD_ID_CONSTRAINED`; RFC 9987 sections 5.2 and 5.3).
    ///
    /// `key` is what stands between the message's type and its comment: `string type` and that type's own fields, for
    /// a certificate `string type, string certificate` and the private ones. It is sent as it is, and the copies made
    /// here are overwritten.
    ///
    /// # Errors
    /// [`Error::Refused`] when the agent will not hold it, for one because it does not know a constraint;
    /// [`Error::RequestTooLarge`], and those of any exchange.
    pub fn add(&mut self, key: &[u8], comment: &str, constraints: &[Constraint<'_>]) -> Result<(), Error> {
        let request = adding::framed_add_request(key, comment, constraints)?;
        let reply = self.exchange(Step::Add, |stream| stream.send_framed(Step::Add, &request))?;
        self.settle(adding::success(&reply))
    }

    /// Has the agent forget the key or certificate with this blob (`SSH_AGENTC_REMOVE_IDENTITY`, RFC 9987 section 5.4).
    ///
    /// # Errors
    /// [`Error::Refused`] when it does not hold it, and those of any exchange.
    pub fn remove(&mut self, blob: &[u8]) -> Result<(), Error> {
        let reply = self.ask(Step::Add, adding::remove_request(blob)?)?;
        self.settle(adding::success(&reply))
    }

    /// One request, and the message that answers it.
    fn ask(&mut self, step: Step, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.exchange(step, |stream| stream.send(step, &request))
    }

    fn exchange(&mut self, step: Step, send: impl FnOnce(&Stream) -> Result<(), Error>) -> Result<Vec<u8>, Error> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let reply = send(&self.stream).and_then(|()| self.stream.receive(step));
        self.settle(reply)
    }

    /// Remembers an error after which the connection cannot be trusted to be in step.
    fn settle<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result
            && *error != Error::Refused
        {
            self.broken = Some(*error);
        }
        result
    }
}
