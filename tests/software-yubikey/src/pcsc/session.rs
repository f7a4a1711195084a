//! One client's connection: its messages, one after the other, until it goes.

use super::protocol::{self, ATTRIBUTE_LENGTH, Fields, NAME_LENGTH, Request, Rv, command, rv};
use super::readers::Readers;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// The newest protocol this service speaks (4.6 has another way to list readers; its clients can do without).
const MAJOR: u32 = 4;
const MINOR: u32 = 5;

pub(super) struct Session {
    readers: Arc<Readers>,
    stream: UnixStream,
    /// The SCARDCONTEXT that this client will have.
    context: u32,
    handles: Vec<u32>,
}

impl Session {
    /// A number of this client's own.
    pub(super) fn context(&self) -> u32 {
        self.context
    }

    pub(super) fn new(readers: Arc<Readers>, stream: UnixStream) -> Self {
        let context = readers.lock().number();
        Self { readers, stream, context, handles: vec![] }
    }

    /// Serves the client until it goes, then frees what it held.
    pub(super) fn run(mut self) {
        while let Ok(request) = protocol::read(&mut self.stream) {
            if self.answer(request).is_err() {
                break;
            }
        }
        self.readers.lock().stop_waiting(self.context);
        self.release();
    }

    fn answer(&mut self, Request { command, mut fields, data }: Request) -> io::Result<()> {
        let readers = Arc::clone(&self.readers);
        let handle = fields.first();
        let done = match command {
            command::VERSION => self.version(&mut fields),
            command::ESTABLISH_CONTEXT => {
                fields.set(4, self.context);
                Ok(())
            }
            command::RELEASE_CONTEXT => {
                self.release();
                Ok(())
            }
            command::CONNECT => self.connect(&mut fields),
            command::RECONNECT => readers
                .reconnect(handle, fields.word(4), fields.word(8), fields.word(12))
                .map(|protocol| fields.set(16, protocol)),
            command::DISCONNECT => {
                self.handles.retain(|mine| *mine != handle);
                readers.disconnect(handle, fields.word(4))
            }
            command::BEGIN_TRANSACTION => readers.begin(handle),
            command::END_TRANSACTION => readers.end(handle, fields.word(4)),
            command::STATUS => readers.status(handle),
            command::CONTROL => readers.control(handle),
            command::CANCEL => cancel(&readers, handle),
            command::GET_ATTRIB => get_attrib(&readers, &mut fields),
            command::TRANSMIT => return self.transmit(fields, &data),
            command::GET_READER_EVENTS => {
                fields = Fields::zero(8);
                fields.set(0, readers.lock().events());
                Ok(())
            }
            _ => return self.list(command),
        };
        self.stream.write_all(&fields.result(done.err().unwrap_or(rv::SUCCESS)))
    }

    /// The client's own version if we speak it, else ours: the client comes again with that.
    fn version(&self, fields: &mut Fields) -> Result<(), Rv> {
        if fields.word(0) == MAJOR && fields.word(4) <= MINOR {
            return Ok(());
        }
        fields.set(0, MAJOR);
        fields.set(4, MINOR);
        Err(rv::E_SERVICE_STOPPED)
    }

    fn connect(&mut self, fields: &mut Fields) -> Result<(), Rv> {
        let after_name = 4 + NAME_LENGTH;
        let (share, protocols) = (fields.word(after_name), fields.word(after_name + 4));
        let (handle, protocol) = self.readers.connect(&fields.name(4), share, protocols)?;
        self.handles.push(handle);
        fields.set(after_name + 8, handle);
        fields.set(after_name + 12, protocol);
        Ok(())
    }

    fn transmit(&mut self, mut fields: Fields, apdu: &[u8]) -> io::Result<()> {
        let room = fields.word(24) as usize;
        let response = match self.readers.transmit(fields.word(0), fields.word(4), apdu) {
            Ok(response) if response.len() > room => Err(rv::E_INSUFFICIENT_BUFFER),
            other => other,
        };
        fields.set(24, u32::try_from(response.as_ref().map_or(0, Vec::len)).expect("a response APDU"));
        match response {
            Ok(response) => self.stream.write_all(&[fields.result(rv::SUCCESS), response].concat()),
            Err(error) => self.stream.write_all(&fields.result(error)),
        }
    }

    /// The commands about the table of readers. The table is held while the client is told, so that no change falls between.
    fn list(&mut self, command: u32) -> io::Result<()> {
        let mut table = self.readers.lock();
        match command {
            command::GET_READERS_STATE => self.stream.write_all(&table.states()),
            command::WAIT_READER_STATE_CHANGE => {
                self.stream.write_all(&table.states())?;
                table.wait(self.context, self.stream.try_clone()?);
                Ok(())
            }
            // A client that no longer waits has been told already.
            _ => match table.stop_waiting(self.context) {
                Some(mut stream) => stream.write_all(&Fields::zero(8).result(rv::SUCCESS)),
                None => Ok(()),
            },
        }
    }

    fn release(&mut self) {
        self.handles.drain(..).for_each(|handle| self.readers.abandon(handle));
    }
}

/// Wakes the client with this context out of SCardGetStatusChange.
fn cancel(readers: &Readers, context: u32) -> Result<(), Rv> {
    if let Some(mut stream) = readers.lock().stop_waiting(context) {
        // A client that has gone needs no news.
        let _ = stream.write_all(&Fields::zero(8).result(rv::E_CANCELLED));
    }
    Ok(())
}

fn get_attrib(readers: &Readers, fields: &mut Fields) -> Result<(), Rv> {
    let value = readers.attribute(fields.word(0), fields.word(4))?;
    fields.put(8, &value);
    fields.set(8 + ATTRIBUTE_LENGTH, u32::try_from(value.len()).expect("264 bytes at most"));
    Ok(())
}
