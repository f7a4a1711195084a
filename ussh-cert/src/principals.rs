//! An AuthorizedPrincipals file (sshd(8), sshd_config(5)): the principals that count, one a line, options in front.
//!
//! Read as sshd reads it (auth2-pubkeyfile.c): blanks in front go, a `#` anywhere starts a comment, the principal is
//! the text behind the last space (or the last tab where there is no space), the rest in front are options. A line
//! with bad options is skipped. The first line that names a principal of the certificate decides.

mod from;
mod line_options;

pub use from::from_allows;
pub use line_options::LineOptions;

use crate::timestamp::LocalTime;

/// The line that named a principal of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'c> {
    /// The principal, as the certificate has it.
    pub principal: &'c [u8],
    /// What stands in front of it.
    pub options: LineOptions,
}

/// The first line of `content` that names one of `principals`.
pub fn find<'c>(content: &[u8], principals: &[&'c [u8]], local_time: LocalTime) -> Option<Match<'c>> {
    content.split(|&byte| byte == b'\n').find_map(|line| match_line(line, principals, local_time))
}

fn match_line<'c>(line: &[u8], principals: &[&'c [u8]], local_time: LocalTime) -> Option<Match<'c>> {
    let line = trim(line.split(|&byte| byte == b'#').next()?);
    let (options, name) = split_options(line);
    if name.is_empty() || line.contains(&0) {
        return None;
    }
    let principal = principals.iter().find(|&&principal| principal == name)?;
    let options = LineOptions::parse(options, local_time)?;
    Some(Match { principal, options })
}

/// Blanks and tabs only, as sshd: a carriage return is part of a name.
fn trim(line: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = line.iter().position(|byte| !blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    line.get(start..end).unwrap_or_default()
}

/// The options keep the name behind them, as in sshd, where they end at a blank: so `restrict, ops` is good.
fn split_options(line: &[u8]) -> (&[u8], &[u8]) {
    let last = |blank: u8| line.iter().rposition(|&byte| byte == blank);
    match last(b' ').or_else(|| last(b'\t')) {
        Some(at) => (line, trim(line.get(at..).unwrap_or_default())),
        None => (&[], line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_local_time(_: crate::timestamp::CivilTime) -> Option<u64> {
        None
    }

    fn found(content: &str, principal: &str) -> Option<LineOptions> {
        find(content.as_bytes(), &[principal.as_bytes()], no_local_time).map(|m| m.options)
    }

    #[test]
    fn names_comments_and_blanks_are_read_as_sshd_reads_them() {
        assert!(found("alice\nbob\n", "bob").is_some());
        assert!(found("  \talice \t \n", "alice").is_some());
        assert!(found("alice# away", "alice").is_some());
        assert!(found("#alice", "alice").is_none());
        assert!(found("al#ice", "al").is_some());
        assert!(found("\n\nalice", "alice").is_some());
        for (content, principal) in
            [("alice\r\n", "alice"), ("Alice", "alice"), ("alic*", "alice"), ("", ""), (" \n", ""), ("alice", "ali")]
        {
            assert!(found(content, principal).is_none(), "{content:?} {principal:?}");
        }
    }

    #[test]
    fn the_principal_stands_behind_the_last_space_or_tab() {
        assert!(found("restrict alice", "alice").unwrap().command.is_none());
        assert_eq!(found("command=\"a b\" alice", "alice").unwrap().command.as_deref(), Some(&b"a b"[..]));
        assert!(found("restrict\talice", "alice").is_some());
        assert!(found("restrict bob\talice", "bob\talice").is_some(), "sshd cuts at the space, not the tab");
        assert!(found("restrict bob alice", "bob").is_none());
        assert!(found("restrict, alice", "alice").is_some(), "options end at a blank, behind a comma too");
    }

    #[test]
    fn a_line_with_bad_options_is_skipped_and_the_first_match_decides() {
        assert!(found("nonsense alice", "alice").is_none());
        assert!(found("nonsense alice\nalice", "alice").is_some());
        assert!(found("cert-authority alice\nalice", "alice").unwrap().cert_authority);
        assert!(!found("alice\ncert-authority alice", "alice").unwrap().cert_authority);
    }

    #[test]
    fn every_principal_of_the_certificate_is_tried_on_each_line() {
        let principals: [&[u8]; 2] = [b"ops", b"dev"];
        assert_eq!(find(b"x\ndev\nops", &principals, no_local_time).unwrap().principal, b"dev");
        assert_eq!(find(b"x\ndev\nops", &[], no_local_time), None);
    }
}
