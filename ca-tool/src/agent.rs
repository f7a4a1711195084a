//! The person's ssh-agent, at SSH_AUTH_SOCK: their own, or a forwarded one that is at home with them.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ussh_agent::{Agent, Identities};

use crate::error::{Error, OrSay, Result};
use crate::talk;

/// For what an agent answers by itself, over any line.
const PATIENCE: Duration = Duration::from_secs(30);

/// For what waits for a person: a touch, a PIN, a click. Security keys give up long before.
const PATIENCE_WITH_PEOPLE: Duration = Duration::from_secs(300);

/// After this long without an answer the person is told who is being waited for.
const SILENCE: Duration = Duration::from_secs(3);

/// Connects to it.
///
/// # Errors
/// When there is none.
pub(crate) fn connect() -> Result<Agent> {
    let advice = "Start one and add the key (eval \"$(ssh-agent)\"; ssh-add), or log in with ssh -A to bring yours along.";
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let socket = socket.ok_or_else(|| Error::new("There is no ssh-agent: SSH_AUTH_SOCK is not set.", advice))?;
    Agent::connect(&socket, Instant::now() + PATIENCE)
        .or_say(format!("The ssh-agent at {} cannot be used", socket.display()), advice)
}

/// Lists what it holds. A locked agent lists nothing.
pub(crate) fn list(agent: &mut Agent) -> Result<Identities> {
    agent.set_deadline(Instant::now() + PATIENCE);
    agent.identities().or_say("The ssh-agent does not list its keys", "Try `ssh-add -l`.")
}

/// Gives the agent the time that people take, for what it may have to ask them.
pub(crate) fn wait_for_people(agent: &mut Agent) {
    agent.set_deadline(Instant::now() + PATIENCE_WITH_PEOPLE);
}

/// Says who is being waited for when the work takes long.
pub(crate) fn saying_so<T>(work: impl FnOnce() -> T) -> T {
    let (answered, silence) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if silence.recv_timeout(SILENCE) == Err(RecvTimeoutError::Timeout) {
                talk::say("Still waiting for the ssh-agent: it may be asking for a touch, a PIN or a confirmation.");
            }
        });
        let answer = work();
        drop(answered);
        answer
    })
}
