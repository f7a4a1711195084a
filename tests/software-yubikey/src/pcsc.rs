//! A PC/SC service for child processes: a Unix socket that libpcsclite takes for pcscd's when PCSCLITE_CSOCK_NAME names it.
//!
//! No daemon, no root. Each client has a thread (`session`), all share one table of readers (`readers`, `connection`).

mod connection;
mod protocol;
mod readers;
mod session;

use crate::YubiKey;
use readers::Readers;
use session::Session;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The service. Dropping it pulls all YubiKeys out, hangs up on all clients and removes the socket.
pub struct Service {
    readers: Arc<Readers>,
    clients: Arc<Mutex<HashMap<u32, UnixStream>>>,
    closing: Arc<AtomicBool>,
    socket: PathBuf,
}

impl Service {
    /// Serves at a path of at most 107 bytes where nothing is yet.
    pub fn start(socket: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(socket)?;
        let service =
            Self { readers: Arc::default(), clients: Arc::default(), closing: Arc::default(), socket: socket.to_path_buf() };
        let (readers, clients, closing) = (service.readers.clone(), service.clients.clone(), service.closing.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok).take_while(|_| !closing.load(Ordering::SeqCst)) {
                let Ok(second) = stream.try_clone() else { continue };
                let session = Session::new(Arc::clone(&readers), stream);
                let (clients, number) = (Arc::clone(&clients), session.context());
                clients.lock().unwrap_or_else(PoisonError::into_inner).insert(number, second);
                thread::spawn(move || {
                    session.run();
                    clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
                });
            }
        });
        Ok(service)
    }

    /// Plugs a YubiKey in: its reader appears.
    pub fn plug(&self, key: &YubiKey) {
        self.readers.plug(key);
    }

    /// Pulls a YubiKey out, in the middle of a command if need be: its reader vanishes.
    pub fn unplug(&self, key: &YubiKey) {
        self.readers.unplug(key.serial());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        self.readers.clear();
        // Wakes the thread that accepts.
        let _ = UnixStream::connect(&self.socket);
        let _ = std::fs::remove_file(&self.socket);
        for client in self.clients.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// A reader as a client of any PC/SC service sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// Its name, with the numbers that the service adds.
    pub name: String,
    /// What is in it.
    pub card: CardState,
    /// How many times a card came or went, as far as the service has noticed.
    pub events: u32,
}

/// A reader's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// There is none.
    Absent,
    /// There is one that is not powered, or does not answer any more.
    Mute,
    /// Powered and ready.
    Ready,
}

/// Asks the service at this socket for its readers.
pub fn list(socket: &Path) -> io::Result<Vec<ReaderState>> {
    use protocol::{ABSENT, Fields, MAX_READERS, NAME_LENGTH, PRESENT, STATE_LENGTH, command, write};
    let mut stream = connect(socket)?;
    stream.write_all(&write(command::GET_READERS_STATE, &[]))?;
    let mut states = Fields::zero(MAX_READERS * STATE_LENGTH);
    stream.read_exact(states.bytes())?;
    let readers = (0..MAX_READERS).map(|place| place * STATE_LENGTH).map(|start| {
        let state = states.word(start + NAME_LENGTH + 4);
        let has_atr = (1..=33).contains(&states.word(start + 176));
        let card = match state {
            _ if state & ABSENT != 0 => CardState::Absent,
            _ if state & PRESENT != 0 && has_atr => CardState::Ready,
            _ => CardState::Mute,
        };
        ReaderState { name: states.name(start), card, events: states.word(start + NAME_LENGTH) }
    });
    Ok(readers.filter(|reader| !reader.name.is_empty()).collect())
}

/// A connection on which the service speaks its own version of the protocol: it names it when it does not know ours.
fn connect(socket: &Path) -> io::Result<UnixStream> {
    use protocol::{Fields, command, write};
    let mut version = Fields::zero(12);
    version.set(0, 4);
    version.set(4, 4);
    for _ in 0..2 {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(&write(command::VERSION, version.bytes()))?;
        stream.read_exact(version.bytes())?;
        if version.word(8) == protocol::rv::SUCCESS {
            return Ok(stream);
        }
        version.set(8, protocol::rv::SUCCESS);
    }
    Err(io::Error::other("the service knows neither our version of the protocol nor its own"))
}
