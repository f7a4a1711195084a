//! The person's agent, of which the module is shown a part.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ussh_agent::{Agent, SignFlags};

use crate::agent::wait_for_people;
use crate::error::{Error, OrSay, Result};
use crate::served_agent::ServedAgent;

const PATIENCE: Duration = Duration::from_secs(30);

/// A private agent in front of `agent`, for processes of the user with this uid.
pub(super) fn start(mut agent: Agent, uid: u32) -> Result<ServedAgent> {
    ServedAgent::start(uid, move |blob, data, flags| {
        let flags = match flags {
            0 => SignFlags::NONE,
            2 => SignFlags::RSA_SHA2_256,
            4 => SignFlags::RSA_SHA2_512,
            _ => return None,
        };
        wait_for_people(&mut agent);
        agent.sign(blob, data, flags).ok()
    })
}

/// The agent at a path, if its socket is this user's own: root must not be led to another one's.
pub(crate) fn connect_own(path: &Path, uid: u32) -> Result<Agent> {
    let advice = "Log in with ssh -A to bring your agent along, or start one.";
    let what = format!("The ssh-agent at {} cannot be used", path.display());
    let flags = nix::fcntl::OFlag::O_PATH.bits();
    let held = File::options().read(true).custom_flags(flags).open(path).or_say(&what, advice)?;
    if held.metadata().or_say(&what, advice)?.uid() != uid {
        return Err(Error::new(format!("{what}: its socket is somebody else's."), advice));
    }
    let held_path = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
    Agent::connect(&held_path, Instant::now() + PATIENCE).or_say(what, advice)
}
