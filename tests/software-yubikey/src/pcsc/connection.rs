//! What a client does with a card: connect, transact, transmit. The rules are those of pcscd's winscard.c and readerfactory.c.

use super::protocol::{EJECT_CARD, LEAVE_CARD, PROTOCOL_RAW, PROTOCOL_T1, Rv, SHARE_DIRECT, SHARE_EXCLUSIVE, rv};
use super::readers::{Connection, Reader, Readers, Table};
use crate::Card;
use std::sync::MutexGuard;
use std::time::Duration;

/// How long a client waits in the service for another's transaction; libpcsclite asks again for as long as it takes.
const TURN: Duration = Duration::from_millis(100);

impl Readers {
    /// A handle and the protocol. Waits until nobody's transaction is open.
    pub(super) fn connect(&self, name: &str, share: u32, protocols: u32) -> Result<(u32, u32), Rv> {
        let mut table = self.lock();
        loop {
            let reader = table.named(name)?;
            if reader.exclusive || (share == SHARE_EXCLUSIVE && !reader.connections.is_empty()) {
                return Err(rv::E_SHARING_VIOLATION);
            }
            if reader.transaction.is_none() {
                break;
            }
            table = self.wait(table);
        }
        let handle = table.number();
        let reader = table.named(name)?;
        let protocol = reader.negotiate(share, protocols)?;
        reader.connections.push(Connection { handle, was_reset: false });
        if share == SHARE_EXCLUSIVE {
            reader.exclusive = true;
            reader.transaction = Some((handle, 1));
        }
        self.announce(&mut table);
        Ok((handle, protocol))
    }

    /// Connects anew after a reset by somebody else, or to reset the card.
    pub(super) fn reconnect(&self, handle: u32, share: u32, protocols: u32, initialization: u32) -> Result<u32, Rv> {
        if initialization >= EJECT_CARD {
            return Err(rv::E_INVALID_VALUE);
        }
        let table = self.turn(handle)?;
        let mut table = if initialization == LEAVE_CARD { table } else { self.reset(table, handle)? };
        let reader = table.reader(handle)?;
        let protocol = reader.negotiate(share, protocols)?;
        match (share == SHARE_EXCLUSIVE, reader.exclusive) {
            (true, false) if reader.connections.len() > 1 => return Err(rv::E_SHARING_VIOLATION),
            (true, false) => reader.transaction = Some((handle, 1)),
            (false, true) => reader.transaction = None,
            _ => (),
        }
        reader.exclusive = share == SHARE_EXCLUSIVE;
        reader.connection(handle)?.was_reset = false;
        self.announce(&mut table);
        Ok(protocol)
    }

    /// Ends a connection; the disposition says whether the card is reset. A reader that has gone is no error.
    pub(super) fn disconnect(&self, handle: u32, disposition: u32) -> Result<(), Rv> {
        let mut table = self.lock();
        if disposition != LEAVE_CARD {
            while table.reader(handle).is_ok_and(|reader| reader.is_busy_for(handle)) {
                table = self.wait(table);
            }
            table = match self.reset(table, handle) {
                Ok(table) => table,
                Err(_) => return Ok(()),
            };
        }
        let Ok(reader) = table.reader(handle) else { return Ok(()) };
        if !reader.is_busy_for(handle) {
            reader.transaction = None;
            reader.exclusive = false;
        }
        reader.connections.retain(|connection| connection.handle != handle);
        self.announce(&mut table);
        Ok(())
    }

    /// A client has gone, or gave its context back: an open transaction ends with a reset of the card.
    pub(super) fn abandon(&self, handle: u32) {
        let disposition = match self.lock().reader(handle) {
            Ok(reader) if reader.transaction.is_some_and(|(owner, _)| owner == handle) => 1,
            _ => LEAVE_CARD,
        };
        // It fails only for a card that has gone too.
        let _ = self.disconnect(handle, disposition);
    }

    /// The card is this handle's alone until `end`.
    pub(super) fn begin(&self, handle: u32) -> Result<(), Rv> {
        let mut table = self.undisturbed(handle)?;
        let reader = table.reader(handle)?;
        let depth = reader.transaction.map_or(0, |(_, depth)| depth);
        reader.transaction = Some((handle, depth + 1));
        Ok(())
    }

    pub(super) fn end(&self, handle: u32, disposition: u32) -> Result<(), Rv> {
        let mut table = self.undisturbed(handle)?;
        if disposition != LEAVE_CARD {
            table = self.reset(table, handle)?;
        }
        let reader = table.reader(handle)?;
        reader.transaction = match reader.transaction {
            Some((_, 1)) if reader.exclusive => return Err(rv::E_NOT_TRANSACTED),
            Some((_, 1)) => None,
            Some((owner, depth)) => Some((owner, depth - 1)),
            None => return Err(rv::E_NOT_TRANSACTED),
        };
        self.changed.notify_all();
        Ok(())
    }

    pub(super) fn status(&self, handle: u32) -> Result<(), Rv> {
        self.undisturbed(handle).map(drop)
    }

    /// One APDU. The card may take its time over it (a touch), or be pulled out.
    pub(super) fn transmit(&self, handle: u32, protocol: u32, apdu: &[u8]) -> Result<Vec<u8>, Rv> {
        let mut table = self.undisturbed(handle)?;
        let reader = table.reader(handle)?;
        if protocol != PROTOCOL_RAW && protocol != reader.protocol {
            return Err(rv::E_PROTO_MISMATCH);
        }
        let mut card = reader.card.clone();
        drop(table);
        let response = card.transmit(apdu);
        if response.is_none() {
            self.unplug(card.serial());
        }
        // It may be another card that answers at the same port now, or the same one plugged in again.
        self.lock().reader(handle).map_err(|_| rv::E_READER_UNAVAILABLE)?;
        response.ok_or(rv::E_READER_UNAVAILABLE)
    }

    /// What the reader says of itself (reader.h): its names, the ATR, the protocol.
    pub(super) fn attribute(&self, handle: u32, id: u32) -> Result<Vec<u8>, Rv> {
        let mut table = self.undisturbed(handle)?;
        let reader = table.reader(handle)?;
        match id {
            0x0001_0100 => Ok(b"Yubico\0".to_vec()),
            0x0009_0303 => Ok(reader.card.atr()),
            0x7fff_0003 | 0x7fff_0004 => Ok([reader.name().as_bytes(), b"\0"].concat()),
            _ => Err(rv::E_UNSUPPORTED_FEATURE),
        }
    }

    /// No YubiKey has a pad or a display: there is nothing to control.
    pub(super) fn control(&self, handle: u32) -> Result<(), Rv> {
        let mut table = self.turn(handle)?;
        table.reader(handle)?;
        Err(rv::E_UNSUPPORTED_FEATURE)
    }

    /// Waits for the handle's turn, and not for ever: the client asks again.
    fn turn(&self, handle: u32) -> Result<MutexGuard<'_, Table>, Rv> {
        let mut table = self.lock();
        if table.reader(handle)?.is_busy_for(handle) {
            table = self.wait(table);
        }
        if table.reader(handle)?.is_busy_for(handle) {
            return Err(rv::E_SHARING_VIOLATION);
        }
        Ok(table)
    }

    /// The handle's turn, and nobody reset the card since it connected.
    fn undisturbed(&self, handle: u32) -> Result<MutexGuard<'_, Table>, Rv> {
        let mut table = self.turn(handle)?;
        match table.reader(handle)?.connection(handle)?.was_reset {
            true => Err(rv::W_RESET_CARD),
            false => Ok(table),
        }
    }

    fn wait<'t>(&self, table: MutexGuard<'t, Table>) -> MutexGuard<'t, Table> {
        self.changed.wait_timeout(table, TURN).unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    /// Resets the card; a command that is under way ends first, so the table is not held meanwhile.
    fn reset<'t>(&'t self, mut table: MutexGuard<'t, Table>, handle: u32) -> Result<MutexGuard<'t, Table>, Rv> {
        let mut card = table.reader(handle)?.card.clone();
        drop(table);
        card.reset();
        let mut table = self.lock();
        match table.reader(handle) {
            Ok(reader) => reader.mark_reset(),
            // Pulled out meanwhile, and a reset card counts as plugged in.
            Err(gone) => {
                card.unplug();
                return Err(gone);
            }
        }
        Ok(table)
    }
}

impl Reader {
    /// Whether somebody else's transaction is open.
    fn is_busy_for(&self, handle: u32) -> bool {
        self.transaction.is_some_and(|(owner, _)| owner != handle)
    }

    /// The protocol both sides speak: a YubiKey's is T=1.
    fn negotiate(&mut self, share: u32, protocols: u32) -> Result<u32, Rv> {
        if protocols & PROTOCOL_RAW != 0 {
            self.protocol = PROTOCOL_RAW;
        } else if protocols & PROTOCOL_T1 != 0 {
            self.protocol = PROTOCOL_T1;
        } else if share != SHARE_DIRECT {
            return Err(rv::E_PROTO_MISMATCH);
        }
        Ok(self.protocol)
    }
}
