//! One certificate from intent to delivery: nothing is signed that the journal does not announce, and nothing leaves
//! that it does not hold.
//!
//! ```text
//! intent on the disk -> the CA signs -> parsed and verified again -> "issued" on the disk -> delivered
//! ```

use std::time::{Duration, Instant};

use super::certificate;
use super::request::Request;
use crate::audit::{self, Level};
use crate::backend::CaSigner;
use crate::error::{Error, Result};
use crate::journal::{Attempt, Head, Journal, Numbering, Outcome, Wanted};

/// So many intents are on the disk at most while their certificates are made. Two syncs serve them all.
const AT_ONCE: usize = 256;

/// After so long, what is signed is written down and delivered before the next one is signed: a CA that wants a touch
/// for each signature must not hold back, or lose, what it has signed already.
const A_WHILE: Duration = Duration::from_millis(300);

/// A certificate that was delivered.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) serial: u64,
    /// The journal's newest row when it was written: worth keeping elsewhere.
    pub(crate) head: Head,
}

/// Issues one certificate for `wanted.key`. `serial` is one of the person's choice; without, it is the journal's next.
/// `deliver` gets the certificate's blob, once it may leave.
///
/// # Errors
/// Whatever failed; the journal says so too, if it still can.
pub(crate) fn issue(
    request: &Request,
    key: &[u8],
    serial: Option<u64>,
    ca: &mut dyn CaSigner,
    journal: &mut Journal,
    deliver: impl FnOnce(&[u8]) -> Result<()>,
) -> Result<Issued> {
    let wanted = Wanted { request, key, comment: "" };
    let mut deliver = Some(deliver);
    let mut issued = None;
    let head = issue_all(&[wanted], serial.map_or(Numbering::Next, Numbering::From), ca, journal, |_, serial, blob| {
        issued = Some(serial);
        deliver.take().map_or(Ok(()), |deliver| deliver(blob))
    })?;
    issued.map(|serial| Issued { serial, head }).ok_or_else(|| Error::new("Nothing was issued.", "This is a defect."))
}

/// Issues a certificate for each of `wanted`, in order, and stops at the first that fails; those before it are
/// delivered. `deliver` gets the place in `wanted`, the serial number and the blob.
///
/// # Errors
/// As [`issue`].
pub(crate) fn issue_all(
    wanted: &[Wanted<'_>],
    numbering: Numbering,
    ca: &mut dyn CaSigner,
    journal: &mut Journal,
    deliver: impl FnMut(usize, u64, &[u8]) -> Result<()>,
) -> Result<Head> {
    in_portions(A_WHILE, wanted, numbering, ca, journal, deliver)
}

fn in_portions(
    a_while: Duration,
    wanted: &[Wanted<'_>],
    mut numbering: Numbering,
    ca: &mut dyn CaSigner,
    journal: &mut Journal,
    mut deliver: impl FnMut(usize, u64, &[u8]) -> Result<()>,
) -> Result<Head> {
    let ca_blob = certificate::ca_blob(ca)?;
    let mut head = None;
    let mut place = 0;
    for chunk in wanted.chunks(AT_ONCE) {
        let attempts = journal.intend(&ca_blob, numbering, chunk)?;
        if let (Numbering::From(_), Some(last)) = (numbering, attempts.last()) {
            numbering = Numbering::From(last.serial().saturating_add(1));
        }
        let (mut wanted, mut attempts) = (chunk, attempts.as_slice());
        while !attempts.is_empty() {
            let signed = sign_some(a_while, wanted, attempts, ca);
            let written = write_down(journal, attempts, &signed)?;
            tell_the_system_log(wanted, attempts, &signed, journal, &written);
            let delivered = deliver_all(journal, attempts, &signed, |at, serial, blob| deliver(place + at, serial, blob));
            head = Some(written);
            place += signed.len();
            wanted = wanted.get(signed.len()..).unwrap_or_default();
            attempts = attempts.get(signed.len()..).unwrap_or_default();
            if let Some(error) = delivered.err().or_else(|| signed.into_iter().next_back()?.err()) {
                give_up(journal, attempts)?;
                return Err(error);
            }
        }
    }
    head.map_or_else(|| journal.head(), Ok)
}

/// Signs until one fails (that one's error is the last in the list), or until it has taken a while.
fn sign_some(a_while: Duration, wanted: &[Wanted<'_>], attempts: &[Attempt], ca: &mut dyn CaSigner) -> Vec<Result<Vec<u8>>> {
    let begin = Instant::now();
    let mut signed = Vec::with_capacity(wanted.len());
    for (one, attempt) in wanted.iter().zip(attempts) {
        let result = certificate::sign(one.request, one.key, attempt.serial(), ca);
        let failed = result.is_err();
        signed.push(result);
        if failed || begin.elapsed() >= a_while {
            break;
        }
    }
    signed
}

fn write_down(journal: &mut Journal, attempts: &[Attempt], signed: &[Result<Vec<u8>>]) -> Result<Head> {
    journal.record(attempts.iter().zip(signed).map(|(attempt, signed)| match signed {
        Ok(blob) => (attempt, Outcome::Issued(blob)),
        Err(error) => (attempt, Outcome::Failed(error)),
    }))
}

/// What was announced and is not tried any more.
fn give_up(journal: &mut Journal, attempts: &[Attempt]) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    let error = Error::new("One before it failed.", "");
    journal.record(attempts.iter().map(|attempt| (attempt, Outcome::Failed(&error)))).map(drop)
}

fn tell_the_system_log(
    wanted: &[Wanted<'_>],
    attempts: &[Attempt],
    signed: &[Result<Vec<u8>>],
    journal: &Journal,
    head: &Head,
) {
    for ((one, attempt), _) in wanted.iter().zip(attempts).zip(signed).filter(|(_, signed)| signed.is_ok()) {
        attempt.facts(audit::Line::new("issued"), one).text("by", &journal.asked_by()).value("journal", head).log(Level::Info);
    }
}

/// Delivers what was signed. What cannot be delivered is written down, and the first error comes back.
fn deliver_all(
    journal: &mut Journal,
    attempts: &[Attempt],
    signed: &[Result<Vec<u8>>],
    mut deliver: impl FnMut(usize, u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut failures = Vec::new();
    for (at, (attempt, blob)) in attempts.iter().zip(signed).enumerate() {
        if let Ok(blob) = blob
            && let Err(error) = deliver(at, attempt.serial(), blob)
        {
            failures.push((attempt, error));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    journal.record(failures.iter().map(|(attempt, error)| (*attempt, Outcome::Undelivered(error))))?;
    failures.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests;
