//! An agent that lists any bytes as its identities and lets a real agent sign with the plain key behind them.
//!
//! So sshd and the module are shown the same bytes, and no ssh-add has judged them before.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use super::draft::string;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;

/// What it lists, and with which key it signs for each.
#[derive(Clone)]
pub struct Identity {
    pub listed: Vec<u8>,
    pub plain: Vec<u8>,
}

/// Listens until the process ends.
pub struct RawAgent {
    identities: Arc<Mutex<Vec<Identity>>>,
}

impl RawAgent {
    /// Listens at `socket`; the agent at `signer` holds the plain keys.
    pub fn listen(socket: &Path, signer: &Path) -> RawAgent {
        let listener = UnixListener::bind(socket).unwrap();
        let identities = Arc::new(Mutex::new(Vec::new()));
        let (shared, signer) = (Arc::clone(&identities), signer.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (identities, signer) = (Arc::clone(&shared), signer.clone());
                thread::spawn(move || serve(client, &identities, &signer));
            }
        });
        RawAgent { identities }
    }

    /// From now on lists these.
    pub fn hold(&self, identities: Vec<Identity>) {
        *self.identities.lock().unwrap() = identities;
    }
}

/// Ends with the client; a client that goes away in the middle is no concern.
fn serve(mut client: UnixStream, identities: &Mutex<Vec<Identity>>, signer: &PathBuf) {
    while let Ok(request) = receive(&mut client) {
        let held = identities.lock().unwrap().clone();
        let answer = match request.split_first() {
            Some((&REQUEST_IDENTITIES, _)) => list(&held),
            Some((&SIGN_REQUEST, rest)) => sign(rest, &held, signer),
            _ => vec![FAILURE],
        };
        if client.write_all(&string(&answer)).is_err() {
            return;
        }
    }
}

fn list(held: &[Identity]) -> Vec<u8> {
    let count = u32::try_from(held.len()).unwrap().to_be_bytes();
    let identities = held.iter().flat_map(|identity| [string(&identity.listed), string(b"comment")].concat());
    [IDENTITIES_ANSWER].into_iter().chain(count).chain(identities).collect()
}

/// The same request with the plain key in the place of what was listed.
fn sign(request: &[u8], held: &[Identity], signer: &PathBuf) -> Vec<u8> {
    let length = usize::try_from(u32::from_be_bytes(request[..4].try_into().unwrap())).unwrap();
    let (asked, data_and_flags) = request[4..].split_at(length);
    let Some(identity) = held.iter().find(|identity| identity.listed == asked) else { return vec![FAILURE] };
    let request = [&[SIGN_REQUEST], &string(&identity.plain)[..], data_and_flags].concat();
    let mut agent = UnixStream::connect(signer).unwrap();
    agent.write_all(&string(&request)).unwrap();
    receive(&mut agent).unwrap()
}

fn receive(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut message)?;
    Ok(message)
}
