//! A careless agent: a socket that hands everybody through to somebody's real agent.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use super::{Agent, World};

impl World {
    /// Whoever connects to `socket` reaches `agent` as root does: nothing but the module's own care protects it.
    pub fn relay(&self, agent: &Agent<'_>, socket: &str, owner: &str, mode: u32) {
        let listener = UnixListener::bind(self.path(socket)).expect("the socket's path is free");
        self.own(socket, owner, mode);
        let target = self.path(agent.socket());
        // Both threads end when the world does: its agents close their ends, and nobody can connect any more.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let _ = hand_through(client, &target);
            }
        });
    }
}

fn hand_through(client: UnixStream, target: &Path) -> io::Result<()> {
    let agent = UnixStream::connect(target)?;
    let (mut from_client, mut to_agent) = (client.try_clone()?, agent.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_agent);
        let _ = to_agent.shutdown(Shutdown::Write);
    });
    let (mut from_agent, mut to_client) = (agent, client);
    io::copy(&mut from_agent, &mut to_client)?;
    to_client.shutdown(Shutdown::Both)
}
