//! The README's picture is what its source gives.

use std::process::Command;

use super::page::ROOT;

/// What docs/picture.svg was drawn with; another version may put a line elsewhere, and no word.
const DRAWN_WITH: &str = "graphviz version 2.43.0";

#[test]
fn the_picture_is_drawn_from_its_source() {
    let drawn = Command::new(format!("{ROOT}/docs/picture.sh")).output().expect("docs/picture.sh runs");
    assert!(drawn.status.success(), "{}: is graphviz installed?", String::from_utf8_lossy(&drawn.stderr));
    let drawn = String::from_utf8(drawn.stdout).expect("UTF-8");
    let kept = std::fs::read_to_string(format!("{ROOT}/docs/picture.svg")).expect("docs/picture.svg");
    let version = Command::new("dot").arg("-V").output().expect("dot runs").stderr;
    let is_same_version = String::from_utf8_lossy(&version).contains(DRAWN_WITH);
    assert!(!is_same_version || drawn == kept, "docs/picture.sh >docs/picture.svg draws another one");
    assert_eq!(words(&drawn), words(&kept), "docs/picture.sh >docs/picture.svg draws another one");
    assert!(kept.contains("prefers-color-scheme: dark"));
}

/// What people read in it, and what its lines connect.
fn words(picture: &str) -> Vec<&str> {
    let mut words: Vec<_> =
        picture.lines().filter_map(|line| line.strip_suffix("</text>").or(line.strip_suffix("</title>"))).collect();
    for word in &mut words {
        *word = word.rsplit('>').next().unwrap_or_default();
    }
    words.retain(|word| !word.starts_with('%')); // the graph has no name, which some versions write down
    words.sort_unstable();
    assert!(words.len() > 10, "{words:?}");
    words
}
