//! The way back of the Ansible role (way-back.sh), on files in a temporary folder: what is kept, and put back. Who runs it
//! when, tests/ansible.sh shows on a host.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/ansible/roles/ussh/files");

struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Host {
        let host = Host(tempfile::tempdir().expect("a folder"));
        for script in ["way-back.sh", "krl-no-older.sh"] {
            fs::copy(format!("{FILES}/{script}"), host.path(script)).expect("the role has it");
        }
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it is written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn link(&self, name: &str, to: &str) {
        symlink(to, self.path(name)).expect("a link");
    }

    fn leads_to(&self, name: &str) -> PathBuf {
        fs::read_link(self.path(name)).unwrap_or_else(|error| panic!("{name} is no link: {error}"))
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("it was there");
    }

    fn is_there(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    fn way_back(&self, words: &[&Path]) -> String {
        let mut command = Command::new("sh");
        command.arg(self.path("way-back.sh")).args(words).stdin(Stdio::null());
        let done = command.output().expect("sh starts");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }

    /// Keeps these and `list`, without a clock.
    fn begin(&self, names: &[&str]) {
        let list = self.path("list");
        let files: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        let mut words = vec![Path::new("begin"), Path::new("0"), Path::new("no-service"), &list, &list];
        words.extend(files.iter().map(PathBuf::as_path));
        self.way_back(&words);
    }

    /// What it says is not as before.
    fn undo(&self) -> String {
        self.way_back(&[Path::new("undo")])
    }

    fn revoke(&self, name: &str, version: u32) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-k", "-z", &version.to_string(), "-f"]).arg(self.path(name));
        assert!(command.status().expect("install ssh-keygen").success());
    }

    fn version(&self, name: &str) -> String {
        let asked = Command::new("ssh-keygen").args(["-Q", "-l", "-f"]).arg(self.path(name)).output().expect("ssh-keygen");
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        said.lines()
            .find_map(|line| line.strip_prefix("# KRL version "))
            .unwrap_or_else(|| panic!("{name}: {asked:?}"))
            .to_owned()
    }
}

#[test]
fn files_are_there_again_as_they_were_and_new_ones_are_gone() {
    let host = Host::new();
    host.write("changed", "before");
    host.write("removed", "before");
    host.write("opened", "before");
    fs::set_permissions(host.path("opened"), fs::Permissions::from_mode(0o600)).expect("its mode");
    host.begin(&["changed", "removed", "opened", "new"]);
    host.write("changed", "after");
    host.remove("removed");
    fs::set_permissions(host.path("opened"), fs::Permissions::from_mode(0o644)).expect("its mode");
    host.write("new", "after");
    assert_eq!(host.undo(), "");
    assert_eq!((host.read("changed"), host.read("removed")), ("before".to_owned(), "before".to_owned()));
    assert_eq!(fs::metadata(host.path("opened")).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(!host.is_there("new"));
}

#[test]
fn a_link_that_nobody_touched_stays() {
    let host = Host::new();
    host.write("target", "text");
    host.link("link", "target");
    host.link("dangling", "nowhere");
    host.link("astray", "no/such/folder");
    host.begin(&["link", "dangling", "astray"]);
    host.undo();
    assert_eq!(host.leads_to("link"), Path::new("target"));
    assert_eq!(host.leads_to("dangling"), Path::new("nowhere"));
    assert_eq!(host.leads_to("astray"), Path::new("no/such/folder"));
    assert_eq!(host.read("target"), "text");
}

#[test]
fn a_link_that_became_a_file_of_the_same_text_is_a_link_again() {
    let host = Host::new();
    host.write("target", "text");
    let target = host.path("target");
    host.link("absolute", target.to_str().expect("text"));
    host.link("relative", "target");
    host.begin(&["absolute", "relative"]);
    for name in ["absolute", "relative"] {
        host.remove(name);
        host.write(name, "text");
    }
    host.undo();
    assert_eq!(host.leads_to("absolute"), target);
    assert_eq!(host.leads_to("relative"), Path::new("target"));
}

#[test]
fn a_link_leads_where_it_led_though_the_texts_are_the_same() {
    let host = Host::new();
    host.write("one", "text");
    host.write("other", "text");
    let (one, other) = (host.path("one"), host.path("other"));
    host.link("link", one.to_str().expect("text"));
    host.begin(&["link"]);
    host.remove("link");
    host.link("link", other.to_str().expect("text"));
    host.undo();
    assert_eq!(host.leads_to("link"), one);
}

#[test]
fn what_was_written_through_a_link_is_as_before_too() {
    let host = Host::new();
    host.write("target", "before");
    host.link("between", "target");
    host.link("link", "between");
    host.link("dangling", "nowhere");
    host.begin(&["link", "dangling"]);
    host.write("link", "after");
    host.write("dangling", "after");
    host.undo();
    assert_eq!(host.leads_to("link"), Path::new("between"));
    assert_eq!(host.read("target"), "before");
    assert_eq!(host.leads_to("dangling"), Path::new("nowhere"));
    assert!(!host.is_there("nowhere"));
}

#[test]
fn a_link_is_no_more_where_none_was() {
    let host = Host::new();
    host.begin(&["new"]);
    host.link("new", "nowhere");
    host.undo();
    assert!(!host.is_there("new"));
}

#[test]
fn a_newer_revocation_list_stays_and_the_rest_goes_back() {
    let host = Host::new();
    host.revoke("list", 5);
    host.write("file", "before");
    host.begin(&["file"]);
    host.revoke("list", 6);
    host.write("file", "after");
    assert_eq!(host.undo(), "the newer revocation list stays\n");
    assert_eq!((host.version("list"), host.read("file")), ("6".to_owned(), "before".to_owned()));
}

#[test]
fn a_newer_revocation_list_behind_a_link_stays() {
    let host = Host::new();
    host.revoke("target", 5);
    host.link("list", "target");
    host.begin(&[]);
    host.revoke("list", 6);
    assert_eq!(host.undo(), "the newer revocation list stays\n");
    assert_eq!((host.version("target"), host.leads_to("list")), ("6".to_owned(), PathBuf::from("target")));
}

#[test]
fn a_revocation_list_that_is_no_newer_goes_back() {
    let host = Host::new();
    host.revoke("list", 5);
    let before = fs::read(host.path("list")).expect("the list");
    for after in ["older", "of that version", "none", "nonsense"] {
        host.begin(&[]);
        match after {
            "older" => host.revoke("list", 4),
            "of that version" => {
                std::thread::sleep(std::time::Duration::from_millis(1100)); // a list says when it was made, in seconds
                host.revoke("list", 5);
            }
            "none" => host.remove("list"),
            _ => host.write("list", after),
        }
        assert_eq!(host.undo(), "", "{after}");
        assert_eq!(fs::read(host.path("list")).expect("the list"), before, "{after}");
    }
}

#[test]
fn a_revocation_list_where_none_was_goes_away() {
    let host = Host::new();
    host.begin(&[]);
    host.revoke("list", 6);
    assert_eq!(host.undo(), "");
    assert!(!host.is_there("list"));
}
