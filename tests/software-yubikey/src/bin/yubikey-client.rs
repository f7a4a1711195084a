//! The yubikey crate, led by a test step by step: one line in, one line out.

use std::fmt::Debug;
use yubikey::piv::{self, AlgorithmId, SlotId};
use yubikey::{Error, MgmKey, PinPolicy, Serial, TouchPolicy, YubiKey};

fn main() {
    let mut key = None;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "open" {
            // The crate's Drop resets the card, which the new connection would notice.
            drop(key.take());
        }
        match words[..] {
            ["open"] => say(YubiKey::open().map(|opened| key = Some(opened))),
            ["open", serial] => {
                let serial = Serial::from(serial.parse::<u32>().expect("a number"));
                say(YubiKey::open_by_serial(serial).map(|opened| key = Some(opened)));
            }
            _ => with_key(key.as_mut().expect("an open YubiKey"), &words),
        }
    }
}

fn with_key(key: &mut YubiKey, words: &[&str]) {
    match *words {
        ["version"] => println!("{} {}", key.version(), key.serial()),
        ["pin", pin] => say(key.verify_pin(pin.as_bytes())),
        ["tries"] => say(key.get_pin_retries()),
        ["authenticate"] => say(MgmKey::get_default(key).and_then(|management_key| key.authenticate(&management_key))),
        ["generate", id, algorithm] => {
            let made = piv::generate(key, slot(id), parse(algorithm), PinPolicy::Once, TouchPolicy::Always);
            say(made.map(|public| hex(public.subject_public_key.raw_bytes())));
        }
        ["sign", id, algorithm, digest] => {
            say(piv::sign_data(key, &bytes(digest), parse(algorithm), slot(id)).map(|it| hex(&it)))
        }
        ["attest", id] => say(piv::attest(key, slot(id)).map(|certificate| certificate.len() > 100)),
        ["metadata", id] => say(piv::metadata(key, slot(id)).map(|metadata| (metadata.algorithm, metadata.policy))),
        ["reconnect"] => say(key.reconnect()),
        _ => panic!("what is {words:?}?"),
    }
}

fn slot(id: &str) -> SlotId {
    match id {
        "9a" => SlotId::Authentication,
        "9c" => SlotId::Signature,
        _ => panic!("slot {id}"),
    }
}

fn parse(algorithm: &str) -> AlgorithmId {
    match algorithm {
        "p256" => AlgorithmId::EccP256,
        "p384" => AlgorithmId::EccP384,
        _ => panic!("algorithm {algorithm}"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn say<T: Debug>(result: Result<T, Error>) {
    match result {
        Ok(value) => println!("{value:?}"),
        Err(error) => println!("{error:?}"),
    }
}
