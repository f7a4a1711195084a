//! The file: how it is made, and what is checked before it is used.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
pub(super) const TABLE: &str = "CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, event TEXT NOT NULL, attempt INTEGER NOT NULL,
    uid INTEGER NOT NULL, login TEXT, loginuid INTEGER, sudo_user TEXT, ca TEXT, ca_key BLOB, serial TEXT, key_id TEXT,
    certificate_type TEXT, principals TEXT, valid_after TEXT, valid_before TEXT, options TEXT, key TEXT, key_comment TEXT,
    reason TEXT, revocation TEXT, certificate BLOB, prev BLOB NOT NULL, hash BLOB NOT NULL)";
pub(super) const GUARDS: [(&str, &str); 5] = [
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
    let mode = fs::metadata(path).or_say(cannot(path), ADVICE)?.permissions().mode();
    if mode & 0o022 != 0 {
        return Err(Error::new(
            format!("The journal {} can be written by others than its owner.", path.display()),
            format!("See who did what with `ca-tool log verify`, then: chmod 600 {}", path.display()),
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
    let draft = draft_name(path);
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

fn draft_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new{}", std::process::id()));
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
