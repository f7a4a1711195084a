//! A real pcscd of our own, in a mount namespace with its own /run, with two readers of vpcd that look like YubiKeys.
//!
//! It needs pcscd, vsmartcard-vpcd and either root or user namespaces, and fails loudly without. It shows what the stand-in
//! (`pcsc`) cannot: pcscd's own timing, and readers that stay when the card goes.

use crate::pcsc::{self, CardState};
use crate::vpcd::Slot;
use crate::{READER_NAME, YubiKey};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};
use tempfile::TempDir;

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// Long enough for a machine that is busy with everything else; nothing waits so long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// pcscd ends when its standard input does, so it dies with the test whatever becomes of that. Debian 13's asks polkit about
/// each client, which does not run here; Debian 12's does not know the word.
const SCRIPT: &str = r#"mount -t tmpfs none /run && mkdir -p /run/pcscd || exit
pcscd --foreground $(pcscd --help 2>&1 | grep -o -e --disable-polkit) --config "$1" &
cat
kill $!
wait $!
"#;

/// The daemon. Dropping it ends it.
pub struct Pcscd {
    process: Child,
    socket: PathBuf,
    /// vpcd's first port; the second reader's is the next.
    port: u16,
    slots: Mutex<[Option<Slot>; 2]>,
    folder: TempDir,
}

impl Pcscd {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it does not start, with what it said.
    pub fn start() -> Self {
        assert!(Path::new(DRIVER).exists(), "{DRIVER} is missing: install vsmartcard-vpcd");
        // Somebody else may take a port between our look and vpcd's.
        (0..5).find_map(|_| Self::try_start()).expect("vpcd gets two free ports")
    }

    /// `None` when vpcd did not get its ports.
    fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder for pcscd");
        let (config, log) = (folder.path().join("config"), folder.path().join("log"));
        let port = free_ports();
        fs::create_dir(&config).expect("pcscd's configuration folder");
        fs::write(config.join("vpcd"), configuration(port)).expect("pcscd's configuration");
        let process = spawn(&config, File::create(&log).expect("pcscd's log"));
        let socket = format!("/proc/{}/root/run/pcscd/pcscd.comm", process.id()).into();
        let mut pcscd = Self { process, socket, port, slots: Mutex::default(), folder };
        let readers = wait_for(|| {
            let ended = pcscd.process.try_wait().expect("pcscd is our child");
            assert!(ended.is_none(), "pcscd did not start: {}", fs::read_to_string(&log).unwrap_or_default());
            pcsc::list(&pcscd.socket).ok()
        });
        (readers.len() == 2).then_some(pcscd)
    }

    /// Its socket, for PCSCLITE_CSOCK_NAME. It is reached through /proc, so only by the same user.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Puts a YubiKey into the first free one of its two readers and waits until pcscd has seen it.
    ///
    /// # Panics
    /// When both readers hold a card.
    pub fn plug(&self, key: &YubiKey) {
        let place = self.slots().iter().position(Option::is_none).expect("vpcd has two readers");
        // A card that went by itself (`YubiKey::unplug_before`) may have gone just now: pcscd must see that first.
        self.wait_until(place, CardState::Absent);
        let port = self.port + u16::try_from(place).expect("0 or 1");
        self.slots()[place] = Some(Slot::insert(key, port).expect("vpcd listens"));
        self.wait_until(place, CardState::Ready);
    }

    /// Pulls it out, and waits until pcscd has seen that: vpcd is stuck for good when the next card comes sooner.
    pub fn unplug(&self, key: &YubiKey) {
        let is_in = |slot: &Option<Slot>| slot.as_ref().is_some_and(|slot| slot.key().serial() == key.serial());
        let Some(place) = self.slots().iter().position(is_in) else { return };
        drop(self.slots()[place].take());
        self.wait_until(place, CardState::Absent);
    }

    fn slots(&self) -> MutexGuard<'_, [Option<Slot>; 2]> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state alone is not enough: a program's failed reset says "absent" before pcscd's own look at the reader does, and only
    /// that look prepares the reader for the next card. It counts each coming and each going, so an odd number means a card.
    fn wait_until(&self, place: usize, card: CardState) {
        let parity = u32::from(card == CardState::Ready);
        let start = Instant::now();
        loop {
            let readers = pcsc::list(&self.socket).expect("pcscd answers");
            if readers[place].card == card && readers[place].events % 2 == parity {
                return;
            }
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "pcscd sees {readers:?}, not {card:?} in {place}; it said: {}", log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        *self.slots() = [None, None];
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn spawn(config: &Path, log: File) -> Child {
    let root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    Command::new("unshare")
        .arg(if root { "-m" } else { "-Urm" })
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(config)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("a second handle of the log"))
        .stderr(log)
        .spawn()
        .expect("unshare (util-linux) starts")
}

/// reader.conf(5). CHANNELID is what pcscd takes for the port, DEVICENAME what vpcd does.
fn configuration(port: u16) -> String {
    format!("FRIENDLYNAME \"{READER_NAME}\"\nDEVICENAME /dev/null:{port:#X}\nLIBPATH {DRIVER}\nCHANNELID {port:#X}\n")
}

/// The first of two neighbouring ports that are free just now.
fn free_ports() -> u16 {
    let listen = |port| TcpListener::bind(("0.0.0.0", port));
    let pair = || -> io::Result<u16> {
        let first = listen(0)?;
        let port = first.local_addr()?.port();
        listen(port.checked_add(1).ok_or(io::ErrorKind::AddrInUse)?)?;
        Ok(port)
    };
    (0..100).find_map(|_| pair().ok()).expect("two free ports")
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "pcscd did not see a change within a minute");
        thread::sleep(Duration::from_millis(10));
    }
}
