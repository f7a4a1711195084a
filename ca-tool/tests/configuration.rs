//! ca.toml: what the program understands, its man page, and the example that packages install say the same.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::collections::{BTreeMap, BTreeSet};

use room::Room;

const PAGE: &str = include_str!("../ca.toml.5");
const EXAMPLE: &str = include_str!("../ca.toml");

/// A table, "" for none, and its settings.
type Settings = BTreeMap<String, BTreeSet<String>>;

/// `.Ss [TABLE]` and `.It Ic NAME …`
fn documented() -> Settings {
    let mut settings = Settings::from([(String::new(), BTreeSet::new())]);
    let mut table = String::new();
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix(".Ss [") {
            table = name.trim_end_matches(']').to_owned();
            settings.entry(table.clone()).or_default();
        } else if let Some(item) = line.strip_prefix(".It Ic ") {
            settings.get_mut(&table).unwrap().insert(item.split(' ').next().unwrap().to_owned());
        }
    }
    settings
}

/// The settings of a table, as the program names them when it meets one that it does not know.
fn understood(room: &Room, table: &str) -> BTreeSet<String> {
    let header = if table.is_empty() { String::new() } else { format!("[{table}]\n") };
    room.write("ca.toml", format!("{header}misspelt = 1\n"));
    let done = room.ca_tool(&["--config", "ca.toml", "log", "list"]);
    let (_, names) = done.stderr.split_once("expected ").unwrap_or_else(|| panic!("[{table}]: {done:?}"));
    names.lines().next().unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_in_the_man_page_and_no_other_one() {
    let room = Room::new();
    let documented = documented();
    let mut top = documented[""].clone();
    top.extend(documented.keys().filter(|table| !table.is_empty()).map(|table| table.replace(".NAME", "")));
    assert_eq!(understood(&room, ""), top);
    for (table, settings) in documented.iter().filter(|(table, _)| !table.is_empty()) {
        assert_eq!(&understood(&room, table), settings, "[{table}]");
    }
}

#[test]
fn the_example_and_that_of_the_man_page_are_understood() {
    let room = Room::new();
    let page = PAGE.split(".Bd -literal").nth(1).unwrap().split(".Ed").next().unwrap();
    let page = page.split_once('\n').unwrap().1.to_owned();
    // Settings have no blank behind their #, sentences have one.
    let settings = EXAMPLE.lines().map(|line| line.strip_prefix('#').filter(|text| !text.starts_with(' ')).unwrap_or(line));
    let uncommented = settings.map(|line| format!("{line}\n")).collect();
    for text in [page, EXAMPLE.to_owned(), uncommented] {
        room.write("ca.toml", &text);
        room.ca_tool(&["--config", "ca.toml", "completions", "bash"]).done();
    }
    assert!(EXAMPLE.lines().all(|line| line.is_empty() || line.starts_with('#')), "the example changes nothing");
}

#[test]
fn the_example_names_every_table_and_setting() {
    for (table, settings) in documented() {
        let table = table.replace(".NAME", ".");
        assert!(EXAMPLE.contains(&format!("#[{table}")) || table.is_empty(), "[{table}]");
        for setting in settings {
            assert!(EXAMPLE.lines().any(|line| line.starts_with(&format!("#{setting} = "))), "{setting}");
        }
    }
}

#[test]
fn the_formatters_have_no_complaints() {
    let room = Room::new();
    room.write("ca.toml.5", PAGE);
    assert_eq!(room.ok("mandoc", &["-T", "lint", "-W", "warning", "ca.toml.5"]), "");
}
