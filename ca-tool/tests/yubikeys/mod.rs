//! A desk with software YubiKeys, and a room in which ca-tool sees them.
#![allow(dead_code, unreachable_pub, clippy::expect_used, clippy::panic, clippy::unwrap_used)] // each test file uses its part of it

use std::process::Command;

pub use software_yubikey::{Desk, Firmware, YubiKey};

use crate::room::{Done, Room, Terminal};

pub const PIN: &str = "271828";
pub const PUK: &str = "31415926";
pub const SERIAL: u32 = 5_001_234;

pub struct Bench {
    pub desk: Desk,
    pub room: Room,
}

impl Bench {
    /// A desk with nothing on it.
    pub fn new() -> Self {
        Self::at(Desk::new())
    }

    pub fn at(desk: Desk) -> Self {
        let mut room = Room::new();
        room.set("PCSCLITE_CSOCK_NAME", desk.socket());
        room.set("CREDENTIALS_DIRECTORY", room.path("credentials"));
        std::fs::create_dir(room.path("credentials")).unwrap();
        let root = [software_yubikey::attestation_root_pem(), intermediates()].concat();
        room.write("root.pem", root);
        room.key("id", "ed25519");
        Self { desk, room }
    }

    /// A YubiKey fresh from the factory, plugged in.
    pub fn plug(&self, serial: u32, firmware: Firmware) -> YubiKey {
        let key = YubiKey::new(serial, firmware);
        self.desk.plug(&key);
        key
    }

    /// A YubiKey that `ca-tool init` made a CA, with these options besides.
    pub fn ca(&self, firmware: Firmware, options: &[&str]) -> YubiKey {
        let key = self.plug(SERIAL, firmware);
        let usual: &[&str] = if options.contains(&"--algorithm") { &[] } else { &["--algorithm", "p256"] };
        self.init(&[usual, options].concat()).done();
        key
    }

    /// `ca-tool init` whose new PIN and PUK a program gives.
    pub fn init(&self, options: &[&str]) -> Done {
        self.give("new-pin", PIN).give("new-puk", PUK);
        let done = self.room.ca_tool(&[&["init", "--slot", "9c", "--root", "root.pem"], options].concat());
        self.take("new-pin").take("new-puk");
        done
    }

    /// Puts a secret ready, as systemd does.
    pub fn give(&self, name: &str, secret: &str) -> &Self {
        self.room.write(&format!("credentials/ca-tool.{name}"), format!("{secret}\n"));
        self
    }

    pub fn take(&self, name: &str) -> &Self {
        let _ = std::fs::remove_file(self.room.path(&format!("credentials/ca-tool.{name}")));
        self
    }

    /// Signs `id.pub` for alice with slot 9c.
    pub fn sign(&self, options: &[&str]) -> Done {
        Done::of(self.sign_command(options))
    }

    pub fn sign_command(&self, options: &[&str]) -> Command {
        let usual = ["sign", "-s", "yubikey:slot=9c", "-I", "alice", "-n", "alice", "id.pub"];
        self.room.command(&[&usual, options].concat())
    }

    /// The same with a person at a terminal.
    pub fn sign_at_terminal(&self, options: &[&str]) -> Terminal {
        Terminal::start(&self.sign_command(options))
    }

    /// What ssh-keygen reads in the certificate.
    pub fn certificate(&self) -> String {
        self.room.ok("ssh-keygen", &["-L", "-f", "id-cert.pub"])
    }
}

/// Those of firmware 5.7, which are not on the device.
fn intermediates() -> String {
    use base64::Engine;
    let certificates = YubiKey::new(1, Firmware::V5_7).attestation_intermediates();
    let pem = |der: &Vec<u8>| {
        let base64 = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    certificates.iter().map(pem).collect()
}

/// Whether this is the PIN, by sending it to the card itself: a wrong one costs a try, a right one brings all back.
pub fn is_pin(key: &YubiKey, pin: &str) -> bool {
    send(key, &[&[0, 0x20, 0, 0x80, 8], &*padded(pin)].concat())
}

/// The same for the PUK, which is changed to itself.
pub fn is_puk(key: &YubiKey, puk: &str) -> bool {
    send(key, &[&[0, 0x24, 0, 0x81, 16], &*padded(puk), &*padded(puk)].concat())
}

fn send(key: &YubiKey, command: &[u8]) -> bool {
    use software_yubikey::Card;
    let mut card = key.clone();
    card.transmit(&[0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8]).unwrap();
    card.transmit(command).unwrap() == [0x90, 0]
}

fn padded(secret: &str) -> Vec<u8> {
    let mut bytes = secret.as_bytes().to_vec();
    bytes.resize(8, 0xff);
    bytes
}

/// How often a command was sent.
pub fn count(key: &YubiKey, command: &str) -> usize {
    key.commands().iter().filter(|sent| sent.starts_with(command)).count()
}
