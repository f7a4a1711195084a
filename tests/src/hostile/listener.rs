//! The socket that all of them listen on.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::pam::{Room, User, private_to};

/// A listener at alice's socket, owned by her; each connection is served by a thread. Ends when dropped.
pub struct Listener {
    socket: PathBuf,
    ended: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    /// Serves each connection with `serve` until it returns.
    pub fn start(room: &Room, serve: impl Fn(UnixStream) + Send + Sync + 'static) -> Self {
        let socket = room.socket();
        let listening = bind(&socket);
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
        Self { socket, ended, connections }
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

/// A listening socket of alice's.
pub(super) fn bind(socket: &Path) -> UnixListener {
    let _ = fs::remove_file(socket);
    let listening = UnixListener::bind(socket).expect("a socket in alice's home");
    private_to(socket, User::ALICE);
    listening
}
