//! Runs `look`, `renew` or `agents` for a limited time, and says what came of it.

use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::Timespec;
use ussh_libpam::code::{AUTH_ERR, CRED_EXPIRED, IGNORE, PERM_DENIED, SUCCESS};

use crate::arguments::{Session, Verb};

/// For a process that was killed.
const TIME_TO_DIE: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// More than any certificate and the sentences round it.
const MOST: usize = 1024 * 1024;

/// What pam_ussh.so said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted(Facts),
    /// The certificate is no good, or no longer.
    Refused,
    /// It has no say about this person (any more).
    Ignored,
    /// It could not tell, or was not asked: a file is missing, the disk is broken, it took too long.
    Unknown(String),
}

/// An accepted certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) key_id: String,
    pub(crate) serial: String,
    /// `SHA256:…`
    pub(crate) ca: String,
    /// Seconds since the epoch.
    pub(crate) valid_before: Option<u64>,
    /// `TYPE BASE64`
    pub(crate) certificate: String,
    /// Of `agents`.
    pub(crate) agents: Vec<String>,
}

/// Asks. `None` when `sshd` ended meanwhile. `on_message` hears what the module tells the person.
pub(crate) fn ask(
    verb: Verb,
    session: &Session,
    agent: Option<&OsStr>,
    sshd: &impl AsFd,
    limit: Duration,
    mut on_message: impl FnMut(&str),
) -> Option<Verdict> {
    let mut command = session.command(verb);
    command.envs(agent.map(|socket| ("SSH_AUTH_SOCK", socket)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if verb == Verb::Agents {
        let Ok(sshd) = sshd.as_fd().try_clone_to_owned() else {
            return Some(Verdict::Unknown("there are no descriptors".to_owned()));
        };
        command.stdin(sshd);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Some(Verdict::Unknown(format!("cannot start {verb:?}: {error}"))),
    };
    let mut said = Said::default();
    let over = said.listen(&mut child, sshd, limit, &mut on_message);
    // Whatever came to pass, nothing of it stays.
    let _ = child.kill();
    let status = reap(&mut child);
    match over {
        Ok(Over::Answered) => Some(verdict(status, said, child)),
        Ok(Over::SshdGone) => None,
        Ok(Over::TooLate) => Some(Verdict::Unknown(format!("no answer within {} seconds", limit.as_secs()))),
        Err(error) => Some(Verdict::Unknown(format!("cannot wait for an answer: {error}"))),
    }
}

/// Waits for what was killed, but not for ever: a file system of the person's can keep a process that asks it for
/// something from being killed. The guard must not be kept as well; init reaps what it leaves.
fn reap(child: &mut Child) -> Option<ExitStatus> {
    if let Ok(ended) = pidfd_open(Pid::from_child(child), PidfdFlags::empty()) {
        let _ = poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&TIME_TO_DIE));
    }
    child.try_wait().ok().flatten()
}

enum Over {
    Answered,
    SshdGone,
    TooLate,
}

#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    facts: Facts,
}

impl Said {
    /// Until the child has ended.
    fn listen(
        &mut self,
        child: &mut Child,
        sshd: &impl AsFd,
        limit: Duration,
        on_message: &mut impl FnMut(&str),
    ) -> rustix::io::Result<Over> {
        let ended = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        let Some(mut output) = child.stdout.take() else { return Ok(Over::TooLate) };
        ioctl_fionbio(&output, true)?;
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Over::TooLate);
            }
            let left = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
            let mut waited_for =
                [PollFd::new(sshd, PollFlags::IN), PollFd::new(&ended, PollFlags::IN), PollFd::new(&output, PollFlags::IN)];
            match poll(&mut waited_for, Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            let [gone, has_ended, _] = waited_for.map(|fd| !fd.revents().is_empty());
            if gone {
                return Ok(Over::SshdGone);
            }
            let more = self.take(&mut output, on_message);
            if has_ended {
                return Ok(Over::Answered);
            }
            if !more {
                // It has closed its output: only its end is waited for now.
                return wait_for_end(&ended, sshd, deadline);
            }
        }
    }

    /// Takes what there is; false when there will be no more.
    fn take(&mut self, output: &mut ChildStdout, on_message: &mut impl FnMut(&str)) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match output.read(&mut buffer) {
                Ok(0) => return false,
                Ok(size) if self.bytes.len() + size <= MOST => self.bytes.extend(buffer.iter().take(size)),
                Ok(_) => return false,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            while let Some(end) = self.bytes.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                self.hear(String::from_utf8_lossy(&line).trim_end(), on_message);
            }
        }
    }

    fn hear(&mut self, line: &str, on_message: &mut impl FnMut(&str)) {
        let Some((name, text)) = line.split_once(' ') else { return };
        match name {
            "message" => on_message(text),
            "key_id" => text.clone_into(&mut self.facts.key_id),
            "serial" => text.clone_into(&mut self.facts.serial),
            "ca" => text.clone_into(&mut self.facts.ca),
            "valid_before" => self.facts.valid_before = text.parse().ok(),
            "certificate" => text.clone_into(&mut self.facts.certificate),
            "agent" => self.facts.agents.push(text.to_owned()),
            _ => {}
        }
    }
}

fn wait_for_end(ended: &impl AsFd, sshd: &impl AsFd, deadline: Instant) -> rustix::io::Result<Over> {
    let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()));
    let mut waited_for = [PollFd::new(sshd, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
    poll(&mut waited_for, left.ok().as_ref())?;
    let [gone, has_ended] = waited_for.map(|fd| !fd.revents().is_empty());
    Ok(if gone {
        Over::SshdGone
    } else if has_ended {
        Over::Answered
    } else {
        Over::TooLate
    })
}

fn verdict(status: Option<ExitStatus>, said: Said, mut child: Child) -> Verdict {
    let code = status.and_then(|status| status.code());
    match code {
        Some(SUCCESS) => Verdict::Accepted(said.facts),
        Some(CRED_EXPIRED | PERM_DENIED | AUTH_ERR) => Verdict::Refused,
        Some(IGNORE) => Verdict::Ignored,
        Some(code) => {
            let mut words = [0; 256];
            let size = child.stderr.take().and_then(|mut stderr| stderr.read(&mut words).ok()).unwrap_or(0);
            let words = String::from_utf8_lossy(words.get(..size).unwrap_or_default()).into_owned();
            let words = words.lines().next().unwrap_or_default();
            Verdict::Unknown(if words.is_empty() { format!("PAM's code {code}") } else { words.to_owned() })
        }
        None => Verdict::Unknown("it was killed".to_owned()),
    }
}
