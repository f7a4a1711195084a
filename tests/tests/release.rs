//! packaging/release-check.sh finds what must not be released: in a copy of the repository, one thing wrong at a time.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

struct Copy(tempfile::TempDir);

impl Copy {
    /// All but what is built, committed.
    fn new() -> Copy {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = "tar -C \"$1\" --exclude=./target --exclude=./tests/fuzz/target --exclude=./.git -cf - . | tar -xf - && git init -q";
        let mut command = Command::new("bash");
        command.args(["-c", copy, "copy", ROOT]).current_dir(folder.path());
        assert!(command.status().expect("bash starts").success());
        let copy = Copy(folder);
        copy.commit();
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn git(&self, words: &[&str]) {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(identity).args(words).current_dir(self.0.path()).output().expect("install git");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    /// The items that are not ok.
    fn faults(&self) -> Vec<String> {
        let said = Command::new(self.path("packaging/release-check.sh")).arg("--quick").output().expect("it starts");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let faults: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("NOT OK  ")).map(str::to_owned).collect();
        assert_eq!(said.status.success(), faults.is_empty(), "{text}");
        assert!(text.lines().filter(|line| line.starts_with("ok ")).count() + faults.len() >= 11, "{text}");
        faults
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(self.path(file), text.replacen(old, new, 1)).expect("it is written");
    }
}

#[test]
fn each_thing_that_is_wrong_is_found_and_nothing_else() {
    let copy = Copy::new();
    let usual = copy.faults();
    let version = env!("CARGO_PKG_VERSION");
    let spec = format!("Version:        {version}");
    let cases: [(&str, &str, &str, &str); 7] = [
        ("packaging/pam_ussh.spec", &spec, "Version:        9.9.9", "the spec"),
        ("packaging/debian/changelog", version, "9.9.9", "debian/changelog"),
        ("CHANGELOG.md", &format!("## [{version}]"), "## [9.9.9]", "CHANGELOG.md"),
        ("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- something\n", "CHANGELOG.md"),
        ("ussh-agent/Cargo.toml", "version.workspace = true", "version = \"9.9.9\"", "every crate"),
        ("ussh-agent/src/lib.rs", "//!", concat!("// TO", "DO\n//!"), "nothing is left"),
        ("README.md", "`docs/sshd.md`", "`docs/missing.md`", "every page"),
    ];
    for (file, old, new, what) in cases {
        copy.replace(file, old, new);
        copy.commit();
        let faults = copy.faults();
        assert!(faults.iter().any(|fault| fault.starts_with(what) || fault.contains(what)), "{file}: {what}: {faults:#?}");
        copy.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
    assert_eq!(copy.faults(), usual);

    fs::write(copy.path("stray"), "").expect("it is written");
    assert!(copy.faults().iter().any(|fault| fault.contains("unknown to git")));
    fs::remove_file(copy.path("stray")).expect("it is there");
    copy.git(&["tag", "v9.9.9"]);
    assert!(copy.faults().iter().any(|fault| fault.contains("the tag")));
}
