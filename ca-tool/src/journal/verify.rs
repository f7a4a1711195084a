//! Whether the journal is all there and as it was written.
//!
//! Found: a row changed, exchanged, inserted or taken out, anywhere; the newest rows taken out, as long as SQLite's own
//! count of them was left alone; a guard that was taken away; certificates that are not what their intent announced.
//!
//! Not found without a head that was kept elsewhere (the system log has one in each line): a journal that somebody
//! with the right to write the file wrote anew from some row on, hashes and all, or exchanged for an older copy of
//! itself. With that head, both are.

use std::collections::{HashMap, HashSet};

use rusqlite::types::Value;
use ussh_cert::Certificate;
use ussh_cert::certificate::CertificateType;

use super::query::principals;
use super::row::{self, COLUMNS, Event, Head, Row, RowOptions};
use super::{Journal, schema};
use crate::error::Result;
use crate::issue::options;

/// What was found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rows: u64,
    pub(crate) head: Head,
    /// Sentences; none when all is well.
    pub(crate) faults: Vec<String>,
    /// Attempts without an outcome: they run right now, or their process was killed.
    pub(crate) unfinished: Vec<i64>,
}

impl Journal {
    /// Reads all of it. `known` are heads from elsewhere that must be among the rows.
    pub(crate) fn verify(&self, known: &[Head]) -> Result<Report> {
        let trouble = |error| self.trouble(&error);
        // One transaction: others may go on writing.
        let transaction = self.connection.unchecked_transaction().map_err(trouble)?;
        let mut reading = Reading::new(known);
        reading.faults = schema::faults(&transaction).map_err(trouble)?;
        let sql = format!("SELECT {}, hash FROM journal ORDER BY seq", COLUMNS.join(","));
        let mut statement = transaction.prepare(&sql).map_err(trouble)?;
        let mut rows = statement.query([]).map_err(trouble)?;
        while let Some(row) = rows.next().map_err(trouble)? {
            reading.take(row).map_err(trouble)?;
        }
        Ok(reading.end(row::counted(&transaction)))
    }
}

struct Reading<'a> {
    last: Head,
    rows: u64,
    faults: Vec<String>,
    known: &'a [Head],
    /// Attempts whose outcome was not met yet.
    open: HashMap<i64, Row>,
    issued: HashSet<i64>,
    serials: HashSet<(String, u64)>,
}

impl<'a> Reading<'a> {
    fn new(known: &'a [Head]) -> Self {
        Self {
            last: Head::NONE,
            rows: 0,
            faults: Vec::new(),
            known,
            open: HashMap::new(),
            issued: HashSet::new(),
            serials: HashSet::new(),
        }
    }

    fn take(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        let values = (0..COLUMNS.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()?;
        let seq: i64 = row.get("seq")?;
        self.rows += 1;
        let expected = self.last.seq.saturating_add(1);
        if seq != expected {
            let last = seq.saturating_sub(1);
            let which = if last > expected { format!("Rows {expected} to {last} are") } else { format!("Row {expected} is") };
            self.faults.push(format!("{which} missing."));
        } else if values.last() != Some(&Value::Blob(self.last.hash.to_vec())) {
            self.faults.push(format!("Row {seq} does not follow the row before it: one of them was changed or exchanged."));
        }
        let hash = row::hash(&values);
        let written: Value = row.get("hash")?;
        if written != Value::Blob(hash.to_vec()) {
            self.faults.push(format!("Row {seq} was changed after it was written."));
        }
        if self.known.iter().any(|known| known.seq == seq && known.hash != hash) {
            self.faults.push(format!("Row {seq} is another one than when its head was noted."));
        }
        // Where the hash is wrong, the next row is compared with the hash that was written, so that one change is one fault.
        self.last = Head { seq, hash: if let Value::Blob(blob) = written { blob.try_into().unwrap_or(hash) } else { hash } };
        match Row::read(row) {
            Ok(row) => self.follow(row),
            Err(_) => self.faults.push(format!("Row {seq} says what no ca-tool writes.")),
        }
        Ok(())
    }

    /// The story that the rows tell must make sense, too.
    fn follow(&mut self, row: Row) {
        let seq = row.seq;
        let fault = match row.event {
            Event::Begun => (seq != 1).then(|| format!("Row {seq} begins the journal a second time.")),
            _ if seq == 1 => Some("The journal does not begin with its first row.".to_owned()),
            Event::Intent => {
                let name = (row.ca.clone().unwrap_or_default(), row.serial.unwrap_or(0));
                let fault = (!self.serials.insert(name)).then(|| format!("Row {seq} takes a serial number a second time."));
                self.open.insert(seq, row);
                fault
            }
            Event::Issued => {
                self.issued.insert(row.attempt);
                match self.open.remove(&row.attempt) {
                    None => Some(format!("Row {seq} issues what was not announced.")),
                    Some(intent) => (!announced(&intent, row.certificate.as_deref()))
                        .then(|| format!("Row {seq} has another certificate than row {} announced.", row.attempt)),
                }
            }
            Event::Failed => match self.open.remove(&row.attempt) {
                None => Some(format!("Row {seq} ends what was not announced.")),
                Some(_) => None,
            },
            Event::Undelivered => {
                (!self.issued.contains(&row.attempt)).then(|| format!("Row {seq} is about a certificate that was not issued."))
            }
            Event::Revoked | Event::Krl => None,
        };
        self.faults.extend(fault);
    }

    fn end(mut self, counted: i64) -> Report {
        if counted != self.last.seq {
            self.faults.push(format!(
                "The newest rows are missing: {counted} were written, and the last one there is {}.",
                self.last.seq
            ));
        }
        for known in self.known.iter().filter(|known| known.seq > self.last.seq) {
            self.faults.push(format!(
                "The journal once had row {}, and ends at {} now: newer rows were taken out, or this is an older copy.",
                known.seq, self.last.seq
            ));
        }
        let mut unfinished: Vec<i64> = self.open.into_keys().collect();
        unfinished.sort_unstable();
        Report { rows: self.rows, head: self.last, faults: self.faults, unfinished }
    }
}

fn announced(intent: &Row, certificate: Option<&[u8]>) -> bool {
    let Some(Ok(certificate)) = certificate.map(Certificate::parse) else { return false };
    let Some(RowOptions { critical, extensions }) = intent.options() else { return false };
    let kind = match certificate.certificate_type {
        CertificateType::User => "user",
        CertificateType::Host => "host",
    };
    Some(certificate.serial) == intent.serial
        && intent.ca_key.as_deref() == Some(certificate.signature_key)
        && intent.key_id.as_ref().is_some_and(|key_id| key_id.as_bytes() == certificate.key_id)
        && intent.certificate_type.as_deref() == Some(kind)
        && principals(intent).iter().map(String::as_bytes).eq(certificate.principals.iter().copied())
        && options::are(certificate.critical_options, critical.iter().map(named))
        && options::are(certificate.extensions, extensions.iter().map(named))
        && intent.valid_after == Some(certificate.valid_after)
        && intent.valid_before == Some(certificate.valid_before)
        && intent.key == Some(ussh_cert::key::fingerprint(&certificate.public_key))
}

fn named((name, value): &(String, Option<String>)) -> (&str, Option<&str>) {
    (name, value.as_deref())
}
