//! A private ssh-agent for one question: it shows what it is told to show, and signs as it is told to.

use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use ussh_agent::MAX_REPLY;

use crate::error::{Error, Result};

/// Blob and comment, as an agent lists them.
pub(crate) type Listed = (Vec<u8>, Vec<u8>);

const FAILURE: &[u8] = &[5];
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// What the module is to see, and whether a signature may be had.
#[derive(Default)]
struct Shown {
    identities: Vec<Listed>,
    may_sign: bool,
    was_asked_to_sign: bool,
}

/// Serves until the program ends.
pub(crate) struct ServedAgent {
    _folder: TempDir,
    socket: PathBuf,
    shown: Arc<Mutex<Shown>>,
}

impl ServedAgent {
    /// For processes of the user with this uid, whose own the socket must be. `sign` is given a blob that is shown, the
    /// data and the flags; it gives the signature's blob, or nothing to refuse.
    pub(crate) fn start(uid: u32, mut sign: impl FnMut(&[u8], &[u8], u32) -> Option<Vec<u8>> + Send + 'static) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(
                format!("There is no room for a private ssh-agent: {error}."),
                "Is there room in the folder for temporary files?",
            )
        };
        let folder = tempfile::Builder::new().prefix("ca-tool-agent").tempdir().map_err(cannot)?;
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).map_err(cannot)?;
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o600)).map_err(cannot)?;
        if nix::unistd::geteuid().is_root() {
            // The folder stays root's, but they may walk through it.
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).map_err(cannot)?;
            chown(&socket, Some(uid), None).map_err(cannot)?;
        }
        let shown = Arc::new(Mutex::new(Shown::default()));
        let to_serve = Arc::clone(&shown);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // One that breaks off harms nobody else.
                let _ = serve(client, &mut sign, &to_serve);
            }
        });
        Ok(Self { _folder: folder, socket, shown })
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Shows these from now on.
    pub(crate) fn show(&self, identities: Vec<Listed>, may_sign: bool) {
        *lock(&self.shown) = Shown { identities, may_sign, was_asked_to_sign: false };
    }

    /// Whether a signature was asked for since then.
    pub(crate) fn was_asked_to_sign(&self) -> bool {
        lock(&self.shown).was_asked_to_sign
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    // Nothing in it is half done when a thread panics.
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What signs.
type Sign<'s> = &'s mut dyn FnMut(&[u8], &[u8], u32) -> Option<Vec<u8>>;

/// Until the client has gone.
fn serve(mut client: UnixStream, sign: Sign<'_>, shown: &Mutex<Shown>) -> io::Result<()> {
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
            Some((&SIGN_REQUEST, request)) => signature(request, sign, shown).unwrap_or_else(|| FAILURE.to_vec()),
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

/// A signature with a key that is shown, if it may be had.
fn signature(request: &[u8], sign: Sign<'_>, shown: &Mutex<Shown>) -> Option<Vec<u8>> {
    let (blob, rest) = take_string(request)?;
    let (data, flags) = take_string(rest)?;
    let flags = u32::from_be_bytes(flags.try_into().ok()?);
    let mut guard = lock(shown);
    if !guard.identities.iter().any(|(known, _)| known == blob) {
        return None;
    }
    guard.was_asked_to_sign = true;
    let may_sign = guard.may_sign;
    drop(guard);
    let signature = may_sign.then(|| sign(blob, data, flags))??;
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ussh_agent::{Agent, Error as AgentError, SignFlags};

    use super::*;

    fn served() -> (ServedAgent, Agent) {
        let served = ServedAgent::start(nix::unistd::getuid().as_raw(), |blob, data, _| Some([blob, data].concat())).unwrap();
        let agent = Agent::connect(served.socket(), Instant::now() + Duration::from_secs(60)).unwrap();
        (served, agent)
    }

    #[test]
    fn it_lists_what_it_shows_and_signs_with_nothing_else() {
        let (served, mut agent) = served();
        assert!(agent.identities().unwrap().is_empty());
        served.show(vec![(b"shown".to_vec(), b"comment".to_vec())], true);
        let identities = agent.identities().unwrap();
        let listed: Vec<_> = identities.iter().map(|identity| (identity.blob, identity.comment)).collect();
        assert_eq!(listed, [(b"shown".as_slice(), b"comment".as_slice())]);
        assert!(!served.was_asked_to_sign());
        assert_eq!(agent.sign(b"hidden", b"data", SignFlags::NONE), Err(AgentError::Refused));
        assert!(!served.was_asked_to_sign());
        assert_eq!(agent.sign(b"shown", b"data", SignFlags::NONE).unwrap(), b"showndata");
        assert!(served.was_asked_to_sign());
    }

    #[test]
    fn that_a_signature_was_asked_for_is_known_although_none_is_given() {
        let (served, mut agent) = served();
        served.show(vec![(b"shown".to_vec(), Vec::new())], false);
        assert_eq!(agent.sign(b"shown", b"data", SignFlags::NONE), Err(AgentError::Refused));
        assert!(served.was_asked_to_sign());
        served.show(Vec::new(), true);
        assert!(!served.was_asked_to_sign());
    }

    #[test]
    fn nothing_else_can_be_asked_of_it() {
        let (_served, mut agent) = served();
        assert_eq!(agent.remove(b"shown"), Err(AgentError::Refused));
        assert_eq!(agent.add(b"key", "comment", &[]), Err(AgentError::Refused));
    }

    #[test]
    fn only_its_user_may_connect() {
        let (served, _agent) = served();
        assert_eq!(std::fs::metadata(served.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
