//! Files that may be written at any moment, read as they stand between two writings.
//!
//! Whoever writes a file in place is seen: when it has been read, nobody has it open for writing, and its size and times
//! are what they were before. A file that is replaced by rename(2) is read on as it was when it was opened.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::lease::{Writers, writers};
use super::open;

/// A writer is waited for so often, and so long in all: a moment's no is worse than a moment's wait.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// No clock tick of Linux is longer.
const TICK: Duration = Duration::from_millis(10);

/// When something happened: seconds since the epoch, and nanoseconds.
type Stamp = (i64, i64);

/// Opens the file safely and has `act` read it: its length comes with it. What `act` makes of a file that was being
/// written meanwhile is dropped, and it begins again.
///
/// # Errors
/// A sentence that names the path; also when the file is longer than `most`, or somebody is still writing it.
pub(crate) fn read<T>(
    path: &Path,
    most: usize,
    note: &dyn Fn(&str),
    mut act: impl FnMut(&mut File, usize) -> Result<T, String>,
) -> Result<T, String> {
    for _ in 0..TRIES {
        let opened = open(path)?;
        let at = |what: String| format!("{}: {what}", opened.target.display());
        let mut reading = Reading::begin(opened.file).map_err(at)?;
        let length = usize::try_from(reading.before.size()).unwrap_or(usize::MAX);
        if length > most {
            return Err(at(format!("is larger than {most} bytes")));
        }
        let made = act(&mut reading.file, length);
        if reading.was_undisturbed(&|what| note(&at(what))).map_err(at)? {
            return made.map_err(at);
        }
        sleep(PAUSE);
    }
    Err(format!("{}: is being written; a file to be trusted is replaced by renaming another", path.display()))
}

struct Reading {
    file: File,
    before: Metadata,
    began: Stamp,
}

impl Reading {
    fn begin(file: File) -> Result<Self, String> {
        let before = let_a_tick_pass(&file)?;
        let began = coarse_now()?;
        Ok(Self { file, before, began })
    }

    /// Whether what was read is what stands there, and nobody is about to change it.
    ///
    /// A writer who came and went since the beginning has changed the times: the kernel stamps with its coarse clock, so
    /// such a stamp lies between `began` and now. The stamp before does not, so the two would differ.
    fn was_undisturbed(&self, note: &dyn Fn(String)) -> Result<bool, String> {
        let written_now = match writers(&self.file) {
            Writers::None => false,
            Writers::Some => true,
            Writers::Unknown(error) => {
                note(format!("cannot tell whether somebody writes it: {error}"));
                false
            }
        };
        let after = self.file.metadata().map_err(|error| error.to_string())?;
        let same_content = (self.before.size(), modified(&self.before)) == (after.size(), modified(&after));
        // Being replaced by another file changes this time, and not the content.
        let same_status = changed(&self.before) == changed(&after) || after.nlink() == 0;
        let stamped_meanwhile = (self.began..=coarse_now()?).contains(&modified(&self.before));
        Ok(!written_now && same_content && same_status && !stamped_meanwhile)
    }
}

/// A file that was written within the running tick of the clock could be written again with the same stamp.
fn let_a_tick_pass(file: &File) -> Result<Metadata, String> {
    let mut metadata = file.metadata().map_err(|error| error.to_string())?;
    let now @ (seconds, nanoseconds) = coarse_now()?;
    // Newer kernels also stamp with the fine clock, which is ahead of the coarse one.
    if (now..(seconds + 1, nanoseconds)).contains(&modified(&metadata)) {
        sleep(TICK);
        metadata = file.metadata().map_err(|error| error.to_string())?;
    }
    Ok(metadata)
}

fn modified(metadata: &Metadata) -> Stamp {
    (metadata.mtime(), metadata.mtime_nsec())
}

fn changed(metadata: &Metadata) -> Stamp {
    (metadata.ctime(), metadata.ctime_nsec())
}

/// The clock that the kernel stamps files with.
fn coarse_now() -> Result<Stamp, String> {
    let now = clock_gettime(ClockId::CLOCK_REALTIME_COARSE).map_err(|error| error.to_string())?;
    Ok((now.tv_sec(), now.tv_nsec()))
}

#[cfg(test)]
mod tests;
