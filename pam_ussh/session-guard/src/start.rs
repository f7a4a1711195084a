//! `start`: a child of sshd's privileged process, which waits for it. It says `ready PID STARTED` when the guard watches,
//! or what is wrong.

use std::process::Stdio;
use std::time::Duration;

use crate::arguments::{Session, Verb};
use crate::asking::{Verdict, ask};
use crate::sshd::Sshd;
use crate::system::keep_descriptors_from_children;

/// Less than the module waits for `ready`.
const LOOK_LIMIT: Duration = Duration::from_secs(15);

/// Looks once, so that a guard which cannot look is known at login and not when a certificate is revoked; then leaves
/// the watch behind.
pub(crate) fn start(mut session: Session) -> Result<(), String> {
    let sshd = Sshd::parent()?;
    session.sshd = std::os::unix::process::parent_id();
    keep_descriptors_from_children().map_err(|error| format!("close_range: {error}"))?;
    match ask(Verb::Look, &session, None, &sshd, LOOK_LIMIT, |_| {}) {
        Some(Verdict::Accepted(_)) => {}
        Some(other) => return Err(format!("the first look failed: {other:?}")),
        None => return Err("who started this has gone".to_owned()),
    }
    let mut watch = session.command(Verb::Watch);
    // Standard output is the caller's: the watch says when it is ready.
    watch.stdin(sshd).stderr(Stdio::null());
    watch.spawn().map(drop).map_err(|error| format!("cannot start the watch: {error}"))
}
