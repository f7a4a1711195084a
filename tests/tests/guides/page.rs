//! What a page has to be done: fenced blocks whose first line is three backticks, `sh` and a place, such as `sh host`,
//! or `sh host refused` where the last command must fail; and what people do with their hands, in comments that nobody
//! sees: `<!-- plug 5001234 -->`, `<!-- unplug 5001234 -->`, `<!-- ca:FILE -> host:FILE -->`; and `<!-- lose ca:FILE -->`, the
//! disaster that the page is for, which nobody shall copy from it.

use std::path::Path;

/// One block.
pub struct Block {
    /// Where it is run; what that means is the test's business.
    pub place: String,
    /// Whether it has to fail.
    pub refused: bool,
    /// As a shell reads them.
    pub commands: String,
}

/// What is done next.
pub enum Step {
    Run(Block),
    /// From a place and file to another.
    Bring([String; 4]),
    Plug(u32),
    Unplug(u32),
    /// A place's file or folder is gone.
    Lose([String; 2]),
}

/// Where the repository is.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// All steps of a page, named from the repository's root, in order. A block of shell without a place fails: nobody would
/// run it.
pub fn steps(name: &str) -> Vec<Step> {
    let path = Path::new(ROOT).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut steps = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let commands: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            steps.extend(block(name, info, commands).map(Step::Run));
        } else if let Some(words) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            steps.push(by_hand(words).unwrap_or_else(|| panic!("{name}: what does {words:?} mean?")));
        }
    }
    steps
}

/// All blocks of a page.
pub fn blocks(name: &str) -> Vec<Block> {
    let blocks = steps(name).into_iter().filter_map(|step| if let Step::Run(block) = step { Some(block) } else { None });
    let blocks: Vec<Block> = blocks.collect();
    assert!(!blocks.is_empty(), "{name} has no commands");
    blocks
}

fn block(name: &str, info: &str, commands: String) -> Option<Block> {
    let words: Vec<&str> = info.split(' ').collect();
    let (place, refused) = match words.as_slice() {
        ["sh", place] => (place, false),
        ["sh", place, "refused"] => (place, true),
        ["sh", ..] | [""] => panic!("{name}: ```{info} says not where it is run"),
        _ => return None, // no commands
    };
    Some(Block { place: (*place).to_owned(), refused, commands })
}

fn by_hand(words: &str) -> Option<Step> {
    if let Some((from, to)) = words.split_once(" -> ") {
        let ((from, file), (to, copy)) = (from.split_once(':')?, to.split_once(':')?);
        return Some(Step::Bring([from, file, to, copy].map(str::to_owned)));
    }
    let (what, which) = words.split_once(' ')?;
    match what {
        "plug" => which.parse().ok().map(Step::Plug),
        "unplug" => which.parse().ok().map(Step::Unplug),
        "lose" => which.split_once(':').map(|(place, file)| Step::Lose([place, file].map(str::to_owned))),
        _ => None,
    }
}
