//! `ussh-session-guard`: ends a session of sshd when the certificate that opened it does.
//!
//! What it does for whom is in the man page, `ussh-session-guard.8`. `pam_ussh.so` starts it in open_session.
//!
//! ```text
//! start      looks once, takes hold of sshd's process, and leaves `watch` behind
//! watch      one for each connection: waits, warns, looks again, ends
//!   schedule   when which of these is due; no clock, no I/O
//!   clocks     two clocks and the wait for the next of them
//!   sshd       sshd's privileged process, by pidfd
//!     processes  what /proc says of it and its children
//!   terminals  where the person reads
//!   end        the session's end
//!   renewal    may the session go on with a newer certificate?
//!   asking     runs one of these, for a limited time:
//! look       asks pam_ussh.so whether it still accepts the certificate
//! renew      asks pam_ussh.so whether the session's agent holds one that it accepts
//! agents     says which agents the session has
//!   stack      the pam.d line for that
//! ```
//!
//! libpam is the crate ussh-libpam. `unsafe` stands in `system` alone.
#![deny(unsafe_code)]

mod arguments;
mod asking;
mod clocks;
mod end;
mod judge;
mod processes;
mod renewal;
mod schedule;
mod sshd;
mod stack;
mod start;
mod system;
mod terminals;
mod text;
mod watch;

use std::process::ExitCode;

use arguments::{Arguments, Verb};

/// For what is no verdict of PAM's: those are below 64.
const FAILED: u8 = 100;

fn main() -> ExitCode {
    run().unwrap_or_else(|what| {
        eprintln!("{what}");
        ExitCode::from(FAILED)
    })
}

fn run() -> Result<ExitCode, String> {
    if std::env::args_os().nth(1).is_some_and(|word| word == "--version") {
        println!("ussh-session-guard {}", env!("CARGO_PKG_VERSION"));
        return Ok(ExitCode::SUCCESS);
    }
    let Arguments { verb, session } = Arguments::parse(std::env::args_os().skip(1))?;
    match verb {
        Verb::Start => start::start(session).map(|()| ExitCode::SUCCESS),
        Verb::Watch => watch::watch(session).map(|()| ExitCode::SUCCESS),
        Verb::Look => judge::look(&session).map(ExitCode::from),
        Verb::Renew => judge::renew(&session).map(ExitCode::from),
        Verb::Agents => renewal::print_agents(&session).map(|()| ExitCode::SUCCESS),
    }
}
