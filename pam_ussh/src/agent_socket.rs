//! The way to the person's ssh-agent, and to nobody else's.
//!
//! ssh-agent serves its owner and root alike, so a module that connects as root can be pointed at anybody's agent. Here
//! the path is walked and the socket connected as the invoking user, and the socket must be theirs.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::unistd::Uid;
use ussh_agent::{Agent, Error};

use crate::outcome::{NoAgent, Outcome};
use crate::privileges::as_user;
use crate::request::Request;

const VARIABLE: &str = "SSH_AUTH_SOCK";

/// No environment is larger: the kernel's bound for arguments and environment together.
const MAX_ENVIRONMENT: u64 = 6 * 1024 * 1024;

/// Connects to the agent that SSH_AUTH_SOCK names.
pub(crate) fn connect(request: &Request, deadline: Instant) -> Result<Agent, Outcome> {
    let path = socket_path(request).ok_or(NoAgent::NotSet)?;
    let connected = as_user(&request.invoker, || connect_own(&path, request.invoker.uid, deadline));
    let agent = connected.map_err(Outcome::Privileges)?;
    Ok(agent.map_err(|why| why.at(&path))?)
}

/// The process's variable, else, in a program that the person started, that of its initial environment: sudo clears its
/// own, and keeping it (`env_keep`) would hand the agent to the command that root runs.
fn socket_path(request: &Request) -> Option<PathBuf> {
    let set = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let initial = || if request.is_started_by_invoker() { initial_variable() } else { None };
    set.or_else(initial).map(PathBuf::from)
}

fn initial_variable() -> Option<OsString> {
    let mut environment = Vec::new();
    File::open("/proc/self/environ").ok()?.take(MAX_ENVIRONMENT).read_to_end(&mut environment).ok()?;
    let value = environment.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(b"SSH_AUTH_SOCK="))?;
    (!value.is_empty()).then(|| OsString::from_vec(value.to_vec()))
}

/// Holds on to the very socket that was looked at, so that it cannot be swapped for another before it is connected.
fn connect_own(path: &Path, owner: Uid, deadline: Instant) -> Result<Agent, NoAgent> {
    let socket = open_path(path).map_err(|error| NoAgent::Unreachable(error.to_string()))?;
    let metadata = socket.metadata().map_err(|error| NoAgent::Unreachable(error.to_string()))?;
    if !metadata.file_type().is_socket() {
        return Err(NoAgent::NotASocket);
    }
    if metadata.uid() != owner.as_raw() {
        return Err(NoAgent::NotOwned);
    }
    let held = PathBuf::from(format!("/proc/self/fd/{}", socket.as_raw_fd()));
    Agent::connect(&held, deadline).map_err(NoAgent::from)
}

fn open_path(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)
}

impl From<Error> for NoAgent {
    fn from(error: Error) -> Self {
        if error.is_timeout() { Self::TimedOut(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}
