//! Commands in sentences and tables: each is one that a block of a page has, or that a test runs.

mod claims;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use claims::{NO_COMMANDS, NOT_RUN, RUN_BY, RUN_IN_OTHER_WORDS};

use super::every_page::{is_program, pages};
use super::man_page::BY_HAND;
use super::page::{ROOT, Step, steps};

/// They hold words together, and are none.
const QUOTES: [char; 2] = ['"', '\''];

/// What is written as code in a man page: the rest of a line behind one of these.
const AS_CODE: [&str; 3] = ["Ql", "Ic", "Dl"];

/// Without those where another macro follows: settings and what they may be.
fn in_manual(page: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).expect("a page");
    let text = text.replace("\\-", "-").replace("\\&", "").replace("\\(dq", "").replace(QUOTES, "");
    let macros = text.lines().filter_map(|line| line.strip_prefix('.')).map(words);
    let code = macros.filter_map(|words| {
        let at = words.iter().position(|word| AS_CODE.contains(&word.as_str()))?;
        let last = words.iter().rposition(|word| word.chars().any(char::is_alphanumeric))?;
        Some(words.get(at + 1..=last)?.to_vec())
    });
    code.filter(|words| !words.iter().any(|word| ["Ns", "No", "Ar", "Cm"].contains(&word.as_str()))).collect()
}

/// The words of each piece of code that stands in a sentence or a table of a page.
fn in_sentences(page: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).expect("a page");
    let outside: String = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n\n");
    let mut found = Vec::new();
    for paragraph in outside.split("\n\n") {
        let pieces: Vec<&str> = paragraph.split('`').collect();
        assert!(pieces.len() % 2 == 1, "{page}: code without an end: {paragraph}");
        found.extend(pieces.iter().skip(1).step_by(2).map(|code| words(&code.replace(QUOTES, ""))));
    }
    found
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Every command that a page has in a block, which `every_page` sees to being run.
fn in_blocks() -> Vec<Vec<String>> {
    let all = pages().into_iter().flat_map(|page| steps(&page));
    let commands = all.filter_map(|step| if let Step::Run(block) = step { Some(block.commands) } else { None });
    commands.flat_map(|commands| lines(&commands)).collect()
}

/// Lines of a shell.
fn lines(script: &str) -> Vec<Vec<String>> {
    let whole = script.replace("\\\n", " ").replace(QUOTES, "");
    whole.lines().map(|line| words(line).into_iter().take_while(|word| word != "#").collect()).collect()
}

/// What a test runs: a script by its lines, Rust as one, in which `"a", "b"` are two words.
fn in_file(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    if !file.ends_with(".rs") {
        return lines(&text);
    }
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    vec![words(
        &code
            .join(" ")
            .replace(".ca_tool(", " ca-tool ")
            .replace(QUOTES, " ")
            .replace([',', '[', ']', '(', ')', '&', ';'], " "),
    )]
}

/// Whether these words stand somewhere one after the other.
fn has(lines: &[Vec<String>], wanted: &[String]) -> bool {
    lines.iter().any(|line| {
        line.windows(wanted.len()).any(|found| found.iter().zip(wanted).all(|(found, word)| found == word || is_any(word)))
    })
}

/// NAME, FILE, KEY.pub.
fn is_any(word: &str) -> bool {
    let name = word.split('.').next().expect("a word");
    name.len() > 2 && name.chars().all(|letter| letter.is_ascii_uppercase())
}

#[test]
fn every_command_in_a_sentence_is_run() {
    let mut claimed = BTreeSet::new();
    for (command, file) in RUN_BY {
        assert!(has(&in_file(file), &words(command)), "{file} does not run {command:?}");
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    for (command, file, others) in RUN_IN_OTHER_WORDS {
        assert!(has(&in_file(file), &words(others)), "{file} does not run {others:?}");
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    for command in NOT_RUN.iter().map(|(command, _)| command).chain(NO_COMMANDS) {
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    let blocks = in_blocks();
    let mut unclaimed = BTreeSet::new();
    let mut needed = BTreeSet::new();
    let sentences = pages().into_iter().map(|page| (in_sentences(&page), page));
    let manuals = BY_HAND.map(|page| (in_manual(page), page.to_owned()));
    for (found, page) in sentences.chain(manuals) {
        for code in found.into_iter().filter(|code| code.len() > 1) {
            match has(&blocks, &code) {
                true => {}
                false if claimed.contains(&code) => _ = needed.insert(code),
                false => _ = unclaimed.insert(format!("{page}: {}", code.join(" "))),
            }
        }
    }
    assert!(unclaimed.is_empty(), "who runs that? {unclaimed:#?}");
    let idle: Vec<_> = claimed.difference(&needed).collect();
    assert!(idle.is_empty(), "no sentence has that, or a block has it, too: {idle:#?}");
}

#[test]
fn scripts_that_sentences_name_are_there() {
    for page in pages() {
        for code in in_sentences(&page) {
            if let Some(script) = code.first().filter(|word| word.ends_with(".sh") && word.contains('/')) {
                assert!(is_program(script), "{page}: {script} cannot be run");
            }
        }
    }
}
