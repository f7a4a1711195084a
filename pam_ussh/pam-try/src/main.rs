//! `ussh-pam-try`: runs PAM stacks as a program such as sudo or sshd would, and says what came out. What each word means
//! is in the man page, `ussh-pam-try.8`.
//!
//! A program of its own, so that whatever a stack loads and leaves behind is gone with it, and so that ca-tool, which
//! asks this way, needs no libpam.
#![forbid(unsafe_code)]

mod arguments;

use std::ffi::c_int;
use std::io::Write;
use std::process::ExitCode;

use arguments::{Arguments, Call};
use ussh_libpam::{Item, Said, Transaction, code};

/// For what is no verdict: PAM could not be asked.
const FAILED: u8 = 100;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => match run(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(what) => failed(&what),
        },
        Ok(None) => {
            print("ussh-pam-try", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Err(what) => failed(&what),
    }
}

fn failed(what: &str) -> ExitCode {
    eprintln!("ussh-pam-try: {what}");
    ExitCode::from(FAILED)
}

/// One transaction; ends behind the first call that is not a success.
fn run(arguments: &Arguments) -> Result<(), String> {
    let mut transaction = Transaction::start(&arguments.service, &arguments.user, arguments.folder.as_deref(), hear)
        .map_err(|code| format!("libpam does not start service {:?}: {}", arguments.service, code::name(code)))?;
    let items = [(Item::Tty, &arguments.tty), (Item::RemoteHost, &arguments.rhost), (Item::RemoteUser, &arguments.ruser)];
    for (item, value) in items {
        if let Some(value) = value {
            transaction.set(item, value).map_err(|code| format!("pam_set_item {item:?}: {}", code::name(code)))?;
        }
    }
    for (name, value) in &arguments.variables {
        transaction.put(name, value).map_err(|code| format!("pam_putenv {name}: {}", code::name(code)))?;
    }
    for call in &arguments.calls {
        let answer = match call {
            Call::Auth => transaction.authenticate(),
            Call::Account => transaction.account(),
            Call::Session => open_and_close(&mut transaction),
        };
        print(call.name(), &code::name(answer));
        if answer != code::SUCCESS {
            break;
        }
    }
    Ok(())
}

/// What has been opened is closed, also by the modules that did open theirs when another one refused.
fn open_and_close(transaction: &mut Transaction) -> c_int {
    let opened = transaction.open_session();
    transaction.close_session();
    opened
}

fn hear(said: Said<'_>) {
    match said {
        Said::Info(text) => print("message", text),
        Said::Error(text) => print("error", text),
        Said::Question(text) => print("asks", text),
    }
}

/// One line, whatever the text holds, and at once: who listens may want to say that a key waits for a finger.
fn print(name: &str, text: &str) {
    let text: String = text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.into() }).collect();
    let mut out = std::io::stdout().lock();
    // Who does not listen any more needs no answer.
    let _ = writeln!(out, "{name} {text}").and_then(|()| out.flush());
}
