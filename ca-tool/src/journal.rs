//! The issuance journal: one row for each thing that happened, written before its certificate leaves the tool.
//!
//! An SQLite file to which rows are only ever added. Each row carries the hash of the row before it, so that a row
//! changed, exchanged, inserted or taken out is found ([`verify`]); `row` has the exact bytes that are hashed.
//!
//! ```text
//! schema    the file itself: made once, opened checked        row      one row, its hash, its head
//! attempt   intent -> issued | failed | undelivered, serials  revoked  what is revoked, and why
//! query     what `ca-tool log` asks                           verify   whether all of it is still there
//! ```
//!
//! Write-ahead logging rather than a rollback journal: one sync a commit instead of four, and readers that neither
//! wait nor make others wait. The last process to close the file folds the log back into it, so that at rest the
//! journal is one file and a copy of that file is whole.
//!
//! No secret is ever in it: it has the public halves of keys, and what was asked for.

mod attempt;
mod query;
mod revoked;
mod row;
mod schema;
mod verify;
mod who;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::error::{Error, Result};
use crate::issue::request::now;

pub(crate) use attempt::{Attempt, Numbering, Outcome, Wanted};
pub(crate) use query::{Entry, Filter, Status};
pub(crate) use revoked::{Revocation, Revoked, WrittenKrl};
pub(crate) use row::{Head, Row};
pub(crate) use verify::Report;
use who::Who;

/// An open journal. Nothing is locked between two calls.
pub(crate) struct Journal {
    connection: Connection,
    path: PathBuf,
    who: Who,
    reason: Option<String>,
}

impl Journal {
    /// Opens the journal, or makes a new one where there is none.
    ///
    /// # Errors
    /// When it cannot be written, is no journal of ours, or may be written by others: nothing must be signed then.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let who = Who::asks();
        let connection = schema::open(path, &who)?;
        Ok(Self { connection, path: path.to_owned(), who, reason: None })
    }

    /// Opens a journal that exists, to read it. It need not be sound.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self> {
        let connection = schema::open_to_read(path)?;
        Ok(Self { connection, path: path.to_owned(), who: Who::asks(), reason: None })
    }

    /// Login name (or number) of who runs this, and, behind sudo, of who asked sudo.
    pub(crate) fn asked_by(&self) -> String {
        self.who.in_words()
    }

    /// Why: goes into every row that is written from now on and has no reason of its own.
    pub(crate) fn because(&mut self, reason: impl Into<String>) {
        self.reason = Some(reason.into());
    }

    /// The newest row's number and hash. Kept elsewhere, it shows that nothing up to there was changed since.
    pub(crate) fn head(&self) -> Result<Head> {
        row::head(&self.connection).map_err(|error| self.trouble(&error))
    }

    /// Writes rows, all or none of them, and returns when they are on the disk. While `work` runs, no other process
    /// writes.
    fn write<T>(&mut self, work: impl FnOnce(&mut Writer<'_>) -> Result<T>) -> Result<T> {
        let path = self.path.clone();
        let trouble = |error: &rusqlite::Error| trouble(&path, error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| trouble(&error))?;
        let head = row::head(&transaction).map_err(|error| trouble(&error))?;
        // Cheap, and the one fault after which a serial number could be given a second time.
        if row::counted(&transaction) != head.seq {
            return Err(Error::new(
                format!("The newest rows of the journal {} are missing.", path.display()),
                "Run `ca-tool log verify`, and restore the journal from a copy: serial numbers would repeat.",
            ));
        }
        let mut writer = Writer { transaction, head, who: &self.who, reason: self.reason.as_deref(), path: &path, time: now() };
        let done = work(&mut writer)?;
        writer.transaction.commit().map_err(|error| trouble(&error))?;
        Ok(done)
    }

    fn trouble(&self, error: &rusqlite::Error) -> Error {
        trouble(&self.path, error)
    }
}

/// The one way to add rows.
struct Writer<'a> {
    transaction: Transaction<'a>,
    head: Head,
    who: &'a Who,
    reason: Option<&'a str>,
    path: &'a Path,
    time: u64,
}

impl Writer<'_> {
    /// Adds a row behind the last one, and says its number.
    fn add(&mut self, mut row: Row) -> Result<i64> {
        row.time = i64::try_from(self.time).unwrap_or(i64::MAX);
        row.reason = row.reason.or_else(|| self.reason.map(str::to_owned));
        self.who.sign(&mut row);
        self.head = row::add(&self.transaction, &self.head, row).map_err(|error| self.trouble(&error))?;
        Ok(self.head.seq)
    }

    fn trouble(&self, error: &rusqlite::Error) -> Error {
        trouble(self.path, error)
    }
}

/// In a person's words. All of these end before anything leaves the tool.
fn trouble(path: &Path, error: &rusqlite::Error) -> Error {
    let path = path.display();
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return Error::new(
                format!("Another program has held the journal {path} for more than a minute."),
                "See who has it open (fuser), and try again.",
            );
        }
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            "Make room on its disk. Without a journal no certificate leaves."
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "Run this as the user who owns it, or name another journal with --journal. Without one no certificate leaves."
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "Keep the file as evidence, restore the journal from a copy, and run `ca-tool log verify`."
        }
        _ => "Run `ca-tool log verify`, or name another journal with --journal.",
    };
    Error::new(format!("The journal {path} cannot be used: {error}."), advice)
}
