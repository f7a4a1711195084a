//! A system log of the trial's own, which also hears why the module and libpam refuse.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// More than syslog(3) sends.
const LONGEST: usize = 64 * 1024;

/// Datagrams wait in the socket until they are taken: those of a program that has ended are all there.
pub(super) struct Log(UnixDatagram);

impl Log {
    pub(super) fn listen(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// What was logged since the last call, without time and program.
    pub(super) fn take(&self) -> Vec<String> {
        let (mut lines, mut buffer) = (Vec::new(), vec![0; LONGEST]);
        while let Ok(size) = self.0.recv(&mut buffer) {
            let line = String::from_utf8_lossy(buffer.get(..size).unwrap_or_default()).into_owned();
            lines.push(words(&line).to_owned());
        }
        lines
    }
}

/// What follows `<85>Nov 22 10:00:00 ussh-pam-try: `, or `ussh-pam-try[17]: `.
fn words(line: &str) -> &str {
    let line = line.trim_end_matches(['\n', '\0']);
    let at = line.find("ussh-pam-try").and_then(|at| line.get(at..)).and_then(|rest| rest.split_once(": "));
    at.map_or(line, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_was_said() {
        assert_eq!(words("<85>Nov 22 10:00:00 ussh-pam-try: pam_ussh(sudo:auth): refused"), "pam_ussh(sudo:auth): refused");
        assert_eq!(words("<85>Nov  2 10:00:00 ussh-pam-try[17]: PAM x: y\0"), "PAM x: y");
        assert_eq!(words("<13>something else"), "<13>something else");
    }
}
