//! The README's picture is what its source gives.

use std::process::Command;

use super::page::ROOT;

#[test]
fn the_picture_is_drawn_from_its_source() {
    let drawn = Command::new(format!("{ROOT}/docs/picture.sh")).output().expect("docs/picture.sh runs");
    assert!(drawn.status.success(), "{}: is graphviz installed?", String::from_utf8_lossy(&drawn.stderr));
    let kept = std::fs::read_to_string(format!("{ROOT}/docs/picture.svg")).expect("docs/picture.svg");
    assert!(String::from_utf8_lossy(&drawn.stdout) == kept, "docs/picture.sh >docs/picture.svg draws another one");
    assert!(kept.contains("prefers-color-scheme: dark"));
}
