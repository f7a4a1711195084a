//! `end_session`: the session ends when its certificate does.
//!
//! Two things see to it. pam_systemd, further down in the stack, is told how long the session may last, where logind
//! runs it; and a guard of our own, which is a program of its own, watches sshd's process, warns, looks at the
//! certificate again and again, and ends the session.

mod guard;
mod limit;
mod program;

use pamsm::Pam;
use ussh_cert::refusal::text;

use crate::authenticate::now;
use crate::options::Options;
use crate::options::end_session::Mode;
use crate::outcome::{Granted, Outcome};
use crate::report::Report;
use crate::request::Request;

pub(crate) use guard::over;

/// A certificate that ends then never does.
const NEVER: u64 = u64::MAX;

/// Of the session that is about to begin. `words` are those of the pam.d line.
pub(crate) fn begin(
    pam: &Pam,
    request: &Request,
    options: &Options,
    words: &[&str],
    granted: &Granted,
    report: &Report<'_>,
) -> Result<(), Outcome> {
    let failed = |what: String| Outcome::Misconfigured(format!("option \"end_session\": {what}"));
    let mode = options.end_session.mode;
    if mode == Mode::Off {
        return Ok(());
    }
    // For `renew` nothing may end the session that does not know of the newer certificate.
    if mode == Mode::WithCertificate && granted.valid_before != NEVER {
        // Rounded down: some of this second has passed.
        limit::set(pam, granted.valid_before.saturating_sub(now() + 1)).map_err(failed)?;
    }
    if guard::is_installed().map_err(failed)? {
        return guard::start(pam, request, options, words, granted).map_err(failed);
    }
    if mode == Mode::Renewable {
        return Err(failed(format!("renew needs {}, which is not installed", guard::PROGRAM)));
    }
    let user = text(request.user.name.as_bytes());
    report.warning(&format!(
        "{} is not installed: if anything ends the session of user=\"{user}\" with its certificate, it is pam_systemd",
        guard::PROGRAM
    ));
    Ok(())
}
