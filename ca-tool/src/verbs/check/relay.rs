//! A private ssh-agent that shows the module a part of what the real one holds.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use ussh_agent::{Agent, MAX_REPLY, SignFlags};

use super::identity::Listed;
use crate::agent::wait_for_people;
use crate::error::{Error, OrSay, Result};

const FAILURE: &[u8] = &[5];
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the module is to see, and whether a signature may be had.
#[derive(Default)]
struct Shown {
    identities: Vec<Listed>,
    may_sign: bool,
    was_asked_to_sign: bool,
}

/// Serves until the program ends.
pub(super) struct Relay {
    _folder: TempDir,
    socket: PathBuf,
    shown: Arc<Mutex<Shown>>,
}

impl Relay {
    /// In front of `agent`, for processes of the user with this uid, whose own the socket must be.
    pub(super) fn start(agent: Agent, uid: u32) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(
                format!("There is no room for a private ssh-agent: {error}."),
                "Is there room in the folder for temporary files?",
            )
        };
        let folder = tempfile::Builder::new().prefix("ca-tool-check").tempdir().map_err(cannot)?;
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).map_err(cannot)?;
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o600)).map_err(cannot)?;
        if nix::unistd::geteuid().is_root() {
            // The folder stays root's, but they may walk through it.
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).map_err(cannot)?;
            chown(&socket, Some(uid), None).map_err(cannot)?;
        }
        let shown = Arc::new(Mutex::new(Shown::default()));
        let (to_serve, mut agent) = (Arc::clone(&shown), agent);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // One that breaks off harms nobody else.
                let _ = serve(client, &mut agent, &to_serve);
            }
        });
        Ok(Self { _folder: folder, socket, shown })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Shows these from now on.
    pub(super) fn show(&self, identities: Vec<Listed>, may_sign: bool) {
        *lock(&self.shown) = Shown { identities, may_sign, was_asked_to_sign: false };
    }

    /// Whether a signature was asked for since then.
    pub(super) fn was_asked_to_sign(&self) -> bool {
        lock(&self.shown).was_asked_to_sign
    }
}

/// The agent at a path, if its socket is this user's own: root must not be led to another one's.
pub(super) fn connect_own(path: &Path, uid: u32) -> Result<Agent> {
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

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    // Nothing in it is half done when a thread panics.
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until the client has gone.
fn serve(mut client: UnixStream, agent: &mut Agent, shown: &Mutex<Shown>) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_REPLY {
            return Err(io::Error::other("a message that is too long"));
        }
        let mut message = vec![0; length];
        client.read_exact(&mut message)?;
        let reply = match message.split_first() {
            Some((&REQUEST_IDENTITIES, [])) => identities(&lock(shown)),
            Some((&SIGN_REQUEST, request)) => sign(request, agent, shown).unwrap_or_else(|| FAILURE.to_vec()),
            _ => FAILURE.to_vec(),
        };
        client.write_all(&u32::try_from(reply.len()).map_err(io::Error::other)?.to_be_bytes())?;
        client.write_all(&reply)?;
    }
}

fn identities(shown: &Shown) -> Vec<u8> {
    let mut reply = vec![IDENTITIES_ANSWER];
    reply.extend(u32::try_from(shown.identities.len()).unwrap_or_default().to_be_bytes());
    for (blob, comment) in &shown.identities {
        put_string(&mut reply, blob);
        put_string(&mut reply, comment);
    }
    reply
}

/// The agent's signature with a key that is shown, if it may be had and the agent gives it.
fn sign(request: &[u8], agent: &mut Agent, shown: &Mutex<Shown>) -> Option<Vec<u8>> {
    let (blob, rest) = take_string(request)?;
    let (data, flags) = take_string(rest)?;
    let flags = match u32::from_be_bytes(flags.try_into().ok()?) {
        0 => SignFlags::NONE,
        2 => SignFlags::RSA_SHA2_256,
        4 => SignFlags::RSA_SHA2_512,
        _ => return None,
    };
    let mut guard = lock(shown);
    if !guard.identities.iter().any(|(known, _)| known == blob) {
        return None;
    }
    guard.was_asked_to_sign = true;
    let may_sign = guard.may_sign;
    drop(guard);
    if !may_sign {
        return None;
    }
    wait_for_people(agent);
    let signature = agent.sign(blob, data, flags).ok()?;
    let mut reply = vec![SIGN_RESPONSE];
    put_string(&mut reply, &signature);
    Some(reply)
}

fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// What came from an agent is never longer than 4 GiB.
fn put_string(message: &mut Vec<u8>, string: &[u8]) {
    message.extend(u32::try_from(string.len()).unwrap_or_default().to_be_bytes());
    message.extend(string);
}
