//! Lies that are well-formed messages, on ssh-agent-lib.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use ssh_agent_lib::agent::{Session, listen};
use ssh_agent_lib::async_trait;
use ssh_agent_lib::blocking::Client;
use ssh_agent_lib::error::AgentError;
use ssh_agent_lib::proto::{Identity, PublicCredential, SignRequest};
use ssh_agent_lib::ssh_key::{Certificate, PublicKey, Signature};

use super::listener::bind;
use crate::pam::{Key, Room, User};

type Sign = dyn Fn(&SignRequest) -> Option<Signature> + Send + Sync;

/// Lists what it is told to, and signs with a function.
#[derive(Clone)]
pub struct Liar {
    identities: Vec<Identity>,
    sign: Arc<Sign>,
}

impl Liar {
    /// Lists these certificate files; signs with `sign`, and refuses where that gives nothing.
    pub fn new(certificates: &[&Path], sign: impl Fn(&SignRequest) -> Option<Signature> + Send + Sync + 'static) -> Self {
        Self { identities: certificates.iter().map(|path| identity(path)).collect(), sign: Arc::new(sign) }
    }

    /// Listens at alice's socket, as long as the test program lives.
    pub fn start(self, room: &Room) {
        let listening = bind(User::ALICE, &room.socket());
        listening.set_nonblocking(true).expect("a nonblocking listener");
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                let listening = tokio::net::UnixListener::from_std(listening).expect("a listener");
                listen(listening, self).await
            })
        });
    }
}

#[async_trait]
impl Session for Liar {
    async fn request_identities(&mut self) -> Result<Vec<Identity>, AgentError> {
        Ok(self.identities.clone())
    }

    async fn sign(&mut self, request: SignRequest) -> Result<Signature, AgentError> {
        (self.sign)(&request).ok_or(AgentError::Failure)
    }
}

fn identity(certificate: &Path) -> Identity {
    let line = fs::read_to_string(certificate).expect("a certificate");
    let certificate = Certificate::from_openssh(&line).expect("a certificate that ssh-key 0.6 knows");
    Identity { comment: certificate.comment().to_owned(), credential: PublicCredential::Cert(Box::new(certificate)) }
}

/// A real ssh-agent that signs what a liar asks of it.
pub struct RealAgent {
    client: Mutex<Client<UnixStream>>,
}

impl RealAgent {
    /// The agent at this socket.
    pub fn at(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("a real agent");
        Self { client: Mutex::new(Client::new(stream)) }
    }

    /// The key's signature over any bytes.
    pub fn sign(&self, key: &Key, data: &[u8]) -> Signature {
        let key = PublicKey::from_openssh(&key.public()).expect("a public key");
        let request = SignRequest { credential: key.key_data().clone().into(), data: data.to_vec(), flags: 0 };
        self.client.lock().expect("no panic in another thread").sign(request).expect("the real agent signs")
    }
}
