//! The socket that all of them listen on.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::pam::{Room, User, private_to};

/// A listener at a user's socket; each connection is served by a thread. Ends when dropped.
pub struct Listener {
    socket: PathBuf,
    ended: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    /// At alice's socket; serves each connection with `serve` until it returns.
    pub fn start(room: &Room, serve: impl Fn(UnixStream) + Send + Sync + 'static) -> Self {
        Self::start_as(User::ALICE, &room.socket(), serve)
    }

    /// At any socket, owned by any user.
    pub fn start_as(owner: User, socket: &Path, serve: impl Fn(UnixStream) + Send + Sync + 'static) -> Self {
        let listening = bind(owner, socket);
        let ended = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let (end, count, serve) = (ended.clone(), connections.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listening.incoming().map_while(Result::ok) {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let serve = serve.clone();
                thread::spawn(move || serve(stream));
            }
        });
        Self { socket: socket.to_owned(), ended, connections }
    }

    /// How often somebody connected: a test that expects a refusal shows with it that the agent was asked at all.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&self.socket); // wakes the accepting thread
        let _ = fs::remove_file(&self.socket);
    }
}

/// A listening socket of the user's alone.
pub(super) fn bind(owner: User, socket: &Path) -> UnixListener {
    let _ = fs::remove_file(socket);
    let listening = UnixListener::bind(socket).expect("a listening socket");
    private_to(socket, owner);
    listening
}
