//! The file: how it is made, and what is checked before it is used.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{AccessFlags, access, geteuid};
use rusqlite::{Connection, OpenFlags};

use super::row::{self, Event, Head, Row};
use super::trouble;
use super::who::Who;
use crate::error::{Error, OrSay, Result};
use crate::issue::request::now;
use crate::talk;

/// "ussh", at a fixed place in the file's header (<https://www.sqlite.org/fileformat.html>).
const APPLICATION_ID: i64 = 0x7573_7368;
const VERSION: i64 = 1;

/// Others sign too, and each of them writes for a moment only.
const PATIENCE: Duration = Duration::from_secs(60);

/// Statements as SQLite keeps them, so that `log verify` can compare.
const TABLE: &str = "CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, event TEXT NOT NULL, attempt INTEGER NOT NULL,
    uid INTEGER NOT NULL, login TEXT, loginuid INTEGER, sudo_user TEXT, ca TEXT, ca_key BLOB, serial TEXT, key_id TEXT,
    certificate_type TEXT, principals TEXT, valid_after TEXT, valid_before TEXT, options TEXT, key TEXT, key_comment TEXT,
    reason TEXT, revocation TEXT, certificate BLOB, prev BLOB NOT NULL, hash BLOB NOT NULL)";
const GUARDS: [(&str, &str); 5] = [
    ("journal_serial", "CREATE UNIQUE INDEX journal_serial ON journal (ca, serial) WHERE event = 'intent'"),
    ("journal_attempt", "CREATE INDEX journal_attempt ON journal (attempt)"),
    (
        "journal_no_update",
        "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    (
        "journal_no_delete",
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    (
        "journal_at_the_end",
        "CREATE TRIGGER journal_at_the_end BEFORE INSERT ON journal WHEN NEW.seq <> (SELECT ifnull(max(seq), 0) + 1 FROM journal) BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
];

/// Opens a journal that exists for reading. Who may write its folder opens it as it is; who may not reads the file
/// alone, which is all of it unless somebody is signing right now or was killed.
pub(super) fn open_to_read(path: &Path) -> Result<Connection> {
    let may_write = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    let log = with_suffix(path, "-wal");
    let unfolded = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    fs::File::open(path).or_say(cannot(path), ADVICE)?;
    let connection = if may_write(path) && may_write(crate::file::folder(path)) {
        connect(path)
    } else if unfolded {
        return Err(Error::new(
            format!("The newest rows of the journal are still in {}, and cannot be read from here.", log.display()),
            "Run this as the user who owns the journal.",
        ));
    } else {
        connect_to_file(path)
    };
    let connection = connection.map_err(|error| trouble(path, &error))?;
    connection.pragma_update(None, "query_only", true).map_err(|error| trouble(path, &error))?;
    check(&connection, path)?;
    Ok(connection)
}

/// SQLite believes that nobody changes the file, and needs no other files beside it.
fn connect_to_file(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("{uri}?immutable=1"), flags)
}

/// What is not as [`make`] made it.
pub(super) fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut faults = Vec::new();
    let sound: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        faults.push(format!("SQLite finds the file damaged: {sound}."));
    }
    let sql = "SELECT name, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'";
    let mut statement = connection.prepare(sql)?;
    let mut there = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<BTreeMap<String, String>>>()?;
    for (name, statement) in GUARDS.into_iter().chain([("journal", TABLE)]) {
        match there.remove(name) {
            None => faults.push(format!("The journal's guard {name} was taken away.")),
            Some(other) if other != statement => faults.push(format!("The journal's guard {name} was changed.")),
            Some(_) => {}
        }
    }
    faults.extend(there.into_keys().map(|name| format!("{} is in the file and no part of a journal.", talk::escaped(&name))));
    Ok(faults)
}

/// Opens the journal for writing; makes it first where there is none.
pub(super) fn open(path: &Path, who: &Who) -> Result<Connection> {
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => make(path, who)?,
        Err(error) => return Err(error).or_say(cannot(path), ADVICE),
    }
    refuse_writable_by_others(path)?;
    let connection = connect(path).map_err(|error| trouble(path, &error))?;
    check(&connection, path)?;
    Ok(connection)
}

const ADVICE: &str = "Run this as the user who owns the journal, or name another one with --journal.";

fn cannot(path: &Path) -> String {
    format!("The journal {} cannot be used", path.display())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "recursive_triggers", true)?;
    Ok(connection)
}

/// What must be so for rows to be added.
fn check(connection: &Connection, path: &Path) -> Result<()> {
    let number = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|error| trouble(path, &error))
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(Error::new(
            format!("{} is not a journal of ca-tool.", path.display()),
            "Name the right file with --journal, or one that does not exist yet.",
        ));
    }
    match number("user_version")? {
        VERSION => Ok(()),
        other => Err(Error::new(
            format!("The journal {} has format {other}; this ca-tool knows format {VERSION}.", path.display()),
            "Use the ca-tool that wrote it, or a newer one.",
        )),
    }
}

fn refuse_writable_by_others(path: &Path) -> Result<()> {
    let path = &path.canonicalize().or_say(cannot(path), ADVICE)?;
    let journal = fs::metadata(path).or_say(cannot(path), ADVICE)?;
    if journal.mode() & 0o022 != 0 {
        return Err(Error::new(
            format!("The journal {} can be written by others than its owner.", path.display()),
            format!("See who did what with `ca-tool log verify`, then: chmod 600 {}", path.display()),
        ));
    }
    let folder = crate::file::folder(path);
    let mode = fs::metadata(folder).or_say(cannot(path), ADVICE)?.mode();
    let is_everybodys = mode & 0o002 != 0;
    let is_sticky = mode & 0o1000 != 0;
    let is_mine = journal.uid() == 0 || journal.uid() == geteuid().as_raw();
    if is_everybodys && !(is_sticky && is_mine) {
        return Err(Error::new(
            format!("Anybody can put another journal in the place of {}.", path.display()),
            format!("Keep it in a folder of its own: {} is everybody's.", folder.display()),
        ));
    }
    Ok(())
}

/// Makes the journal complete under another name and gives it its own only then: nobody ever sees half of one, and of
/// several processes that make one at the same time the first wins.
fn make(path: &Path, who: &Who) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).or_say(cannot(path), ADVICE)?;
    }
    let draft = with_suffix(path, &format!(".new{}", std::process::id()));
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .or_say(cannot(path), ADVICE)
        .and_then(|_| fill(&draft, who).map_err(|error| trouble(path, &error)))
        .and_then(|()| match fs::hard_link(&draft, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error).or_say(cannot(path), ADVICE),
        });
    let _ = fs::remove_file(&draft);
    if made? {
        crate::file::sync_folder(path).or_say(cannot(path), ADVICE)?;
        talk::say(format_args!(
            "A new journal begins in {}: serial numbers start at 1. If there was one before, restore it instead.",
            path.display()
        ));
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn fill(path: &Path, who: &Who) -> rusqlite::Result<()> {
    let connection = connect(path)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute(TABLE, [])?;
    for (_, statement) in GUARDS {
        connection.execute(statement, [])?;
    }
    row::add(&connection, &Head::NONE, first_row(who))?;
    // Stays with the file. Last, so that what is above was written and synced the plain way.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Random, so that no two journals share a hash.
fn first_row(who: &Who) -> Row {
    let mut nonce = [0_u8; 16];
    let _ = getrandom::fill(&mut nonce);
    let name = nonce.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut row = Row {
        time: i64::try_from(now()).unwrap_or(i64::MAX),
        event: Event::Begun,
        reason: Some(format!("journal {name}")),
        ..Row::default()
    };
    who.sign(&mut row);
    row
}
