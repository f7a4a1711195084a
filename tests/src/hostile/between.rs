//! Stands between the module and a real ssh-agent, and changes what passes.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Listener;
use super::wire::{self, Identity, REQUEST_IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE};
use crate::pam::{Room, User};

/// What to change; everything else passes as it is.
pub struct Between {
    real: PathBuf,
    list: Box<Change<Vec<Identity>>>,
    request: Box<Change<Vec<u8>>>,
    signature: Box<Change<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
}

type Change<T> = dyn Fn(T) -> T + Send + Sync;

impl Between {
    /// Before the real agent at this socket.
    pub fn before(real: &Path) -> Self {
        Self {
            real: real.to_owned(),
            list: Box::new(|list| list),
            request: Box::new(|request| request),
            signature: Box::new(|signature| signature),
            asked: Arc::default(),
        }
    }

    /// Changes what is listed.
    #[must_use]
    pub fn list(mut self, change: impl Fn(Vec<Identity>) -> Vec<Identity> + Send + Sync + 'static) -> Self {
        self.list = Box::new(change);
        self
    }

    /// Changes a whole sign request on its way in.
    #[must_use]
    pub fn request(mut self, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.request = Box::new(change);
        self
    }

    /// Changes the signature blob (`string label, string signature…`) on its way out.
    #[must_use]
    pub fn signature(mut self, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.signature = Box::new(change);
        self
    }

    /// Counts sign requests.
    pub fn asked(&self) -> Arc<AtomicUsize> {
        self.asked.clone()
    }

    /// Listens at alice's socket.
    pub fn start(self, room: &Room) -> Listener {
        self.start_as(User::ALICE, &room.socket())
    }

    /// Listens at any socket, owned by any user.
    pub fn start_as(self, owner: User, socket: &Path) -> Listener {
        Listener::start_as(owner, socket, move |stream| self.serve(stream))
    }

    fn serve(&self, mut stream: UnixStream) {
        let Ok(mut real) = UnixStream::connect(&self.real) else { return };
        while let Some(request) = wire::read_message(&mut stream) {
            let Some(reply) = self.pass(&mut real, request) else { return };
            if !wire::write_message(&mut stream, &reply) {
                return;
            }
        }
    }

    fn pass(&self, real: &mut UnixStream, request: Vec<u8>) -> Option<Vec<u8>> {
        let kind = *request.first()?;
        let request = if kind == SIGN_REQUEST {
            self.asked.fetch_add(1, Ordering::SeqCst);
            (self.request)(request)
        } else {
            request
        };
        wire::write_message(real, &request);
        let reply = wire::read_message(real)?;
        Some(match (kind, reply.first()) {
            (REQUEST_IDENTITIES, _) => wire::listing(&(self.list)(wire::listed(&reply))),
            (SIGN_REQUEST, Some(&SIGN_RESPONSE)) => {
                let (signature, _) = wire::split_string(&reply[1..])?;
                [vec![SIGN_RESPONSE], wire::string(&(self.signature)(signature.to_vec()))].concat()
            }
            _ => reply,
        })
    }
}
