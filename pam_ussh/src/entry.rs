//! The six hooks. Each ends in a PAM code whatever happens inside: a panic is caught, logged and refused.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Mutex;

use pamsm::{Pam, PamError};

use crate::authenticate::authenticate;
use crate::end_session;
use crate::memory::Memory;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::request::{Request, Stack, service_name};
use crate::session;

pub(crate) fn authenticate_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::ABORT, || ask("auth", pam, Stack::Auth, words))
}

pub(crate) fn account_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::ABORT, || ask("account", pam, Stack::Account, words))
}

/// There are no credentials to set; doas wants to hear that this went well.
pub(crate) fn setcred_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::ABORT, || {
        panic_on_request("setcred", words);
        PamError::SUCCESS
    })
}

pub(crate) fn open_session_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::PERM_DENIED, || open_session(pam, words))
}

pub(crate) fn close_session_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::PERM_DENIED, || {
        panic_on_request("close_session", words);
        end_session::over(pam);
        PamError::IGNORE
    })
}

/// Nothing here changes a password.
pub(crate) fn chauthtok_hook(pam: &Pam, words: &[String]) -> PamError {
    guarded(pam, PamError::ABORT, || {
        panic_on_request("chauthtok", words);
        PamError::IGNORE
    })
}

/// The auth and the account stack: one question, one line in the log, one answer.
fn ask(hook: &str, pam: &Pam, stack: Stack, words: &[String]) -> PamError {
    panic_on_request(hook, words);
    let options = match Options::parse(&own_words(words)) {
        Ok(options) => options,
        Err(error) => return Report::new(pam, false, false).decision(&error.into(), stack, None),
    };
    let report = Report::new(pam, options.quiet, options.debug);
    let request = match Request::new(pam, stack, &options.sshd_services) {
        Ok(request) => request.on_behalf_of(options.session_guard),
        Err(outcome) => return report.decision(&outcome, stack, None),
    };
    let mut memory = Memory::recall(pam, &request);
    let outcome =
        authenticate(stack, &request, &options, &report, &mut memory).map_or_else(|outcome| outcome, Outcome::Accepted);
    match &outcome {
        Outcome::Accepted(granted) if options.session_guard.is_some() => session::tell_guard(pam, granted),
        _ => report.decision(&outcome, stack, Some((&request, &mut memory))),
    }
}

/// Sessions are sshd's business; any other program's are passed over.
fn open_session(pam: &Pam, words: &[String]) -> PamError {
    panic_on_request("open_session", words);
    let options = match Options::parse(&own_words(words)) {
        Ok(options) => options,
        Err(error) => return Report::new(pam, false, false).decision(&error.into(), Stack::Session, None),
    };
    if !options.sshd_services.contains(&service_name(pam)) {
        return PamError::IGNORE;
    }
    let report = Report::new(pam, options.quiet, options.debug);
    let request = match Request::new(pam, Stack::Session, &options.sshd_services) {
        Ok(request) => request,
        Err(outcome) => return report.decision(&outcome, Stack::Session, None),
    };
    let mut memory = Memory::recall(pam, &request);
    let outcome = authenticate(Stack::Session, &request, &options, &report, &mut memory)
        .and_then(|granted| {
            end_session::begin(pam, &request, &options, &own_words(words), &granted, &report)?;
            session::begin(pam, granted)
        })
        .map_or_else(|outcome| outcome, Outcome::Accepted);
    report.decision(&outcome, Stack::Session, Some((&request, &mut memory)))
}

/// Runs a hook; a panic in it becomes `on_panic`, prints nothing, and is logged with its place.
fn guarded(pam: &Pam, on_panic: PamError, hook: impl FnOnce() -> PamError) -> PamError {
    static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
    // The default panic hook would print to the person's terminal. Ours lives in this library's copy of std only.
    let previous = take_hook();
    set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = panic.to_string();
        }
    }));
    let answer = catch_unwind(AssertUnwindSafe(hook));
    drop(take_hook());
    set_hook(previous);
    answer.unwrap_or_else(|payload| {
        drop(payload);
        let what = LAST_PANIC.lock().map(|mut last| std::mem::take(&mut *last)).unwrap_or_default();
        let logged = catch_unwind(AssertUnwindSafe(|| Report::new(pam, false, false).panicked(&what)));
        drop(logged); // A second panic has nobody left to tell.
        on_panic
    })
}

/// Test builds only: `test_panic=HOOK` makes that hook panic, `test_panic=as_user` whatever acts as the user.
#[cfg(feature = "test-panic")]
fn panic_on_request(hook: &str, words: &[String]) {
    let asked_for = |place: &str| words.iter().any(|argument| argument.strip_prefix("test_panic=") == Some(place));
    crate::privileges::PANIC.store(asked_for("as_user"), std::sync::atomic::Ordering::Relaxed);
    #[allow(clippy::panic)]
    if asked_for(hook) {
        panic!("test_panic={hook}");
    }
}

#[cfg(not(feature = "test-panic"))]
fn panic_on_request(_: &str, _: &[String]) {}

/// The arguments that are options: all of them, but for the one of test builds.
fn own_words(words: &[String]) -> Vec<&str> {
    let is_option = |argument: &&str| !(cfg!(feature = "test-panic") && argument.starts_with("test_panic="));
    words.iter().map(String::as_str).filter(is_option).collect()
}
