//! What stands on the desk: readers with their cards, who is connected to them, who waits for a change.
//!
//! A YubiKey is its own reader: it appears and vanishes with the card.

use super::protocol::{Fields, MAX_READERS, NAME_LENGTH, READY, Rv, STATE_LENGTH, rv};
use crate::{Card, YubiKey};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// All of it, and the bell that rings when any of it changes.
#[derive(Default)]
pub(super) struct Readers {
    table: Mutex<Table>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct Table {
    readers: Vec<Reader>,
    waiting: Vec<Waiting>,
    events: u32,
    last_number: u32,
}

/// A reader and the card in it.
pub(super) struct Reader {
    name: String,
    pub(super) card: YubiKey,
    /// `SCARD_PROTOCOL_*`, 0 until somebody connects after a reset.
    pub(super) protocol: u32,
    pub(super) connections: Vec<Connection>,
    pub(super) exclusive: bool,
    /// The handle whose transaction is open, and how many times it was begun.
    pub(super) transaction: Option<(u32, usize)>,
    events: u32,
}

/// An SCARDHANDLE.
pub(super) struct Connection {
    pub(super) handle: u32,
    /// The card was reset behind its back: it must reconnect.
    pub(super) was_reset: bool,
}

/// A client inside SCardGetStatusChange.
struct Waiting {
    client: u32,
    stream: UnixStream,
}

impl Readers {
    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a YubiKey on the first free port and tells its reader's name.
    pub(super) fn plug(&self, key: &YubiKey) {
        key.clone().reset();
        let mut table = self.lock();
        assert!(table.readers.iter().all(|reader| reader.card.serial() != key.serial()), "{} is plugged in", key.serial());
        let name = (0..MAX_READERS)
            .map(|port| format!("{} {port:02X} 00", crate::READER_NAME))
            .find(|name| table.named(name).is_err())
            .expect("a free port");
        table.readers.push(Reader {
            name,
            card: key.clone(),
            protocol: 0,
            connections: vec![],
            exclusive: false,
            transaction: None,
            events: 1,
        });
        table.readers.sort_by(|one, other| one.name.cmp(&other.name));
        self.announce(&mut table);
    }

    /// Takes a YubiKey away; nothing happens when it is not there.
    pub(super) fn unplug(&self, serial: u32) {
        let mut table = self.lock();
        if let Some(place) = table.readers.iter().position(|reader| reader.card.serial() == serial) {
            table.readers.remove(place).card.unplug();
            self.announce(&mut table);
        }
    }

    /// All YubiKeys away.
    pub(super) fn clear(&self) {
        let serials: Vec<u32> = self.lock().readers.iter().map(|reader| reader.card.serial()).collect();
        serials.into_iter().for_each(|serial| self.unplug(serial));
    }

    /// Tells everybody who waits that something changed.
    pub(super) fn announce(&self, table: &mut Table) {
        table.events += 1;
        for waiting in table.waiting.drain(..) {
            // A client that has gone needs no news.
            let _ = (&waiting.stream).write_all(&Fields::zero(8).result(rv::SUCCESS));
        }
        self.changed.notify_all();
    }
}

impl Table {
    /// Numbers for contexts and handles; never 0.
    pub(super) fn number(&mut self) -> u32 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn events(&self) -> u32 {
        self.events
    }

    pub(super) fn named(&mut self, name: &str) -> Result<&mut Reader, Rv> {
        self.readers.iter_mut().find(|reader| reader.name == name).ok_or(rv::E_UNKNOWN_READER)
    }

    /// The reader behind a handle. A handle whose reader has gone is an invalid value, as in pcscd (RFReaderInfoById).
    pub(super) fn reader(&mut self, handle: u32) -> Result<&mut Reader, Rv> {
        let connected = |reader: &&mut Reader| reader.connections.iter().any(|connection| connection.handle == handle);
        self.readers.iter_mut().find(connected).ok_or(rv::E_INVALID_VALUE)
    }

    /// The whole table of readers, as libpcsclite keeps it.
    pub(super) fn states(&self) -> Vec<u8> {
        let mut states: Vec<u8> = self.readers.iter().flat_map(Reader::state).collect();
        states.resize(MAX_READERS * STATE_LENGTH, 0);
        states
    }

    /// From now on the client is told of the next change, once.
    pub(super) fn wait(&mut self, client: u32, stream: UnixStream) {
        self.waiting.push(Waiting { client, stream });
    }

    /// Whether the client still waited.
    pub(super) fn stop_waiting(&mut self, client: u32) -> Option<UnixStream> {
        let place = self.waiting.iter().position(|waiting| waiting.client == client)?;
        Some(self.waiting.remove(place).stream)
    }
}

impl Reader {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn connection(&mut self, handle: u32) -> Result<&mut Connection, Rv> {
        self.connections.iter_mut().find(|connection| connection.handle == handle).ok_or(rv::E_INVALID_HANDLE)
    }

    /// The card was reset: every handle learns it at its next call.
    pub(super) fn mark_reset(&mut self) {
        self.protocol = 0;
        self.connections.iter_mut().for_each(|connection| connection.was_reset = true);
    }

    /// One READER_STATE.
    fn state(&self) -> Vec<u8> {
        let atr = self.card.atr();
        let sharing = if self.exclusive { u32::MAX } else { u32::try_from(self.connections.len()).expect("few connections") };
        let mut state = Fields::zero(STATE_LENGTH);
        state.put(0, self.name.as_bytes());
        state.set(NAME_LENGTH, self.events);
        state.set(NAME_LENGTH + 4, READY);
        state.set(NAME_LENGTH + 8, sharing);
        state.put(NAME_LENGTH + 12, &atr);
        state.set(176, u32::try_from(atr.len()).expect("33 bytes at most"));
        state.result(self.protocol)
    }
}
