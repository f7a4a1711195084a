use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use super::*;

/// A file in a folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("settled-{}-{name}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), "before").unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether a reading counts, during which this happens to the file.
fn is_undisturbed_by(name: &str, happens: impl FnOnce(&Folder)) -> bool {
    let folder = Folder::new(name);
    let reading = Reading::begin(File::open(folder.file()).unwrap()).unwrap();
    happens(&folder);
    reading.was_undisturbed(&|note| panic!("{note}")).unwrap()
}

#[test]
fn what_nobody_touches_was_undisturbed() {
    assert!(is_undisturbed_by("nobody", |_| ()));
    assert!(is_undisturbed_by("a-reader", |folder| drop(File::open(folder.file()).unwrap())));
}

#[test]
fn a_file_written_in_place_was_disturbed_though_its_size_and_even_its_time_are_the_same() {
    assert!(!is_undisturbed_by("written", |folder| fs::write(folder.file(), "beside").unwrap()));
    let with_its_old_time = |folder: &Folder| {
        let before = fs::metadata(folder.file()).unwrap().modified().unwrap();
        let mut file = File::create(folder.file()).unwrap();
        file.write_all(b"beside").unwrap();
        file.set_modified(before).unwrap();
    };
    assert!(!is_undisturbed_by("old-time", with_its_old_time));
}

#[test]
fn a_file_written_in_place_before_it_is_removed_was_disturbed() {
    let written = |folder: &Folder| {
        fs::write(folder.file(), "beside").unwrap();
        fs::remove_file(folder.file()).unwrap();
    };
    assert!(!is_undisturbed_by("written-and-removed", written));
}

#[test]
fn a_file_that_has_a_writer_at_the_end_was_disturbed() {
    let mut writer = None;
    assert!(!is_undisturbed_by("writer", |folder| writer = File::options().append(true).open(folder.file()).ok()));
    assert!(writer.is_some());
}

#[test]
fn a_file_that_is_replaced_or_removed_is_read_on() {
    let replaced = |folder: &Folder| {
        fs::write(folder.0.join("new"), "another").unwrap();
        fs::rename(folder.0.join("new"), folder.file()).unwrap();
    };
    assert!(is_undisturbed_by("replaced", replaced));
    assert!(is_undisturbed_by("removed", |folder| fs::remove_file(folder.file()).unwrap()));
}

#[test]
fn a_stamp_that_a_write_meanwhile_could_have_had_proves_nothing() {
    let folder = Folder::new("stamp");
    let file = File::options().write(true).open(folder.file()).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_millis(60)).unwrap();
    drop(file);
    let reading = Reading::begin(File::open(folder.file()).unwrap()).unwrap();
    sleep(Duration::from_millis(120));
    assert!(!reading.was_undisturbed(&|_| ()).unwrap());
}

#[test]
fn a_reading_begins_after_the_tick_in_which_the_file_was_written() {
    let folder = Folder::new("tick");
    for _ in 0..20 {
        fs::write(folder.file(), "again!").unwrap();
        let reading = Reading::begin(File::open(folder.file()).unwrap()).unwrap();
        assert!(modified(&reading.before) < reading.began);
    }
}
