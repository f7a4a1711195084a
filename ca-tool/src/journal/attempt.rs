//! Attempts: what is going to be signed, and what became of it.

use ussh_cert::certificate::CertificateType;
use ussh_cert::draft::CertificateOption;
use ussh_cert::key::fingerprint;
use ussh_cert::timestamp::rfc3339;

use super::row::{Event, Head, Row, RowOptions, digits};
use super::{Journal, Writer};
use crate::audit::Line;
use crate::error::{Error, Result};
use crate::issue::request::Request;

/// Which serial numbers the certificates of one call get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// The next ones of this CA.
    Next,
    /// This one and those after it (`-z N` for one key, `-z +N` for several).
    From(u64),
}

/// One certificate that is going to be signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) request: &'a Request,
    /// The key, as a plain blob, and its comment.
    pub(crate) key: &'a [u8],
    pub(crate) comment: &'a str,
}

/// An intent that is on the disk: the proof without which nothing is signed.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The intent's row.
    pub(super) number: i64,
    pub(super) serial: u64,
    /// The CA's fingerprint.
    pub(super) ca: String,
}

impl Attempt {
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Adds the facts of a certificate to a line for the system log, under pam_ussh's names.
    pub(crate) fn facts(&self, line: Line, wanted: &Wanted<'_>) -> Line {
        let request = wanted.request;
        line.text("key_id", &request.key_id)
            .value("serial", self.serial)
            .value("ca", &self.ca)
            .value("key", fingerprint(wanted.key))
            .text("valid_until", &rfc3339(request.interval.to))
            .text("principals", &request.principals.join(","))
    }
}

/// What became of an attempt.
pub(crate) enum Outcome<'a> {
    Issued(&'a [u8]),
    Failed(&'a Error),
    Undelivered(&'a Error),
}

impl Journal {
    /// Writes what is going to be signed by the CA with this public key (a blob), and takes the serial numbers.
    pub(crate) fn intend(&mut self, ca: &[u8], numbering: Numbering, wanted: &[Wanted<'_>]) -> Result<Vec<Attempt>> {
        let name = fingerprint(ca);
        self.write(|writer| {
            let mut serial = writer.first_serial(&name, numbering)?;
            let mut attempts = Vec::with_capacity(wanted.len());
            for (at, one) in wanted.iter().enumerate() {
                if at > 0 {
                    serial = serial.checked_add(1).ok_or_else(used_up)?;
                }
                writer.refuse_used(&name, serial)?;
                let number = writer.add(intent(one, &name, ca, serial))?;
                attempts.push(Attempt { number, serial, ca: name.clone() });
            }
            Ok(attempts)
        })
    }

    /// Writes what became of attempts, in one go; the newest row's head comes back.
    pub(crate) fn record<'a>(&mut self, outcomes: impl IntoIterator<Item = (&'a Attempt, Outcome<'a>)>) -> Result<Head> {
        self.write(|writer| {
            for (attempt, outcome) in outcomes {
                writer.add(outcome_row(attempt, &outcome))?;
            }
            Ok(writer.head.clone())
        })
    }
}

impl Writer<'_> {
    fn first_serial(&self, ca: &str, numbering: Numbering) -> Result<u64> {
        match numbering {
            Numbering::From(0) => Err(Error::usage(
                "Serial number 0 cannot be revoked: OpenSSH takes it for none at all.",
                "Leave -z out, or choose another number.",
            )),
            Numbering::From(serial) => Ok(serial),
            Numbering::Next => {
                let highest = "SELECT max(serial) FROM journal WHERE ca = ? AND event = 'intent'";
                let highest: Option<String> =
                    self.transaction.query_row(highest, [ca], |row| row.get(0)).map_err(|error| self.trouble(&error))?;
                let highest = highest
                    .map_or(Ok(0), |digits| digits.parse::<u64>())
                    .map_err(|_| Error::new("The journal has a serial number that is none.", "Run `ca-tool log verify`."))?;
                highest.checked_add(1).ok_or_else(used_up)
            }
        }
    }

    fn refuse_used(&self, ca: &str, serial: u64) -> Result<()> {
        let by = "SELECT seq FROM journal WHERE ca = ? AND serial = ? AND event = 'intent'";
        match self.transaction.query_row(by, [ca, &digits(serial)], |row| row.get::<_, i64>(0)) {
            Ok(attempt) => Err(Error::new(
                format!("Serial number {serial} of this CA was already taken, by attempt {attempt}."),
                format!("See `ca-tool log show {attempt}`. Leave -z out for the next free number."),
            )),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(()),
            Err(error) => Err(self.trouble(&error)),
        }
    }
}

fn used_up() -> Error {
    Error::new(
        "The highest serial number there can be is taken.",
        "Name free ones with -z, or begin a new CA: `ca-tool log list` shows which are taken.",
    )
}

fn intent(wanted: &Wanted<'_>, ca: &str, ca_key: &[u8], serial: u64) -> Row {
    let request = wanted.request;
    let kind = match request.certificate_type {
        CertificateType::User => "user",
        CertificateType::Host => "host",
    };
    let named = |options: &[CertificateOption]| {
        options.iter().map(|option| (option.name.clone(), option.value.clone())).collect::<Vec<_>>()
    };
    let options = RowOptions { critical: named(&request.options.critical), extensions: named(&request.options.extensions) };
    Row {
        event: Event::Intent,
        ca: Some(ca.to_owned()),
        ca_key: Some(ca_key.to_vec()),
        serial: Some(serial),
        key_id: Some(request.key_id.clone()),
        certificate_type: Some(kind.into()),
        principals: Some(serde_json::json!(request.principals).to_string()),
        valid_after: Some(request.interval.from),
        valid_before: Some(request.interval.to),
        options: serde_json::to_string(&options).ok(),
        key: Some(fingerprint(wanted.key)),
        key_comment: Some(wanted.comment.to_owned()).filter(|comment| !comment.is_empty()),
        ..Row::default()
    }
}

fn outcome_row(attempt: &Attempt, outcome: &Outcome<'_>) -> Row {
    let (event, reason, certificate) = match outcome {
        Outcome::Issued(certificate) => (Event::Issued, None, Some(certificate.to_vec())),
        Outcome::Failed(error) => (Event::Failed, Some(error.what().to_owned()), None),
        Outcome::Undelivered(error) => (Event::Undelivered, Some(error.what().to_owned()), None),
    };
    Row { event, attempt: attempt.number, reason, certificate, ..Row::default() }
}
