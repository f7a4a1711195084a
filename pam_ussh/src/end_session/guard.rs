//! Starts `ussh-session-guard`, and ends it with the session.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pamsm::{Pam, PamLibExt};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::time::Timespec;

use super::program;
use crate::options::Options;
use crate::options::end_session::Mode;
use crate::outcome::Granted;
use crate::request::Request;

/// Where it is installed, if it is.
pub(super) const PROGRAM: &str = "/usr/libexec/ussh-session-guard";

/// It looks at the certificate once before it is ready: milliseconds, and more where hundreds log in at once.
const START_LIMIT: Duration = Duration::from_secs(20);

/// `ready PID STARTED`, or a sentence that says what is wrong.
const MOST_SAID: u64 = 1024;

/// Under whose name libpam keeps which process it is: of this loaded copy of the library, as in `memory`.
static OWN: u8 = 0;

fn name() -> String {
    format!("pam_ussh_session_guard_{:p}", &raw const OWN)
}

/// Whether there is one. A file there that others than root can change is an error.
pub(super) fn is_installed() -> Result<bool, String> {
    program::is_there(Path::new(PROGRAM))
}

/// Starts it for this process's session and waits until it watches.
pub(super) fn start(pam: &Pam, request: &Request, options: &Options, words: &[&str], granted: &Granted) -> Result<(), String> {
    let mut command = Command::new(PROGRAM);
    command.args(arguments(request, options, granted)).arg("--").args(words).current_dir("/");
    command.env_clear().env("SSH_AUTH_INFO_0", &granted.line).env("USSH_KEY_ID", &granted.facts().key_id);
    if let Some(connection) = pam.getenv("SSH_CONNECTION").ok().flatten() {
        command.env("SSH_CONNECTION", connection.to_string_lossy().as_ref());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{PROGRAM}: {error}"))?;
    let said = listen(&mut child);
    // It has ended when it has said something. In a host that ignores SIGCHLD the kernel has reaped it already.
    // Its number may be somebody else's then: only a child that is still ours is killed.
    if matches!(child.try_wait(), Ok(None)) {
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = said.map_err(|error| format!("{PROGRAM}: {error}"))?;
    let ready = said.strip_prefix("ready ").ok_or_else(|| format!("{PROGRAM}: {}", said.trim_end()))?;
    pam.send_bytes(&name(), ready.trim_end().into(), None).map_err(|error| format!("cannot remember the guard: {error}"))
}

fn arguments(request: &Request, options: &Options, granted: &Granted) -> Vec<String> {
    let wanted = &options.end_session;
    let warnings: Vec<String> = wanted.warnings.iter().map(u64::to_string).collect();
    let warnings = if warnings.is_empty() { "none".to_owned() } else { warnings.join(",") };
    let (uid, until, check) = (request.user.uid.to_string(), granted.valid_before.to_string(), wanted.check.to_string());
    let mut arguments = vec!["start".to_owned()];
    for (name, value) in
        [("--user", request.user.name.clone()), ("--uid", uid), ("--until", until), ("--warn", warnings), ("--check", check)]
    {
        arguments.extend([name.to_owned(), value]);
    }
    arguments.extend((wanted.mode == Mode::Renewable).then(|| "--renew".to_owned()));
    arguments
}

/// What it says until it has nothing more to say, on standard output, else on standard error.
fn listen(child: &mut Child) -> io::Result<String> {
    let deadline = Instant::now() + START_LIMIT;
    let mut said = String::new();
    if let Some(mut output) = child.stdout.take() {
        while said.len() < 1024 {
            let left = deadline.saturating_duration_since(Instant::now());
            let limit = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 0 });
            match poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&limit)) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "is not ready in time")),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let mut buffer = [0; 256];
            let size = output.read(&mut buffer)?;
            if size == 0 {
                break;
            }
            said.push_str(&String::from_utf8_lossy(buffer.get(..size).unwrap_or_default()));
        }
    }
    if said.is_empty()
        && let Some(errors) = child.stderr.take()
    {
        // Its end is near: what it had to say is in the pipe.
        errors.take(MOST_SAID).read_to_string(&mut said)?;
    }
    Ok(said)
}

/// The session is over: so is its guard, which would notice by itself when sshd's process ends.
pub(crate) fn over(pam: &Pam) {
    let Ok(ready) = pam.retrieve_bytes(&name()) else { return };
    let Ok(ready) = String::from_utf8(ready) else { return };
    let Some((pid, started)) = ready.split_once(' ') else { return };
    let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) else { return };
    let Ok(guard) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // Held now; if it has this start time it is the guard, and not somebody who has got its number since.
    if started_at(pid).as_deref() == Some(started) {
        let _ = pidfd_send_signal(&guard, Signal::TERM);
    }
}

/// Field 22 of `/proc/PID/stat`; the fields are counted from behind the program's name, which may hold blanks.
fn started_at(pid: Pid) -> Option<String> {
    let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let stat = String::from_utf8_lossy(&stat).into_owned();
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19).map(str::to_owned)
}
