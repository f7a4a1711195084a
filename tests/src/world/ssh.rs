//! Logins through the real sshd.

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{Agent, Key, Output, World, is_sudo_rs, run};

/// Half as long as the post-quantum exchange, and none of our business.
const QUICK: &str = "-oKexAlgorithms=curve25519-sha256";

/// A login that is not open yet. Without more it is `ssh USER@localhost` with a plain key, no agent, no terminal.
pub struct Login<'w> {
    world: &'w World,
    user: String,
    agent: Option<String>,
    tty: bool,
    identity: Vec<String>,
    environment: Vec<String>,
}

impl<'w> Login<'w> {
    pub(super) fn new(world: &'w World, user: &str) -> Login<'w> {
        let identity = vec!["-oIdentitiesOnly=yes".to_owned(), format!("-i{}", world.login_key)];
        Login { world, user: user.to_owned(), agent: None, tty: false, identity, environment: Vec::new() }
    }

    /// `ssh -A` with this agent.
    pub fn agent(self, agent: &Agent<'_>) -> Self {
        self.agent_at(agent.socket())
    }

    /// `ssh -A` with whatever listens at this socket, which the laptop must own.
    pub fn agent_at(mut self, socket: &str) -> Self {
        self.agent = Some(socket.to_owned());
        self
    }

    /// `ssh -tt`: with a terminal, as people have.
    pub fn tty(mut self) -> Self {
        self.tty = true;
        self
    }

    /// Logs in with what the agent holds, certificates first, instead of the plain key.
    pub fn by_agent(mut self) -> Self {
        self.identity = vec!["-oIdentityFile=none".to_owned()];
        self
    }

    /// Logs in with this key and its certificate, which no agent needs to hold.
    pub fn by_certificate(mut self, key: &Key<'_>) -> Self {
        self.identity = vec![
            "-oIdentitiesOnly=yes".to_owned(),
            format!("-i{}", key.path()),
            format!("-oCertificateFile={}", key.certificate()),
        ];
        self
    }

    /// Another option for ssh: `-oLogLevel=DEBUG`.
    pub fn option(mut self, option: &str) -> Self {
        self.environment.push(option.to_owned());
        self
    }

    /// Logs in, runs one command, logs out. Exit code 255 is a login that was refused.
    pub fn run(&self, command: &str) -> Output {
        run::run(&mut self.ssh(self.world.command_as("laptop", "ssh"), command, self.tty))
    }

    /// Logs in and stays. Where sudo-rs is tested, with a terminal: without one it says nothing.
    #[track_caller]
    pub fn open(&self) -> Session<'w> {
        let command = self.world.daemon_as("laptop", "ssh");
        Session::open(self.world, &self.user, self.ssh(command, "exec bash /opt/rig/session.sh", self.tty || is_sudo_rs()))
    }

    fn ssh(&self, mut command: Command, remote: &str, tty: bool) -> Command {
        command.args(&self.identity).args(&self.environment).args(["-oBatchMode=yes", "-oControlPath=none", QUICK]);
        command.arg(if tty { "-tt" } else { "-T" });
        if let Some(socket) = &self.agent {
            command.env("SSH_AUTH_SOCK", socket).arg("-A");
        }
        command.arg(format!("{}@localhost", self.user)).arg(remote);
        command
    }
}

/// An open login. Commands run one after the other in one shell, so what one exports the next one sees.
pub struct Session<'w> {
    world: &'w World,
    user: String,
    input: Option<ChildStdin>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    over: bool,
}

/// A command that was started and has not been waited for.
pub struct Running {
    command: String,
    folder: String,
}

impl<'w> Session<'w> {
    #[track_caller]
    fn open(world: &'w World, user: &str, mut command: Command) -> Session<'w> {
        let mut ssh = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ssh starts");
        let input = ssh.stdin.take();
        let mut output = ssh.stdout.take().expect("a pipe");
        let mut errors = ssh.stderr.take().expect("a pipe");
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let session = Session { world, user: user.to_owned(), input, seen: seen.clone() };
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let size = output.read(&mut buffer).unwrap_or(0);
                let mut now = seen.0.lock().expect("no one panicked");
                now.bytes.extend_from_slice(&buffer[..size]);
                now.over = size == 0;
                seen.1.notify_all();
                if size == 0 {
                    break;
                }
            }
            let _ = ssh.wait();
        });
        if !session.shows("\u{1}ready\u{1}") {
            let mut words = String::new();
            let _ = errors.read_to_string(&mut words);
            panic!("{user} cannot log in: {words}{:#?}", world.log());
        }
        session.wait_for("\u{1}ready\u{1}");
        session
    }

    /// Runs shell commands to their end. They may say `exit` only in a subshell.
    #[track_caller]
    pub fn run(&mut self, command: &str) -> Output {
        let running = self.start(command);
        self.finish(running)
    }

    /// Starts shell commands; [`Session::finish`] waits for them.
    #[track_caller]
    pub fn start(&mut self, command: &str) -> Running {
        let folder = self.world.fresh("/run/rig/");
        self.world.mkdir(&folder, &self.user, 0o700);
        self.world.write(&format!("{folder}/command"), &format!("{command}\n"));
        self.type_line(&folder);
        Running { command: command.to_owned(), folder }
    }

    /// Waits until the commands have ended.
    #[track_caller]
    pub fn finish(&mut self, running: Running) -> Output {
        let screen = self.wait_for("\u{1}");
        let code = self.wait_for("\u{1}");
        let code = code.parse().unwrap_or_else(|_| panic!("{code:?} is not an exit code; the terminal shows {screen}"));
        let stdout = self.world.read(&format!("{}/stdout", running.folder));
        let stderr = self.world.read(&format!("{}/stderr", running.folder));
        Output { command: running.command, code, stdout, stderr: stderr + &screen }
    }

    /// Waits until the terminal shows this, and returns what came before it.
    #[track_caller]
    pub fn wait_for(&self, what: &str) -> String {
        let found = self.shows(what);
        let mut now = self.seen.0.lock().expect("no one panicked");
        let Some(at) = position(&now.bytes, what).filter(|_| found) else {
            let shown = String::from_utf8_lossy(&now.bytes).into_owned();
            drop(now); // the reader shall not find it poisoned
            panic!("{what:?} does not come; the terminal shows {shown:?}");
        };
        let before = String::from_utf8_lossy(&now.bytes[..at]).into_owned();
        now.bytes.drain(..at + what.len());
        before
    }

    /// Waits until the terminal shows this or the login is over.
    fn shows(&self, what: &str) -> bool {
        let seen = self.seen.0.lock().expect("no one panicked");
        let missing = |now: &mut Seen| position(&now.bytes, what).is_none() && !now.over;
        let (now, _) = self.seen.1.wait_timeout_while(seen, Duration::from_secs(60), missing).expect("no one panicked");
        position(&now.bytes, what).is_some()
    }

    /// Types a line: a password, mostly.
    #[track_caller]
    pub fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("open"), "{line}").expect("the login is open");
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // The end of stdin, for a terminal and for a pipe. Killing nsenter would leave what it started to nobody.
        if let Some(mut input) = self.input.take() {
            let _ = input.write_all(b"\x04");
        }
    }
}

fn position(bytes: &[u8], what: &str) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what.as_bytes())
}
