//! No command stands in a page that nobody runs: each block of shell says where it is run, and a test runs that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::page::{ROOT, Step, steps};

/// Which test runs the blocks of which page; where only some, those at this place.
const RUN_BY: &[(&str, &str, &str)] = &[
    ("CONTRIBUTING.md", "clone", "tests/clone.sh"),
    ("README.md", "ca host laptop", "tests/tests/guides/readme.rs"),
    ("README.md", "clone", "tests/clone.sh"),
    ("README.md", "package", "tests/packages/inside/host.sh"),
    ("docs/by-hand.md", "clone", "tests/clone.sh"),
    ("docs/by-hand.md", "host", "tests/tests/guides/by_hand.rs"),
    ("docs/migrating.md", "ca host", "tests/tests/guides/migrating.rs"),
    ("docs/runbooks/break-glass.md", "desk host elsewhere", "tests/tests/guides/break_glass.rs"),
    ("docs/runbooks/ca-rotation.md", "ca host laptop", "tests/tests/guides/runbooks.rs"),
    ("docs/runbooks/lost-yubikey.md", "ca host laptop", "tests/tests/guides/runbooks.rs"),
    ("docs/runbooks/restore-journal.md", "ca", "tests/tests/guides/runbooks.rs"),
    ("docs/runbooks/suspected-theft.md", "ca host laptop", "tests/tests/guides/runbooks.rs"),
    ("docs/runbooks/suspected-theft.md", "systemd", "tests/boot/inside/limit.sh"),
    ("docs/runbooks/upgrading.md", "host laptop", "tests/tests/guides/runbooks.rs"),
    ("docs/runbooks/upgrading.md", "package", "tests/packages/inside/upgrade.sh"),
    ("docs/runbooks/yubikey-ca.md", "ca laptop", "tests/tests/guides/runbooks.rs"),
    ("docs/sshd.md", "host laptop", "tests/tests/guides/sshd_host.rs"),
    ("docs/updating.md", "ca host laptop", "tests/tests/guides/updating.rs"),
    ("docs/updating.md", "systemd", "tests/boot/inside/update.sh"),
    ("packaging/README.md", "authselect", "tests/packages/inside/authselect.sh"),
    ("packaging/README.md", "debian", "tests/packages/inside/profiles.sh"),
];

/// Scripts follow blocks by their numbers: so many there are.
const NUMBERED: &[(&str, &str, usize)] = &[
    ("README.md", "clone", 2),
    ("README.md", "package", 1),
    ("docs/runbooks/suspected-theft.md", "systemd", 1),
    ("docs/runbooks/upgrading.md", "package", 2),
    ("docs/updating.md", "systemd", 2),
    ("packaging/README.md", "authselect", 3),
    ("packaging/README.md", "debian", 2),
];

/// What else a fenced block may hold: files, which have tests of their own, and what a program prints.
const NO_SHELL: [&str; 10] = ["hex", "pam", "text", "toml", "ini", "yaml", "puppet", "json", "ruby", "rust"];

/// Every page of the repository, from its root.
pub fn pages() -> BTreeSet<String> {
    fn look(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            match path.is_dir() {
                true if name != "target" && !name.starts_with('.') => look(&path, found),
                false if name.ends_with(".md") => {
                    found.insert(path.strip_prefix(ROOT).expect("below the root").to_string_lossy().into_owned());
                }
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    look(Path::new(ROOT), &mut found);
    found
}

#[test]
fn a_test_runs_the_commands_of_every_page() {
    let mut claimed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (page, places, test) in RUN_BY {
        claimed.entry(page).or_default().extend(places.split(' '));
        let source = fs::read_to_string(Path::new(ROOT).join(test)).unwrap_or_else(|error| panic!("{test}: {error}"));
        assert!(source.contains(page), "{test} does not name {page}");
    }
    for page in pages() {
        let found: BTreeSet<String> = steps(&page)
            .into_iter()
            .filter_map(|step| if let Step::Run(block) = step { Some(block.place) } else { None })
            .collect();
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, claimed.remove(page.as_str()).unwrap_or_default(), "{page}: which test runs what?");
    }
    assert!(claimed.is_empty(), "no such pages: {claimed:?}");
    for (page, place, number) in NUMBERED {
        let there = steps(page).iter().filter(|step| matches!(step, Step::Run(block) if block.place == *place)).count();
        assert_eq!(there, *number, "{page}: the script follows another number of blocks for {place}");
    }
}

#[test]
fn no_command_stands_outside_such_a_block() {
    for page in pages() {
        let text = fs::read_to_string(Path::new(ROOT).join(&page)).expect("a page");
        let (mut fenced, mut before) = (false, "");
        for line in text.lines() {
            if let Some(info) = line.strip_prefix("```") {
                fenced = !fenced;
                let word = info.split(' ').next().expect("a word");
                assert!(!fenced || word == "sh" || NO_SHELL.contains(&word), "{page}: ```{info}: what is it?");
            } else if !fenced {
                // Markdown's other way to write a block, where a paragraph would begin.
                assert!(!(line.starts_with("    ") && before.is_empty()), "{page}: write it as a fenced block: {line}");
            }
            before = line;
        }
        assert!(!fenced, "{page}: a block without an end");
    }
}

/// A shell that people paste into goes on behind a command that failed: `&&` must hold each line to the one before.
#[test]
fn a_file_of_pams_is_put_in_place_when_all_before_it_went_well() {
    let mut found = 0;
    for page in pages() {
        for step in steps(&page) {
            let Step::Run(block) = step else { continue };
            let lines: Vec<&str> = block.commands.lines().collect();
            for pair in lines.windows(2).filter(|pair| pair[1].contains("install ") && pair[1].contains(" /etc/pam.d/")) {
                assert!(pair[0].ends_with(" &&"), "{page}: && at the end of: {}", pair[0]);
                found += 1;
            }
        }
    }
    assert!(found > 0);
}

/// tests/clone.sh runs them, which takes most of an hour: here only what they name is looked for.
#[test]
fn what_a_clone_is_told_to_run_is_there() {
    for page in ["README.md", "CONTRIBUTING.md", "docs/by-hand.md"] {
        let blocks = steps(page).into_iter().filter_map(|step| if let Step::Run(block) = step { Some(block) } else { None });
        for line in blocks.filter(|block| block.place == "clone").flat_map(|block| lines(&block.commands)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[0] {
                "cargo" => assert!(cargo_knows(&words), "{page}: {line}"),
                "apt-get" => assert_eq!(not_in_ci(&words), Vec::<&str>::new(), "{page}: {line}"),
                script => assert!(is_program(script), "{page}: {script} cannot be run"),
            }
        }
    }
}

/// CI has what a build needs, so a package that is not in its lists is misspelt or too much.
fn not_in_ci<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let lists = fs::read_to_string(Path::new(ROOT).join("tests/debian-packages.sh")).expect("tests/debian-packages.sh");
    let known: BTreeSet<&str> = lists.split_whitespace().collect();
    words.iter().skip(2).filter(|word| !word.starts_with('-') && !known.contains(*word)).copied().collect()
}

pub fn is_program(script: &str) -> bool {
    fs::metadata(Path::new(ROOT).join(script)).is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

/// Packages and test binaries.
fn cargo_knows(words: &[&str]) -> bool {
    let root = Path::new(ROOT);
    let lock = fs::read_to_string(root.join("Cargo.lock")).expect("Cargo.lock");
    words.windows(2).all(|pair| match pair {
        ["-p", name] => lock.lines().any(|line| line == format!("name = \"{name}\"")),
        ["--test", name] => root.join(format!("tests/tests/{name}.rs")).is_file(),
        _ => true,
    })
}

/// The packages are built and installed by tests/packages.sh; here their names are compared.
#[test]
fn the_packages_that_the_pages_install_are_those_that_are_built() {
    let control = fs::read_to_string(Path::new(ROOT).join("packaging/debian/control")).expect("packaging/debian/control");
    for page in ["README.md", "docs/runbooks/upgrading.md"] {
        let text = fs::read_to_string(Path::new(ROOT).join(page)).expect("a page");
        let installations = text.lines().filter(|line| line.starts_with("apt-get install "));
        let files: Vec<&str> =
            installations.flat_map(|line| line.split(' ')).filter_map(|word| word.strip_prefix("./")).collect();
        assert!(!files.is_empty(), "{page} installs nothing");
        for file in files {
            let name = file.trim_end_matches("_*.deb");
            assert!(control.contains(&format!("\nPackage: {name}\n")), "{page}: {name}");
        }
    }
}

/// No crate without its reason: those of the product are named in README's table.
#[test]
fn every_dependency_has_its_line_in_the_readme() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("Cargo.toml");
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").expect("the dependencies");
    let product = rest.split("# The tests.").next().expect("their first part");
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md");
    let table = readme.split_once("## Dependencies\n").expect("the table").1.split("\n## ").next().expect("its end").to_owned();
    let first: String =
        table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect::<Vec<_>>().join(", ");
    let named: BTreeSet<&str> = first.split([',', ' ']).collect();
    let names = product.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    for (name, _) in names.filter(|(name, value)| !name.starts_with("ussh-") && !value.contains("path = ")) {
        assert!(named.contains(name), "{name} has no line");
    }
}

fn lines(commands: &str) -> Vec<String> {
    commands.lines().map(str::to_owned).collect()
}
