//! What `ca-tool log` asks.

use std::collections::HashMap;

use super::Journal;
use super::row::{COLUMNS, Event, Row};
use crate::error::{Error, Result};

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Status {
    /// Signed, recorded, handed over.
    Issued,
    /// Not signed.
    Failed,
    /// Signed and recorded; handing it over failed.
    Undelivered,
    /// Announced, and no more: it runs right now, or its process was killed. No certificate left.
    Unfinished,
    /// A revocation.
    Revoked,
    /// A revocation list was written.
    Krl,
    /// The journal's beginning.
    Begun,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Undelivered => "undelivered",
            Self::Unfinished => "unfinished",
            Self::Revoked => "revoked",
            Self::Krl => "krl",
            Self::Begun => "begun",
        }
    }
}

/// An attempt with what became of it, or a row that is no part of one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) row: Row,
    pub(crate) outcomes: Vec<Row>,
}

impl Entry {
    pub(crate) fn status(&self) -> Status {
        match self.outcomes.last().map_or(self.row.event, |row| row.event) {
            Event::Intent => Status::Unfinished,
            Event::Issued => Status::Issued,
            Event::Failed => Status::Failed,
            Event::Undelivered => Status::Undelivered,
            Event::Revoked => Status::Revoked,
            Event::Krl => Status::Krl,
            Event::Begun => Status::Begun,
        }
    }

    pub(crate) fn principals(&self) -> Vec<String> {
        principals(&self.row)
    }

    /// Why it was asked for, or why it failed.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.outcomes.iter().rev().chain([&self.row]).find_map(|row| row.reason.as_deref())
    }

    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.outcomes.iter().find_map(|row| row.certificate.as_deref())
    }
}

pub(super) fn principals(row: &Row) -> Vec<String> {
    row.principals.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// Which entries are wanted: those to which all that is given applies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Seconds since the epoch.
    pub(crate) since: Option<i64>,
    /// A fingerprint.
    pub(crate) ca: Option<String>,
    /// A fingerprint.
    pub(crate) key: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) serial: Option<u64>,
    /// Any of these; all when empty.
    pub(crate) statuses: Vec<Status>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        fn same<T: PartialEq>(wanted: Option<&T>, has: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| has == Some(wanted))
        }
        let row = &entry.row;
        self.since.is_none_or(|since| row.time >= since)
            && same(self.ca.as_ref(), row.ca.as_ref())
            && same(self.key.as_ref(), row.key.as_ref())
            && same(self.key_id.as_ref(), row.key_id.as_ref())
            && same(self.serial.as_ref(), row.serial.as_ref())
            && self.principal.as_ref().is_none_or(|principal| entry.principals().contains(principal))
            && (self.statuses.is_empty() || self.statuses.contains(&entry.status()))
    }
}

impl Journal {
    /// Entries in their order.
    pub(crate) fn entries(&self, filter: &Filter) -> Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places = HashMap::new();
        self.each_row("", |row| {
            let known = places.get(&row.attempt).and_then(|place: &usize| entries.get_mut(*place));
            match known {
                Some(entry) => entry.outcomes.push(row),
                None => {
                    places.insert(row.attempt, entries.len());
                    entries.push(Entry { row, outcomes: Vec::new() });
                }
            }
        })?;
        entries.retain(|entry| filter.takes(entry));
        Ok(entries)
    }

    /// The entry that the row with this number is part of.
    pub(crate) fn entry(&self, number: i64) -> Result<Entry> {
        let mut rows = Vec::new();
        self.each_row(&format!("WHERE attempt = (SELECT attempt FROM journal WHERE seq = {number})"), |row| rows.push(row))?;
        let mut rows = rows.into_iter();
        let row = rows
            .next()
            .ok_or_else(|| Error::new(format!("The journal has no row {number}."), "`ca-tool log list` shows what it has."))?;
        Ok(Entry { row, outcomes: rows.collect() })
    }

    /// All rows, with their hashes: `prev` and `hash`.
    pub(crate) fn each_raw_row(&self, mut each: impl FnMut(Vec<(&str, rusqlite::types::Value)>) -> Result<()>) -> Result<()> {
        let columns: Vec<&str> = COLUMNS.into_iter().chain(["hash"]).collect();
        let trouble = |error| self.trouble(&error);
        let sql = format!("SELECT {} FROM journal ORDER BY seq", columns.join(","));
        let mut statement = self.connection.prepare(&sql).map_err(trouble)?;
        let mut rows = statement.query([]).map_err(trouble)?;
        while let Some(row) = rows.next().map_err(trouble)? {
            let values = columns.iter().map(|name| Ok((*name, row.get(*name)?))).collect::<rusqlite::Result<_>>();
            each(values.map_err(trouble)?)?;
        }
        Ok(())
    }

    pub(super) fn each_row(&self, which: &str, mut each: impl FnMut(Row)) -> Result<()> {
        let sql = format!("SELECT {} FROM journal {which} ORDER BY seq", COLUMNS.join(","));
        let mut read = || {
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(Row::read(row)?);
            }
            Ok(())
        };
        read().map_err(|error| self.trouble(&error))
    }
}
