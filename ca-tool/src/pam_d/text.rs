//! Lines and words of a pam.d file: libpam's rules, as its source has them (pam_handlers.c, pam_misc.c).

/// What libpam 1.5 takes for one line, continued ones together; later ones take any length.
pub(super) const LONGEST: usize = 1023;

/// The lines of a file.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Those that say something, each with the number of its first one.
    pub(super) said: Vec<(usize, String)>,
    /// Those, comments too, of which libpam takes the rest for a line of its own.
    pub(super) too_long: Vec<usize>,
    /// Comments and empty lines inside a continued one: libpam passes over them before 1.7, and ends the line there since.
    pub(super) interrupting: Vec<usize>,
    /// Whether the file ends in a backslash.
    pub(super) cut: bool,
}

/// A backslash at the end takes in the next line that is not empty; `#` starts a comment anywhere, which also ends a line
/// that would have been continued.
pub(super) fn lines(text: &[u8]) -> Lines {
    let text = String::from_utf8_lossy(text);
    let (mut lines, mut begun) = (Lines::default(), None::<(usize, String)>);
    let all = text.split('\n').count();
    for (number, raw) in text.split('\n').enumerate() {
        let so_far = begun.as_ref().map_or(0, |(_, whole)| whole.len());
        if so_far + raw.len() > LONGEST {
            lines.too_long.push(number + 1);
        }
        let line = raw.trim_start_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            // What split leaves behind the last newline is no line.
            if begun.is_some() && number + 1 < all {
                lines.interrupting.push(number + 1);
            }
            continue;
        }
        let (start, mut whole) = begun.take().unwrap_or((number + 1, String::new()));
        let (said, has_comment) = raw.split_once('#').map_or((raw, false), |(said, _)| (said, true));
        match said.trim_end_matches(BLANKS).strip_suffix('\\') {
            Some(continued) if !has_comment => {
                whole.push_str(continued);
                whole.push(' ');
                begun = Some((start, whole));
            }
            _ => {
                whole.push_str(said);
                lines.said.push((start, whole));
            }
        }
    }
    lines.cut = begun.is_some();
    lines
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
        let lines = lines(text);
        let said: Vec<_> = lines.said.iter().map(|(number, line)| (*number, words(line).join(" "))).collect();
        assert_eq!(said, [(3, "one two three".to_owned()), (8, "four".to_owned()), (9, "six".to_owned())]);
        assert!(!lines.cut && lines.too_long.is_empty());
        assert_eq!(lines.interrupting, [4, 5]);
    }

    #[test]
    fn a_comment_ends_a_line_whose_backslash_is_in_front_of_it() {
        let said = lines(b"auth required x.so a \\ # more\nauth required y.so\n").said;
        assert_eq!(said.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_backslash_at_the_end_of_the_file_is_seen() {
        assert!(super::lines(b"auth required \\\n").cut);
        assert!(super::lines(b"auth required \\").cut);
        assert!(!super::lines(b"auth required x.so").cut);
    }

    #[test]
    fn blanks_in_front_of_what_goes_on_count_between_brackets() {
        let lines = lines(b"auth required x.so [a \\\n\t b]\n");
        assert_eq!(words(&lines.said[0].1), ["auth", "required", "x.so", "a  \t b"]);
    }

    /// What libpam 1.5 leaves of such a line is its next one, even behind a comment.
    #[test]
    fn what_is_too_long_is_found_in_comments_too() {
        let (long, fits) = ("x".repeat(LONGEST), "x".repeat(LONGEST - 1));
        let text = format!("# {long}\nauth required x.so # {long}\n#{fits}\nauth \\\n#{fits}\n");
        assert_eq!(lines(text.as_bytes()).too_long, [1, 2, 5]);
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
