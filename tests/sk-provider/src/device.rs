//! The device is a folder, so that a test can hold its button and read its memory.
//!
//! | file | who writes | meaning |
//! |---|---|---|
//! | (the folder) | test | plugged in as long as it exists; must be writable by who runs the agent |
//! | `touch` | test | absent or `given`: touched at once. `withheld`: waits until the file says otherwise, fails after 30 s. `refused`: fails at once. `after N`: touched after N milliseconds. `skipped`: signs at once and says that nobody touched |
//! | `pin` | test | the PIN; absent: none is set, and no user can be verified |
//! | `pin-tries` | both | wrong PINs left before the device blocks, 8 when absent |
//! | `fingerprint` | test | its existence verifies the user without a PIN |
//! | `log` | device | a line for each touch asked for (`touch sign ssh:`) and each signature (`signed ssh: flags=01`) |
//! | `secret`, `resident/` | device | what keys are derived from; the resident keys |

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::{Result, SkError};

/// How long a device blinks before it gives up.
const TOUCH_TIMEOUT: Duration = Duration::from_secs(30);
const PIN_TRIES: u32 = 8;

/// A device that is plugged in.
pub(crate) struct Device {
    pub(crate) folder: PathBuf,
}

impl Device {
    /// The device that the environment names, if it is there.
    pub(crate) fn plugged_in() -> Result<Device> {
        let folder = PathBuf::from(std::env::var_os("SK_PROVIDER_DEVICE").ok_or(SkError::DeviceNotFound)?);
        let device = Device { folder };
        device.still_there()?;
        Ok(device)
    }

    fn still_there(&self) -> Result<()> {
        if self.folder.is_dir() { Ok(()) } else { Err(SkError::DeviceNotFound) }
    }

    /// Returns once the person has touched, or false when this device does not care; an error when they do not touch.
    pub(crate) fn ask_for_touch(&self, what_for: &str, application: &[u8]) -> Result<bool> {
        let asked = Instant::now();
        self.log(&format!("touch {what_for} {}", application.escape_ascii()))?;
        if self.read("touch").is_some_and(|order| order == "skipped") {
            return Ok(false);
        }
        while asked.elapsed() < TOUCH_TIMEOUT {
            self.still_there()?;
            if self.touched(asked.elapsed())? {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(SkError::General)
    }

    fn touched(&self, waited: Duration) -> Result<bool> {
        let Some(order) = self.read("touch") else {
            return Ok(true);
        };
        match order.split_once(' ') {
            None if order == "given" => Ok(true),
            None if order == "withheld" => Ok(false),
            None if order == "refused" => Err(SkError::General),
            Some(("after", milliseconds)) => {
                let delay = milliseconds.parse().map_err(|_| SkError::General)?;
                Ok(waited >= Duration::from_millis(delay))
            }
            _ => Err(SkError::General), // a word that no test should have written
        }
    }

    /// Whether a PIN is set.
    pub(crate) fn has_pin(&self) -> bool {
        self.read("pin").is_some()
    }

    /// Whether this call verifies the user, by PIN or fingerprint. A wrong PIN is never forgiven, required or not.
    pub(crate) fn verify_user(&self, pin: Option<&[u8]>, required: bool) -> Result<bool> {
        match (pin, self.read("pin")) {
            (Some(given), Some(right)) => self.compare_pin(given, &right).map(|()| true),
            _ if self.read("fingerprint").is_some() => Ok(required),
            _ if !required => Ok(false),
            (None, Some(_)) => Err(SkError::PinRequired),
            (_, None) => Err(SkError::Unsupported),
        }
    }

    fn compare_pin(&self, given: &[u8], right: &str) -> Result<()> {
        let tries = self.read("pin-tries").map_or(Ok(PIN_TRIES), |text| text.parse());
        let tries = tries.map_err(|_| SkError::General)?;
        if tries == 0 {
            return Err(SkError::General); // blocked: FIDO_ERR_PIN_BLOCKED has no number of its own here
        }
        let matches = given == right.as_bytes();
        let left = if matches { PIN_TRIES } else { tries - 1 };
        self.write("pin-tries", left.to_string().as_bytes())?;
        if matches { Ok(()) } else { Err(SkError::PinRequired) }
    }

    /// Notes a signature and returns its number.
    pub(crate) fn count_signature(&self, application: &[u8], flags: u8) -> Result<u32> {
        self.log(&format!("signed {} flags={flags:02x}", application.escape_ascii()))?;
        let log = self.read("log").ok_or(SkError::General)?;
        let signatures = log.lines().filter(|line| line.starts_with("signed ")).count();
        u32::try_from(signatures).map_err(|_| SkError::General)
    }

    /// What all keys of this device are derived from, made at first use.
    pub(crate) fn secret(&self) -> Result<[u8; 32]> {
        let path = self.folder.join("secret");
        if !path.exists() {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(|_| SkError::General)?;
            let draft = format!("secret.{}", std::process::id());
            self.write(&draft, &secret)?;
            // A link never replaces: of two first uses at once, one wins and both read the winner's.
            let _ = fs::hard_link(self.folder.join(&draft), &path);
            let _ = fs::remove_file(self.folder.join(&draft));
        }
        let secret = fs::read(path).map_err(|_| SkError::General)?;
        secret.try_into().map_err(|_| SkError::General)
    }

    fn log(&self, line: &str) -> Result<()> {
        let open = OpenOptions::new().create(true).append(true).open(self.folder.join("log"));
        let written = open.and_then(|mut log| log.write_all(format!("{line}\n").as_bytes()));
        written.map_err(|_| SkError::General)
    }

    /// A file's text without blanks around it, None when there is no such file.
    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok().map(|text| text.trim().to_owned())
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        fs::write(self.folder.join(name), content).map_err(|_| SkError::General)
    }
}
