//! YubiKeys for shell scripts: plugs them in, and obeys commands on standard input until that ends.
//!
//! ```text
//! software-yubikey --socket PATH [--firmware 5.4] --serial N [--unplugged] [[--firmware 5.7] --serial N ...]
//!
//!   --socket PATH      serve there; programs find it by PCSCLITE_CSOCK_NAME=PATH
//!   --firmware V       4.3, 5.2, 5.4 or 5.7, for the serials after it (5.4 at first)
//!   --serial N         a YubiKey, plugged in; several times for several
//!   --unplugged        the last one is not plugged in yet
//!   --write-root FILE  the root that signed their attestation, PEM
//! ```
//!
//! It prints `ready` when it serves, then a line for each command: `ok`, or `error` and what is wrong.
//! Commands: `plug N`, `unplug N`, `touch given`, `touch withheld`.

use software_yubikey::{Firmware, Touch, YubiKey, pcsc::Service};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("software-yubikey: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let wanted = Wanted::parse(std::env::args().skip(1))?;
    if let Some(file) = &wanted.write_root {
        std::fs::write(file, software_yubikey::attestation_root_pem()).map_err(|error| format!("{file}: {error}"))?;
    }
    let service = Service::start(Path::new(&wanted.socket)).map_err(|error| format!("{}: {error}", wanted.socket))?;
    let mut keys = wanted.keys;
    for (key, plugged) in &keys {
        if *plugged {
            service.plug(key);
        }
    }
    say("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        match obey(&service, &mut keys, &line) {
            Ok(()) => say("ok"),
            Err(error) => say(&format!("error: {error}")),
        }
    }
    Ok(())
}

/// What the arguments ask for.
#[derive(Default)]
struct Wanted {
    socket: String,
    write_root: Option<String>,
    /// And whether it is plugged in.
    keys: Vec<(YubiKey, bool)>,
}

impl Wanted {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut wanted, mut firmware) = (Self::default(), Firmware::V5_4);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--socket" => wanted.socket = value()?,
                "--write-root" => wanted.write_root = Some(value()?),
                "--firmware" => firmware = parse_firmware(&value()?)?,
                "--serial" => wanted.keys.push((YubiKey::new(parse_serial(&value()?)?, firmware), true)),
                "--unplugged" => wanted.keys.last_mut().ok_or("--unplugged comes after a --serial")?.1 = false,
                _ => return Err(format!("what is {argument}?")),
            }
        }
        match (wanted.socket.is_empty(), wanted.keys.is_empty()) {
            (false, false) => Ok(wanted),
            _ => Err("usage: software-yubikey --socket PATH [--firmware V] --serial N ...".into()),
        }
    }
}

fn obey(service: &Service, keys: &mut [(YubiKey, bool)], line: &str) -> Result<(), String> {
    let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match (command, argument) {
        ("touch", "given") => keys.iter().for_each(|(key, _)| key.touch(Touch::Given)),
        ("touch", "withheld") => keys.iter().for_each(|(key, _)| key.touch(Touch::Withheld)),
        ("plug" | "unplug", serial) => {
            let serial = parse_serial(serial)?;
            let (key, plugged) = keys.iter_mut().find(|(key, _)| key.serial() == serial).ok_or("no such YubiKey")?;
            match (command == "plug", *plugged) {
                (true, true) => return Err(format!("{serial} is plugged in")),
                (true, false) => service.plug(key),
                (false, _) => service.unplug(key),
            }
            *plugged = command == "plug";
        }
        _ => return Err("plug N, unplug N, touch given, touch withheld".into()),
    }
    Ok(())
}

fn parse_firmware(text: &str) -> Result<Firmware, String> {
    let known = [Firmware::V4_3, Firmware::V5_2, Firmware::V5_4, Firmware::V5_7];
    let is_it = |firmware: &Firmware| {
        let [major, minor, patch] = firmware.version();
        text == format!("{major}.{minor}") || text == format!("{major}.{minor}.{patch}")
    };
    known.into_iter().find(is_it).ok_or(format!("firmware {text}: there are 4.3, 5.2, 5.4 and 5.7"))
}

fn parse_serial(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("serial number {text:?}"))
}

/// One line, at once: a script waits for it.
fn say(line: &str) {
    println!("{line}");
    // Nobody listens when it fails.
    let _ = std::io::stdout().flush();
}
