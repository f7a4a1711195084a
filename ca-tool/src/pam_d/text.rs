//! Lines and words of a pam.d file: libpam's rules, as its source has them (pam_handlers.c, pam_misc.c).

/// What libpam 1.5 takes for one line, continued ones together; later ones take any length.
pub(super) const LONGEST: usize = 1023;

/// The lines that say something, each with the number of its first one; and whether the file ends in a backslash.
///
/// A backslash at the end takes in the next line that is not empty; `#` starts a comment anywhere, which also ends a line
/// that would have been continued.
pub(super) fn lines(text: &[u8]) -> (Vec<(usize, String)>, bool) {
    let text = String::from_utf8_lossy(text);
    let (mut lines, mut begun) = (Vec::new(), None::<(usize, String)>);
    for (number, raw) in text.split('\n').enumerate() {
        let line = raw.trim_start_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (start, mut whole) = begun.take().unwrap_or((number + 1, String::new()));
        let (said, has_comment) = line.split_once('#').map_or((line, false), |(said, _)| (said, true));
        match said.trim_end_matches(BLANKS).strip_suffix('\\') {
            Some(continued) if !has_comment => {
                whole.push_str(continued);
                whole.push(' ');
                begun = Some((start, whole));
            }
            _ => {
                whole.push_str(said.trim_end_matches('\n'));
                lines.push((start, whole));
            }
        }
    }
    (lines, begun.is_some())
}

/// The words of a line. What stands between brackets is one word without them, blanks included; `\]` in it is a bracket.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line.trim_start_matches(BLANKS));
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('[') {
            Some(inside) => bracketed(inside),
            None => rest.split_once(BLANKS).map_or((rest.to_owned(), ""), |(word, after)| (word.to_owned(), after)),
        };
        words.push(word);
        rest = after.trim_start_matches(BLANKS);
    }
    words
}

const BLANKS: [char; 2] = [' ', '\t'];

fn bracketed(inside: &str) -> (String, &str) {
    let mut word = String::new();
    let mut characters = inside.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            ']' => return (word, inside.get(at + 1..).unwrap_or_default()),
            '\\' if characters.next_if(|(_, next)| *next == ']').is_some() => word.push(']'),
            other => word.push(other),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_behind_a_backslash_and_ends_at_a_comment() {
        let text = b"# only a comment\n\n  one \\\n   # skipped\n\n\ttwo\\ \t\nthree # rest\nfour # five \\\nsix\n";
        let (lines, cut) = lines(text);
        let lines: Vec<_> = lines.iter().map(|(number, line)| (*number, words(line).join(" "))).collect();
        assert_eq!(lines, [(3, "one two three".to_owned()), (8, "four".to_owned()), (9, "six".to_owned())]);
        assert!(!cut);
    }

    #[test]
    fn a_backslash_at_the_end_of_the_file_is_seen() {
        assert!(super::lines(b"auth required \\\n").1);
        assert!(super::lines(b"auth required \\").1);
        assert!(!super::lines(b"auth required x.so").1);
    }

    #[test]
    fn brackets_make_one_word() {
        for (line, expected) in [
            ("auth [success=1 default=ignore] pam_unix.so", vec!["auth", "success=1 default=ignore", "pam_unix.so"]),
            ("a [b \\] c] d", vec!["a", "b ] c", "d"]),
            ("a [b", vec!["a", "b"]),
            ("a [b]c d", vec!["a", "b", "c", "d"]),
            ("a\tb\\]c [] e[f g]", vec!["a", "b\\]c", "", "e[f", "g]"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
