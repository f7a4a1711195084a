//! The commands of a page: fenced blocks whose first line is three backticks, `sh` and a place, such as `sh host`.

use std::path::Path;

/// One block.
pub struct Block {
    /// Where it is run; what that means is the test's business.
    pub place: String,
    /// As a shell reads them.
    pub commands: String,
}

/// All blocks of `docs/NAME`, in order. A block of shell without a place fails: nobody would run it.
pub fn blocks(name: &str) -> Vec<Block> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let commands: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let place = info.strip_prefix("sh ").unwrap_or_else(|| panic!("{name}: ```{info} says not where it is run"));
        blocks.push(Block { place: place.to_owned(), commands });
    }
    assert!(!blocks.is_empty(), "{name} has no commands");
    blocks
}
