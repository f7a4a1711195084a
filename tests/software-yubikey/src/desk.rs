//! A desk with USB ports: plug YubiKeys in, run unmodified programs that see them, pull the YubiKeys out.

use crate::YubiKey;
use crate::pcsc::{self, ReaderState};
use crate::pcscd::Pcscd;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A PC/SC service and what is plugged in. Dropping it pulls everything out and ends the service.
///
/// Programs see it through the environment of [`Desk::command`]; libpcsclite looks at that once a process.
pub struct Desk {
    service: Service,
    socket: PathBuf,
    folder: TempDir,
}

enum Service {
    InProcess(pcsc::Service),
    Daemon(Pcscd),
}

impl Desk {
    /// With the service in this process: no daemon, no rights, and a reader for each of up to 16 YubiKeys that comes and goes with it.
    #[expect(clippy::new_without_default, reason = "it starts a service")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the desk");
        let socket = folder.path().join("pcscd.comm");
        let service = pcsc::Service::start(&socket).expect("a socket in a new folder");
        Self { service: Service::InProcess(service), socket, folder }
    }

    /// With a real pcscd and two readers that stay when their card is pulled out. Needs root or user namespaces.
    ///
    /// # Panics
    /// When pcscd or vsmartcard-vpcd is missing or does not start.
    pub fn with_pcscd() -> Self {
        let pcscd = Pcscd::start();
        let socket = pcscd.socket().to_path_buf();
        Self { service: Service::Daemon(pcscd), socket, folder: tempfile::tempdir().expect("a folder for the desk") }
    }

    /// Plugs a YubiKey in. Programs that start from now on see it.
    ///
    /// # Panics
    /// When it is plugged in already or no port is free.
    pub fn plug(&self, key: &YubiKey) {
        match &self.service {
            Service::InProcess(service) => service.plug(key),
            Service::Daemon(pcscd) => pcscd.plug(key),
        }
    }

    /// Pulls a YubiKey out, in the middle of a command if need be. Nothing happens when it is not there.
    ///
    /// [`YubiKey::unplug_before`] and its like pull it out at a chosen command; `unplug` and `plug` put it in again then, too.
    pub fn unplug(&self, key: &YubiKey) {
        match &self.service {
            Service::InProcess(service) => service.unplug(key),
            Service::Daemon(pcscd) => pcscd.unplug(key),
        }
    }

    /// The readers, as a program sees them now.
    pub fn readers(&self) -> Vec<ReaderState> {
        pcsc::list(&self.socket).expect("the service answers")
    }

    /// The service's socket, for PCSCLITE_CSOCK_NAME.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A folder that goes with the desk; it is the HOME of its programs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program at this desk: it runs in `folder`, in English, with nothing of this process's environment but PATH.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.folder())
            .env("LC_ALL", "C.UTF-8")
            .env("PCSCLITE_CSOCK_NAME", &self.socket)
            .current_dir(self.folder());
        command
    }
}
