//! A YubiKey in a reader of vsmartcard's vpcd, the driver of the real pcscd for cards at the other end of a TCP connection.
//!
//! Messages are a length (u16, network order) and so many bytes. One byte from the reader is an order, more are a command APDU
//! (vpcd.h and ifd-vpcd.c of vsmartcard).

use crate::{Card, YubiKey};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::thread::{self, JoinHandle};

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const SEND_ATR: u8 = 4;

/// A card in its slot. Dropping it pulls the card out.
pub struct Slot {
    key: YubiKey,
    stream: TcpStream,
    server: Option<JoinHandle<()>>,
}

impl Slot {
    /// Puts the card into the reader that listens at this port of 127.0.0.1.
    pub fn insert(key: &YubiKey, port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        let (mut card, mut served) = (key.clone(), stream.try_clone()?);
        card.reset();
        let server = thread::spawn(move || {
            // It ends when the card or the reader goes.
            let _ = serve(&mut card, &mut served);
            let _ = served.shutdown(Shutdown::Both);
        });
        Ok(Self { key: key.clone(), stream, server: Some(server) })
    }

    /// The card in it.
    pub fn key(&self) -> &YubiKey {
        &self.key
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The connection first: a reset that the reader still ordered would put the card in again.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.key.unplug();
        let _ = self.server.take().map(JoinHandle::join);
        self.key.unplug();
    }
}

fn serve(card: &mut YubiKey, stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let message = receive(stream)?;
        match message[..] {
            [POWER_OFF] => (),
            [POWER_ON | RESET] => card.reset(),
            [SEND_ATR] => send(stream, &card.atr())?,
            _ => match card.transmit(&message) {
                Some(response) => send(stream, &response)?,
                None => return Ok(()),
            },
        }
    }
}

fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    // vpcd writes length and data apart, with Nagle's algorithm on: each would wait 40 ms for a delayed acknowledgement. The
    // kernel forgets the option, so it is set for every message.
    stream.set_quickack(true)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())
}
