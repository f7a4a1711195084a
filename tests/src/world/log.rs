//! The world's /dev/log, read by the test.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const MARK: &str = "the test asks for the log";

pub(super) struct Log {
    socket: PathBuf,
    lines: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Log {
    pub(super) fn listen(socket: &Path) -> Log {
        let receiver = UnixDatagram::bind(socket).expect("/dev/log is free");
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o666)).expect("/dev/log is ours");
        let lines = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let log = Log { socket: socket.to_owned(), lines: lines.clone() };
        // A thread, because the kernel queues ten datagrams and then blocks whoever logs.
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(size) = receiver.recv(&mut buffer) {
                let line = without_header(&String::from_utf8_lossy(&buffer[..size])).to_owned();
                if line == "stop" {
                    return;
                }
                lines.0.lock().expect("no one panicked").push(line);
                lines.1.notify_all();
            }
        });
        log
    }

    /// Datagrams keep their order: when our own mark has come, so has all that was logged before.
    pub(super) fn take(&self) -> Vec<String> {
        let sender = UnixDatagram::unbound().expect("a socket");
        sender.send_to(MARK.as_bytes(), &self.socket).expect("the log listens");
        let lines = self.lines.0.lock().expect("no one panicked");
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| line == MARK);
        let (mut lines, late) =
            self.lines.1.wait_timeout_while(lines, Duration::from_secs(10), missing).expect("no one panicked");
        assert!(!late.timed_out(), "the log does not come");
        let at = lines.iter().position(|line| line == MARK).expect("it has come");
        let rest = lines.split_off(at + 1);
        let mut taken = std::mem::replace(&mut *lines, rest);
        taken.pop();
        taken
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Ok(sender) = UnixDatagram::unbound() {
            let _ = sender.send_to(b"stop", &self.socket);
        }
    }
}

/// Cuts `<86>Nov 22 00:00:00 ` off.
fn without_header(line: &str) -> &str {
    match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest.get(16..).unwrap_or(rest).trim_end(),
        None => line,
    }
}
