//! Plays sudo: a setuid-like program that calls hooks of a PAM stack and says what each did to it.
//!
//! Arguments are `name=value` words:
//! `service= user= confdir= as=USER | unprivileged=USER  hooks=authenticate,acct_mgmt,…  calls=N handles=N silent=yes
//! conv=answers|fails|null  tty= ruser= rhost=  putenv=NAME=VALUE  putenv_file=NAME=PATH  forget=NAME`
//! (what stands in the file is the value; the last drops an environment variable, as sudo does;
//! among the hooks, `user:NAME` changes PAM_USER, as login programs do).
//!
//! Answers on standard output, one line a fact (`tests::pam` reads them):
//! `call HOOK CODE MICROSECONDS GROWTH_KIB`, then `before …`, `after …` (see `snapshot`) and `say STYLE TEXT` for it;
//! `end mapped=yes|no` after each pam_end; `left before …`, `left after …` for the whole run.

mod conversation;
mod ffi;
mod snapshot;

use std::ffi::CString;
use std::time::Instant;

use conversation::Conversation;
use ffi::Handle;
use snapshot::{Memory, snapshot};

/// Nothing here may outlive this, whatever an agent does.
const LONGEST_RUN_SECONDS: u32 = 120;

fn main() {
    let asked = Asked::from_arguments();
    // SAFETY: a plain call without pointers; no handler is installed, so SIGALRM ends this process.
    unsafe { libc::alarm(LONGEST_RUN_SECONDS) };
    behave_like_a_c_program();
    open_syslog();
    become_caller(&asked);
    for name in &asked.forget {
        // SAFETY: this program has a single thread.
        unsafe { std::env::remove_var(name) };
    }
    let left_before = snapshot();
    for _ in 0..asked.handles {
        one_handle(&asked);
    }
    println!("left before {left_before}\nleft after {}", snapshot());
}

fn one_handle(asked: &Asked) {
    let conversation = Conversation::new(&asked.conv);
    let handle = Handle::start(&asked.service, &asked.user, &asked.confdir, &conversation);
    for (item, value) in &asked.items {
        handle.set_item(*item, value);
    }
    for variable in &asked.putenv {
        handle.putenv(variable);
    }
    for _ in 0..asked.calls {
        for hook in &asked.hooks {
            match hook.strip_prefix("user:") {
                Some(user) => handle.set_item(ffi::PAM_USER, user),
                None => one_call(asked, &handle, hook, &conversation),
            }
        }
    }
    handle.end();
    println!("end mapped={}", if snapshot::mapped("ussh") { "yes" } else { "no" });
}

fn one_call(asked: &Asked, handle: &Handle<'_>, hook: &str, conversation: &Conversation) {
    let before = snapshot();
    let memory = Memory::start();
    let started = Instant::now();
    let code = handle.call(hook, asked.flags);
    let elapsed = started.elapsed().as_micros();
    let growth = memory.growth_kib();
    println!("call {hook} {} {elapsed} {growth}\nbefore {before}\nafter {}", ffi::code_name(code), snapshot());
    for (style, text) in conversation.take() {
        println!("say {style} {text}");
    }
}

/// Rust ignores SIGPIPE and handles SIGSEGV; sudo does neither, and would show what a module changes or provokes.
fn behave_like_a_c_program() {
    for signal in [libc::SIGPIPE, libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the default action is no function of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// pam_syslog makes libc open /dev/log once and keep it: done here, so that it counts for no hook.
fn open_syslog() {
    // SAFETY: both strings are C strings that live for the whole program; the format takes no arguments.
    unsafe {
        libc::openlog(c"pam-host".as_ptr(), libc::LOG_NDELAY, libc::LOG_AUTHPRIV);
        libc::syslog(libc::LOG_DEBUG, c"pam-host starts".as_ptr());
    }
}

/// `as`: like a setuid-root program started by that user, /proc closed to that user included; `unprivileged`: like a plain one.
fn become_caller(asked: &Asked) {
    let Some((name, privileged)) = &asked.caller else { return };
    let user = nix::unistd::User::from_name(name).expect("passwd can be read").expect("the caller exists");
    let c_name = CString::new(name.as_str()).expect("no NUL in a name");
    nix::unistd::initgroups(&c_name, user.gid).expect("initgroups");
    nix::unistd::setresgid(user.gid, user.gid, user.gid).expect("setresgid");
    let effective = if *privileged { nix::unistd::Uid::from_raw(0) } else { user.uid };
    nix::unistd::setresuid(user.uid, effective, effective).expect("setresuid");
    if *privileged {
        // SAFETY: a plain call without pointers.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
    }
}

/// The arguments, as meant.
struct Asked {
    service: String,
    user: String,
    confdir: String,
    caller: Option<(String, bool)>,
    hooks: Vec<String>,
    calls: usize,
    handles: usize,
    flags: libc::c_int,
    conv: String,
    items: Vec<(libc::c_int, String)>,
    putenv: Vec<Vec<u8>>,
    forget: Vec<String>,
}

impl Asked {
    fn from_arguments() -> Self {
        let mut asked = Self {
            service: "sudo".into(),
            user: "alice".into(),
            confdir: "/etc/pam.d".into(),
            caller: None,
            hooks: vec!["authenticate".into()],
            calls: 1,
            handles: 1,
            flags: 0,
            conv: "answers".into(),
            items: Vec::new(),
            putenv: Vec::new(),
            forget: Vec::new(),
        };
        for word in std::env::args().skip(1) {
            let (name, value) = word.split_once('=').expect("arguments are name=value");
            asked.set(name, value.to_owned());
        }
        asked
    }

    fn set(&mut self, name: &str, value: String) {
        match name {
            "service" => self.service = value,
            "user" => self.user = value,
            "confdir" => self.confdir = value,
            "as" => self.caller = Some((value, true)),
            "unprivileged" => self.caller = Some((value, false)),
            "hooks" => self.hooks = value.split(',').map(str::to_owned).collect(),
            "calls" => self.calls = value.parse().expect("a number of calls"),
            "handles" => self.handles = value.parse().expect("a number of handles"),
            "silent" => self.flags |= ffi::PAM_SILENT,
            "conv" => self.conv = value,
            "tty" => self.items.push((ffi::PAM_TTY, value)),
            "ruser" => self.items.push((ffi::PAM_RUSER, value)),
            "rhost" => self.items.push((ffi::PAM_RHOST, value)),
            "putenv" => self.putenv.push(value.into_bytes()),
            "putenv_file" => self.putenv.push(from_file(&value)),
            "forget" => self.forget.push(value),
            _ => panic!("unknown argument {name}"),
        }
    }
}

/// `NAME=PATH` with the file's content for the path.
fn from_file(value: &str) -> Vec<u8> {
    let (name, path) = value.split_once('=').expect("NAME=PATH");
    [name.as_bytes(), b"=", &std::fs::read(path).expect("the file can be read")].concat()
}
