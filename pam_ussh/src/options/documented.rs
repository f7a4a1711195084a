//! What the man page says is what the module does: its options and the log's reasons, each way; and every pam.d line in
//! a page of this repository is understood.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

const PAGE: &str = include_str!("../../pam_ussh.8");
const PARSER: &str = include_str!("../options.rs");
const REFUSALS: &str = include_str!("../../../ussh-cert/src/refusal.rs");
const OUTCOME: &str = include_str!("../outcome.rs");
const REFUSED: &str = include_str!("../outcome/refused.rs");
const REPORT: &str = include_str!("../report.rs");

fn section<'t>(name: &str, of: &'t str) -> &'t str {
    let (_, rest) = of.split_once(&format!(".Sh {name}\n")).unwrap();
    rest.split("\n.Sh ").next().unwrap()
}

/// `.It Cm NAME …`
fn documented() -> BTreeSet<&'static str> {
    let items = section("OPTIONS", PAGE).lines().filter_map(|line| line.strip_prefix(".It Cm "));
    items.map(|item| item.split(' ').next().unwrap()).collect()
}

/// The words in front of `=>` between the one line and the other.
fn arms<'t>(source: &'t str, from: &str, to: &str) -> BTreeSet<&'t str> {
    let (_, rest) = source.split_once(from).unwrap();
    let arms = rest.split_once(to).unwrap().0.lines().filter_map(|line| line.split_once("=>"));
    arms.flat_map(|(words, _)| words.split('"').skip(1).step_by(2)).collect()
}

#[test]
fn every_option_of_the_man_page_is_understood_and_no_other_one() {
    let unknown = |name: &str| Options::default().take(name, Some("")) == Err("unknown option".to_owned());
    let understood = arms(PARSER, "match name {", "unknown option");
    assert!(understood.len() > 20 && unknown("misspelt"), "{understood:?}");
    for name in documented() {
        assert!(!unknown(name), "{name} is in the man page");
    }
    assert_eq!(documented(), understood);
}

#[test]
fn every_reason_of_the_log_is_in_the_man_page_and_no_other_one() {
    let list = section("LOG", PAGE).split_once("The reasons are words").unwrap().1;
    let words = list.lines().filter_map(|line| line.strip_prefix(".Cm "));
    let documented: BTreeSet<&str> = words.flat_map(|line| line.split(' ')).filter(|word| *word != ",").collect();
    let quoted = |source: &'static str, from: &str, to: &str| -> BTreeSet<&'static str> {
        let code = source.split_once(from).unwrap().1.split_once(to).unwrap().0;
        code.lines().filter_map(|line| line.split_once("=> \"")).map(|(_, word)| word.split('"').next().unwrap()).collect()
    };
    let mut logged = quoted(REFUSALS, "pub fn code(", "\n    }\n");
    logged.extend(quoted(REFUSED, "fn code(", "\n    }\n"));
    let literal = [OUTCOME, REPORT].into_iter().flat_map(|source| source.split("reason=").skip(1));
    logged.extend(literal.map(|rest| rest.split([' ', '"']).next().unwrap()));
    assert_eq!(documented, logged);
}

/// README, docs and the man pages; those that have no line of ours say nothing here.
fn pages(below: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            pages(&path, into);
        } else if name.ends_with(".md") || name.ends_with(".8") {
            into.push(path);
        }
    }
}

#[test]
fn every_pam_d_line_in_a_page_is_understood() {
    let mut found = Vec::new();
    pages(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    let mut lines = 0;
    for page in found {
        let text = fs::read_to_string(&page).unwrap().replace("\\e\n", " ").replace("\\\n", " ");
        let types = ["auth ", "account ", "session ", "-session "];
        for line in text.lines().filter(|line| types.iter().any(|kind| line.starts_with(kind))) {
            let Some((_, options)) = line.split_once(" pam_ussh.so") else { continue };
            let words: Vec<&str> = options.split('#').next().unwrap().split_whitespace().collect();
            assert!(Options::parse(&words).is_ok(), "{}: {line}: {:?}", page.display(), Options::parse(&words));
            lines += 1;
        }
    }
    assert!(lines > 10, "only {lines}");
}
