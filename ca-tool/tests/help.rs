//! What people read: help, man pages, completions, exit codes, colours, and the words that programs read.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::collections::BTreeSet;

use room::{Room, Terminal};
use serde_json::Value;

fn pages(room: &Room) -> BTreeSet<String> {
    room.ca_tool(&["manual", "man"]).done();
    let folder = std::fs::read_dir(room.path("man")).unwrap();
    folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn there_is_a_man_page_for_each_verb_and_the_formatters_have_no_complaints() {
    let room = Room::new();
    let pages = pages(&room);
    for page in ["ca-tool.1", "ca-tool-sign.1", "ca-tool-key-list.1", "ca-tool-krl-update.1", "ca-tool-manual.1"] {
        assert!(pages.contains(page), "{page}: {pages:?}");
    }
    for page in &pages {
        let path = format!("man/{page}");
        let mut mandoc = room.program("mandoc");
        mandoc.args(["-T", "lint", "-W", "warning", &path]);
        // The pages have no date: what is built twice is the same twice.
        let said = room::Done::of(mandoc);
        let said = format!("{}{}", said.stdout, said.stderr);
        let complaints: Vec<_> = said.lines().filter(|line| !line.contains("missing date")).collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        let mut man = room.program("man");
        man.env("MANWIDTH", "100").env("LC_ALL", "C.UTF-8").args(["--warnings=all", "-l", "-E", "UTF-8", &path]);
        let done = room::Done::of(man);
        assert!(done.code == 0 && done.stderr.is_empty(), "{page}: {}", done.stderr);
        assert!(done.stdout.contains("EXAMPLES") && done.stdout.contains("SEE ALSO"), "{page}: {}", done.stdout);
    }
}

#[test]
fn examples_stand_in_help_and_manual_alike() {
    let room = Room::new();
    pages(&room);
    let line = "ca-tool sign -s yubikey:slot=9c -I alice@laptop -n alice id_ed25519.pub";
    assert!(room.ca_tool(&["sign", "--help"]).done().stdout.contains(line));
    assert!(room.read("man/ca-tool-sign.1").replace('\\', "").contains(line));
}

#[test]
fn completions_are_read_by_their_shells() {
    let room = Room::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = room.ca_tool(&["completions", shell]).done().stdout;
        assert!(text.contains("inspect") && text.contains("revoked-keys"), "{shell}");
        if shell == "bash" {
            room.write("completions", format!("{text}\ncomplete -p ca-tool\n"));
            assert!(room.ok("bash", &["completions"]).contains("-F _ca__tool"));
        }
    }
    assert_eq!(room.ca_tool(&["completions", "csh"]).code, 2);
}

#[test]
fn exit_codes_are_those_of_the_manual() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    for (words, code) in [
        (&["sign", "-s", "ca", "-I", "a", "-n", "a", "id.pub"][..], 0),
        (&["inspect", "id-cert.pub"], 0),
        (&["--help"], 0),
        (&["sign", "--help"], 0),
        (&["--version"], 0),
        (&["sign", "-s", "missing", "-I", "a", "-n", "a", "id.pub"], 1),
        (&["inspect", "missing"], 1),
        (&["inspect", "-n", "bob", "id-cert.pub"], 1),
        (&[], 2),
        (&["sing"], 2),
        (&["sign", "-s", "ca", "-n", "a", "id.pub"], 2),
        (&["sign", "-s", "ca", "-I", "a", "-n", "a", "-V", "tomorrow", "id.pub"], 2),
        (&["sign", "-s", "yubikey:slot=zz", "-I", "a", "-n", "a", "id.pub"], 2),
    ] {
        let done = room.ca_tool(words);
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        // What happened, and what to do about it.
        if code == 1 {
            assert!(done.stderr.trim_end().lines().count() >= 2 && done.stderr.contains("ca-tool: "), "{done:?}");
        }
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let mut room = Room::new();
    room.set("TERM", "xterm");
    let words = ["inspect", "missing"];
    assert!(!room.ca_tool(&words).stderr.contains('\x1b'));
    let screen = |room: &Room, words: &[&str]| Terminal::start(&room.command(words)).ends().1;
    assert!(screen(&room, &words).contains("\x1b[31mca-tool:\x1b[0m"));
    assert!(screen(&room, &["--help"]).contains('\x1b'));
    room.set("NO_COLOR", "1");
    assert!(!screen(&room, &words).contains('\x1b'));
    assert!(!screen(&room, &["--help"]).contains('\x1b'));
}

#[test]
fn many_keys_make_one_line_of_progress_on_a_terminal_and_a_line_each_elsewhere() {
    let room = Room::new();
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    let keys: Vec<_> = (0..40).map(|number| format!("k{number}.pub")).collect();
    for key in &keys {
        std::fs::copy(room.path("id.pub"), room.path(key)).unwrap();
    }
    let words: Vec<_> = ["sign", "-s", "ca", "-I", "a", "-n", "a"].map(String::from).into_iter().chain(keys).collect();
    assert_eq!(room.ca_tool(&words).done().stderr.matches("Signed k").count(), 40);
    let (code, screen) = Terminal::start(&room.command(&words)).ends();
    assert!(code == 0 && screen.contains("\r1 of 40 signed") && screen.contains("\r40 of 40 signed\n"), "{screen}");
    assert_eq!(screen.matches("Signed k").count(), 0);
}

/// Every key in a document, wherever it stands.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                into.insert(key.clone());
                keys(value, into);
            }
        }
        Value::Array(array) => array.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

/// The bold words of a verb's paragraph in the manual's section JSON.
fn documented(page: &str, verb: &str) -> BTreeSet<String> {
    let section = page.split(".SH JSON").nth(1).unwrap().split(".SH ").next().unwrap();
    let paragraph =
        section.split(".TP\n").find(|text| text.starts_with(&format!(".B {verb}\n"))).unwrap_or_else(|| panic!("{verb}"));
    let bold = paragraph.lines().skip(1).filter_map(|line| line.strip_prefix(".B ").or(line.strip_prefix(".BR ")));
    bold.map(|word| word.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn what_programs_read_is_what_the_manual_says() {
    let room = Room::new();
    pages(&room);
    let page = room.read("man/ca-tool.1");
    room.key("ca", "ed25519");
    room.key("id", "ed25519");
    room.ca_tool(&["sign", "-s", "ca", "-I", "a", "-n", "a", "-O", "force-command=x", "id.pub"]).done();
    room.write("odd.spec", "serial: 9\nid: mallory\n");
    let cas = room.path("ca.pub").display().to_string();
    room.write("ca.toml", format!("ca_file = '{cas}'\n[update]\nca_file = '{cas}'\n"));
    let answers = [
        ("inspect", vec!["inspect", "-n", "bob", "id-cert.pub"]),
        ("sign", vec!["sign", "-s", "ca", "-I", "b", "-n", "b", "id.pub"]),
        ("log list", vec!["log", "list"]),
        ("log verify", vec!["log", "verify"]),
        ("revoke", vec!["revoke", "-I", "mallory", "-r", "test"]),
        ("krl check", vec!["krl", "check", "id-cert.pub"]),
        ("krl show", vec!["krl", "show"]),
        ("krl sign", vec!["krl", "sign", "-s", "ca"]),
        ("update", vec!["--config", "ca.toml", "update", "--dry-run"]),
    ];
    for (verb, words) in answers {
        let done = room.ca_tool(&[&["--json"], &words[..]].concat());
        let document: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{verb}: {error}: {done:?}"));
        // Below these, keys are data.
        let mut found = BTreeSet::new();
        keys(&document, &mut found);
        let documented = documented(&page, verb);
        match verb {
            "inspect" => {
                let always: BTreeSet<_> = documented.iter().filter(|key| *key != "hex").cloned().collect();
                assert_eq!(found, always, "{verb}");
            }
            "sign" | "log verify" | "krl check" | "krl show" | "krl sign" | "update" => assert_eq!(found, documented, "{verb}"),
            _ => {
                let top = document.as_array().and_then(|array| array.first()).unwrap_or(&document);
                let top: BTreeSet<_> = top.as_object().unwrap().keys().cloned().collect();
                assert!(top.is_subset(&documented), "{verb}: {top:?} {documented:?}");
            }
        }
    }
}
