//! The measured process: set up like sudo started by alice, it does one thing and prints how long that took.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use tests::pam::{User, run};

use crate::conversation::Conversation;
use crate::ffi::{self, Handle};
use crate::floor;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Nothing,
    Floor,
    /// libpam with a module that does nothing.
    Permit,
    Module,
    /// Floor and module in turn, again and again.
    Both,
}

/// A process to be started.
pub(crate) struct Worker {
    command: Command,
    what: What,
}

impl Worker {
    pub(crate) fn new(command: Command, what: What) -> Self {
        Self { command, what }
    }

    /// Microseconds that it took in a fresh process.
    pub(crate) fn once(self) -> f64 {
        self.output(1)[0]
    }

    /// By how many KiB the peak of resident memory rose.
    pub(crate) fn memory(self) -> f64 {
        self.output(1)[1]
    }

    /// Microseconds of the floor and of the module, each so many times in one process.
    pub(crate) fn in_turn(self, runs: usize) -> (Vec<f64>, Vec<f64>) {
        self.output(runs).chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip()
    }

    fn output(mut self, runs: usize) -> Vec<f64> {
        let printed = run(self.command.arg("worker").arg(format!("{:?}", self.what)).arg(runs.to_string()));
        printed.split_whitespace().map(|number| number.parse().expect("a number")).collect()
    }
}

/// The process itself.
pub(crate) fn main(what: &str, runs: usize) {
    let agent = OwnAgent::from_environment();
    be_sudo_started_by(User::ALICE);
    let peak = peak_kib();
    let started = Instant::now();
    match what {
        "Nothing" => {}
        "Floor" => agent.floor(),
        "Permit" => transaction("permit"),
        "Module" => transaction("sudo"),
        "Both" => return in_turn(&agent, runs),
        _ => panic!("unknown: {what}"),
    }
    let took = started.elapsed();
    println!("{} {}", took.as_secs_f64() * 1e6, peak_kib() - peak);
}

/// All that a program does for one question, loading and unloading of the module included.
fn transaction(service: &str) {
    let conversation = Conversation::new("answers");
    let handle = Handle::start(service, User::ALICE.name, "/etc/pam.d", &conversation);
    authenticate(&handle);
    handle.end();
}

fn in_turn(agent: &OwnAgent, runs: usize) {
    let conversation = Conversation::new("answers");
    let handle = Handle::start("sudo", User::ALICE.name, "/etc/pam.d", &conversation);
    let microseconds = |ask: &dyn Fn()| {
        let started = Instant::now();
        ask();
        started.elapsed().as_secs_f64() * 1e6
    };
    for _ in 0..runs {
        println!("{} {}", microseconds(&|| agent.floor()), microseconds(&|| authenticate(&handle)));
    }
    handle.end();
}

fn authenticate(handle: &Handle<'_>) {
    let code = ffi::code_name(handle.call("authenticate", 0));
    assert_eq!(code, "SUCCESS");
}

/// The agent as the floor asks it.
struct OwnAgent {
    socket: PathBuf,
    sign_request: Vec<u8>,
}

impl OwnAgent {
    fn from_environment() -> Self {
        let path = |name| PathBuf::from(std::env::var_os(name).expect("set by bench"));
        let blob = fs::read(path("BENCH_BLOB")).expect("a blob");
        Self { socket: path("SSH_AUTH_SOCK"), sign_request: floor::sign_request(&blob) }
    }

    fn floor(&self) {
        floor::ask(&self.socket, &self.sign_request);
    }
}

fn be_sudo_started_by(user: User) {
    let (uid, gid, root) = (Uid::from_raw(user.id), Gid::from_raw(user.id), Uid::from_raw(0));
    setgroups(&[gid]).expect("setgroups");
    setresgid(gid, gid, gid).expect("setresgid");
    setresuid(uid, root, root).expect("setresuid");
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("status of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number of kB")
}
