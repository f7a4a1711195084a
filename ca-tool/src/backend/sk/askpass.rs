//! The PIN of a security key: OpenSSH's agent asks for it through SSH_ASKPASS, and that is ca-tool again, which hands
//! the question to the one that is signing, over a socket in the private agent's folder. So a PIN comes from
//! wherever secrets come from here (terminal, descriptor, credential, the person's own SSH_ASKPASS).

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, OrSay, Result};
use crate::secret::{Kind, Secrets, leave_signals_to_others};
use crate::talk;

/// Set for the private agent only; its value is the socket's path.
const SOCKET: &str = "CA_TOOL_ASKPASS_SOCKET";

/// The longest PIN that FIDO knows has 63 bytes.
const MAX_PIN: usize = 256;

/// Makes the agent ask us, and nobody else.
pub(super) fn announce(agent: &mut Command, socket: &Path) -> io::Result<()> {
    agent.env("SSH_ASKPASS", std::env::current_exe()?).env("SSH_ASKPASS_REQUIRE", "force").env(SOCKET, socket);
    Ok(())
}

/// ca-tool as the agent's SSH_ASKPASS: the whole program, when it was started as that. The PIN goes to stdout.
pub(crate) fn answer_for_the_agent() -> Option<ExitCode> {
    let socket = std::env::var_os(SOCKET)?;
    // `none` is a notice, such as "Confirm user presence": whoever signs has said so already.
    if std::env::var_os("SSH_ASKPASS_PROMPT").is_some() {
        return Some(ExitCode::SUCCESS);
    }
    Some(fetch(Path::new(&socket)).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS))
}

fn fetch(socket: &Path) -> io::Result<()> {
    let mut pin = Zeroizing::new(Vec::with_capacity(MAX_PIN + 1));
    UnixStream::connect(socket)?.take(MAX_PIN as u64).read_to_end(&mut pin)?;
    if pin.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    pin.push(b'\n');
    io::stdout().write_all(&pin)
}

/// Where the agent's questions arrive. One PIN serves all signatures of a run.
pub(super) struct PinDesk {
    listener: UnixListener,
    socket: PathBuf,
    secrets: Secrets,
    prompt: String,
    pin: Option<Zeroizing<Vec<u8>>>,
    known_right: bool,
}

impl PinDesk {
    pub(super) fn open(socket: PathBuf, secrets: Secrets, prompt: String) -> Result<Self> {
        let listener =
            UnixListener::bind(&socket).or_say("The private ssh-agent's folder cannot be used", "Is there room in TMPDIR?")?;
        Ok(Self { listener, socket, secrets, prompt, pin: None, known_right: false })
    }

    /// Answers questions for as long as `work` lasts; `touch` is said after the PIN, when the device waits for it.
    ///
    /// # Errors
    /// When the PIN was wanted and nobody could be asked; the work has failed then as well.
    pub(super) fn while_open<T: Send>(&mut self, touch: Option<&str>, work: impl FnOnce() -> T + Send) -> Result<T> {
        let over = AtomicBool::new(false);
        let socket = self.socket.clone();
        std::thread::scope(|scope| {
            let working = scope.spawn(|| {
                leave_signals_to_others();
                let done = work();
                over.store(true, Ordering::SeqCst);
                let _ = UnixStream::connect(&socket); // wakes the desk
                done
            });
            let served = self.serve(touch, &over);
            let done = working
                .join()
                .map_err(|_| Error::new("The private ssh-agent's client failed.", "This is a defect: please report it."))?;
            served.map(|()| done)
        })
    }

    /// Whether a PIN was handed out that no signature has shown to be right.
    pub(super) fn has_given(&self) -> bool {
        self.pin.is_some() && !self.known_right
    }

    /// The device took the PIN, if it got one.
    pub(super) fn was_right(&mut self) {
        self.known_right = self.pin.is_some();
    }

    fn serve(&mut self, touch: Option<&str>, over: &AtomicBool) -> Result<()> {
        let mut trouble = Ok(());
        loop {
            let question = self.listener.accept();
            if over.load(Ordering::SeqCst) {
                return trouble;
            }
            let Ok((question, _)) = question else {
                std::thread::sleep(Duration::from_millis(100)); // out of descriptors, say; the work ends at its deadline
                continue;
            };
            // Dropped without an answer it means that there is none, and the agent gives up.
            match self.answer(question) {
                Ok(()) => touch.into_iter().for_each(talk::say),
                Err(error) => trouble = Err(error),
            }
        }
    }

    fn answer(&mut self, mut question: UnixStream) -> Result<()> {
        if self.pin.is_none() {
            let secret = self.secrets.ask(Kind::Pin, &self.prompt)?;
            let mut pin = Zeroizing::new(Vec::with_capacity(MAX_PIN));
            pin.extend(secret.bytes().iter().take(MAX_PIN));
            self.pin = Some(pin);
        }
        let pin = self.pin.as_ref().map(|pin| pin.as_slice()).unwrap_or_default();
        question.write_all(pin).or_say("The PIN cannot be handed over", "Try again.")
    }
}
