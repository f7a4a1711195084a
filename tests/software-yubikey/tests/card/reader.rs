//! A reader without a service: sends commands, reads responses, and knows the few dialogues that every test needs.

use cipher::{Block, BlockCipherEncrypt, KeyInit};
use software_yubikey::{Card, Firmware, YubiKey};

pub(crate) const DEFAULT_MANAGEMENT_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
pub(crate) const PIN: &[u8; 8] = b"123456\xff\xff";
pub(crate) const PUK: &[u8; 8] = b"12345678";
pub(crate) const WRONG: &[u8; 8] = b"654321\xff\xff";

pub(crate) const OK: u16 = 0x9000;
pub(crate) const SECURITY_NOT_SATISFIED: u16 = 0x6982;
pub(crate) const BLOCKED: u16 = 0x6983;
pub(crate) const WRONG_DATA: u16 = 0x6a80;
pub(crate) const REFERENCE_NOT_FOUND: u16 = 0x6a88;

/// Algorithms by their numbers.
pub(crate) const P256: u8 = 0x11;
pub(crate) const P384: u8 = 0x14;
pub(crate) const ED25519: u8 = 0xe0;

/// A YubiKey in a reader, its PIV application selected.
pub(crate) fn yubikey(firmware: Firmware) -> Reader {
    let mut reader = Reader { yubikey: YubiKey::new(5_001_234, firmware) };
    reader.select_piv();
    reader
}

pub(crate) struct Reader {
    pub(crate) yubikey: YubiKey,
}

impl Reader {
    /// Sends bytes as they are; the response apart from its status word.
    pub(crate) fn raw(&mut self, command: &[u8]) -> (Vec<u8>, u16) {
        let mut response = self.yubikey.transmit(command).expect("the card is in the reader");
        let status = response.split_off(response.len() - 2);
        (response, u16::from_be_bytes([status[0], status[1]]))
    }

    /// Sends an extended command that takes answers of any length.
    pub(crate) fn send(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> (Vec<u8>, u16) {
        self.raw(&extended(ins, p1, p2, data))
    }

    /// The data, when all is well.
    pub(crate) fn ask(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
        let (answer, status) = self.send(ins, p1, p2, data);
        assert_eq!(status, OK, "{ins:02x} {p1:02x} {p2:02x}");
        answer
    }

    /// The status word alone.
    pub(crate) fn status(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> u16 {
        self.send(ins, p1, p2, data).1
    }

    pub(crate) fn select_piv(&mut self) {
        self.ask(0xa4, 4, 0, b"\xa0\x00\x00\x03\x08");
    }

    pub(crate) fn verify(&mut self, pin: &[u8; 8]) -> u16 {
        self.status(0x20, 0, 0x80, pin)
    }

    /// Asks for the tries left.
    pub(crate) fn tries(&mut self) -> u16 {
        self.status(0x20, 0, 0x80, &[])
    }

    /// Proves the management key, both ways round.
    pub(crate) fn authenticate(&mut self, cipher: u8, key: &[u8]) -> u16 {
        let (answer, status) = self.send(0x87, cipher, 0x9b, &[0x7c, 2, 0x80, 0]);
        if status != OK {
            return status;
        }
        let witness = decrypt(cipher, key, &answer[4..]);
        let challenge = vec![0x5a; witness.len()];
        let template = tlv(0x7c, &[tlv(0x80, &witness), tlv(0x81, &challenge)].concat());
        let (answer, status) = self.send(0x87, cipher, 0x9b, &template);
        if status == OK {
            assert_eq!(answer, tlv(0x7c, &tlv(0x82, &encrypt(cipher, key, &challenge))), "the card has another key");
        }
        status
    }

    /// Proves the default management key of this firmware.
    pub(crate) fn become_manager(&mut self) {
        let cipher = if self.yubikey.firmware() >= Firmware::V5_7 { 0x0a } else { 0x03 };
        assert_eq!(self.authenticate(cipher, &DEFAULT_MANAGEMENT_KEY), OK);
    }

    /// GENERATE with policies; the public key's elements.
    pub(crate) fn generate(&mut self, slot: u8, algorithm: u8, policies: &[u8]) -> Vec<u8> {
        let data = tlv(0xac, &[&[0x80, 1, algorithm], policies].concat());
        let answer = self.ask(0x47, 0, slot, &data);
        assert_eq!(answer[..2], [0x7f, 0x49]);
        inside(&answer[1..]).to_vec()
    }

    /// GENERAL AUTHENTICATE, to sign.
    pub(crate) fn sign(&mut self, slot: u8, algorithm: u8, input: &[u8]) -> Result<Vec<u8>, u16> {
        let template = tlv(0x7c, &[tlv(0x82, &[]), tlv(0x81, input)].concat());
        match self.send(0x87, algorithm, slot, &template) {
            (answer, OK) => Ok(inside(inside(&answer)).to_vec()),
            (_, status) => Err(status),
        }
    }

    /// Uses up the tries of the PIN and the PUK.
    pub(crate) fn block_both(&mut self) {
        while self.verify(WRONG) != BLOCKED {}
        while self.status(0x2c, 0, 0x80, &[*WRONG, *PIN].concat()) != BLOCKED {}
    }
}

pub(crate) fn extended(ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let mut command = vec![0, ins, p1, p2, 0];
    if !data.is_empty() {
        command.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        command.extend(data);
    }
    command.extend([0, 0]);
    command
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = match u16::try_from(value.len()).unwrap().to_be_bytes() {
        [0, length @ ..=0x7f] => vec![length],
        [0, length] => vec![0x81, length],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], value].concat()
}

/// The value of the first element.
pub(crate) fn inside(element: &[u8]) -> &[u8] {
    match element[1] {
        length @ ..=0x7f => &element[2..][..usize::from(length)],
        0x81 => &element[3..][..usize::from(element[2])],
        _ => &element[4..][..usize::from(u16::from_be_bytes([element[2], element[3]]))],
    }
}

pub(crate) fn encrypt(cipher: u8, key: &[u8], block: &[u8]) -> Vec<u8> {
    fn with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut block = Block::<C>::try_from(block).unwrap();
        C::new_from_slice(key).unwrap().encrypt_block(&mut block);
        block.to_vec()
    }
    match cipher {
        0x03 => with::<des::TdesEde3>(key, block),
        0x08 => with::<aes::Aes128>(key, block),
        0x0a => with::<aes::Aes192>(key, block),
        _ => with::<aes::Aes256>(key, block),
    }
}

fn decrypt(cipher: u8, key: &[u8], block: &[u8]) -> Vec<u8> {
    fn with<C: cipher::BlockCipherDecrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut block = Block::<C>::try_from(block).unwrap();
        C::new_from_slice(key).unwrap().decrypt_block(&mut block);
        block.to_vec()
    }
    match cipher {
        0x03 => with::<des::TdesEde3>(key, block),
        0x08 => with::<aes::Aes128>(key, block),
        0x0a => with::<aes::Aes192>(key, block),
        _ => with::<aes::Aes256>(key, block),
    }
}
