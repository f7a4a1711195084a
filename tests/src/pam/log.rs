//! The room's /dev/log: what programs in it send to syslog.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Listens until dropped.
pub struct Log {
    path: PathBuf,
    lines: Receiver<String>,
}

/// A line of our own: when it comes out, everything sent before it has come out too.
const MARK: &str = "all that was sent so far";
const STOP: &str = "the room is gone";

impl Log {
    pub(super) fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a log socket");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).expect("chmod");
        let (sender, lines) = channel();
        // A reader of its own: the queue of a datagram socket holds only ten, then programs wait.
        thread::spawn(move || read_all(&socket, &sender));
        Self { path: path.to_owned(), lines }
    }

    pub(super) fn take(&self) -> Vec<String> {
        self.send(MARK);
        let mut taken = Vec::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(10)).expect("the log's reader is alive");
            if line == MARK {
                return taken;
            }
            taken.push(line);
        }
    }

    fn send(&self, line: &str) {
        let socket = UnixDatagram::unbound().expect("a socket");
        let _ = socket.send_to(line.as_bytes(), &self.path);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.send(STOP);
    }
}

fn read_all(socket: &UnixDatagram, lines: &Sender<String>) {
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(length) = socket.recv(&mut buffer) {
        let line = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).trim_end_matches(['\n', '\0']).to_owned();
        if line == STOP || lines.send(line).is_err() {
            return;
        }
    }
}
