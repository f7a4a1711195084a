//! The block of lines in a file that somebody else owns: found by its first and last line, and never by guessing.

use crate::error::{Error, Result};

pub(super) const BEGIN: &str = "# BEGIN pam_ussh";
pub(super) const END: &str = "# END pam_ussh";

/// The lines between their marks.
pub(super) fn of(lines: &[String]) -> String {
    let mut text = format!("{BEGIN}\n");
    lines.iter().for_each(|line| text.extend([line, "\n"]));
    text + END + "\n"
}

/// The text with the block in front of everything else.
pub(super) fn in_front(block: &str, text: &str) -> Result<String> {
    Ok(format!("{block}{}", without(text)?))
}

/// The text without its blocks, every other byte as it was.
///
/// # Errors
/// When a mark has no partner: what lies between is then anybody's guess.
pub(super) fn without(text: &str) -> Result<String> {
    let mut rest = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            BEGIN if !inside => inside = true,
            END if inside => inside = false,
            BEGIN | END => return Err(torn()),
            _ if !inside => rest.push_str(line),
            _ => {}
        }
    }
    if inside { Err(torn()) } else { Ok(rest) }
}

fn torn() -> Error {
    Error::new(
        format!("Of the lines \"{BEGIN}\" and \"{END}\" one stands there without the other."),
        "Mend that by hand: take both away with what is between them, then run this again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(line: &str) -> String {
        of(&[line.to_owned()])
    }

    #[test]
    fn what_was_put_in_front_can_be_put_there_again_and_taken_away() {
        for text in ["", "\n", "a", "a\nb", "#%PAM-1.0\na\n\n"] {
            let whole = in_front(&block("new"), text).unwrap();
            assert_eq!(whole, format!("{}{text}", block("new")));
            assert_eq!(in_front(&block("new"), &whole).unwrap(), whole);
            assert_eq!(without(&whole).unwrap(), text);
            assert_eq!(in_front(&block("newer"), &whole).unwrap(), format!("{}{text}", block("newer")));
        }
    }

    #[test]
    fn a_block_that_somebody_moved_is_found_too() {
        assert_eq!(in_front(&block("new"), &format!("a\n{}b\n", block("old"))).unwrap(), format!("{}a\nb\n", block("new")));
    }

    #[test]
    fn a_mark_without_its_partner_is_refused() {
        for text in [BEGIN, END, "# BEGIN pam_ussh\n# BEGIN pam_ussh\n# END pam_ussh\n", "# END pam_ussh\n# BEGIN pam_ussh\n"] {
            assert!(without(text).is_err(), "{text:?}");
        }
    }
}
