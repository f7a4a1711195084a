//! `from="…"` on a principals line: where it may be used from (match.c: match_host_and_ip; addrmatch.c: addr_match_list).
//!
//! Stricter than sshd: names of hosts never match, because looking them up is nobody's word but the network's. sshd
//! with `UseDNS no`, its default, has no names either. And an address whose mask is no number is a mistake, not a name,
//! as are the ways in which inet_aton(3), and so sshd, lets an address be spelt (`127.1`, `0x7f000001`).

use std::net::IpAddr;

use crate::source_address::{Entry, SourceAddress};

/// Whether the comma list of addresses, networks and patterns lets `peer` in. One that is negated and matches keeps it
/// out, whatever else is there; so does an entry that is an error.
pub fn from_allows(patterns: &[u8], peer: IpAddr) -> bool {
    let text = peer.to_string();
    let mut allowed = false;
    for entry in patterns.split(|&byte| byte == b',') {
        let (negated, entry) = match entry.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, entry),
        };
        let matches = match SourceAddress::entry(entry) {
            Entry::Network(network) => network.contains(peer),
            Entry::Inconsistent => return false,
            Entry::Other if entry.is_empty() || is_like_a_number(entry) => return false,
            Entry::Other => is_match(&entry.to_ascii_lowercase(), text.as_bytes()),
        };
        match (matches, negated) {
            (true, true) => return false,
            (true, false) => allowed = true,
            (false, _) => {}
        }
    }
    allowed
}

/// Not as we read addresses, but perhaps as inet_aton(3) does: whom it is to keep out is not for us to guess.
fn is_like_a_number(entry: &[u8]) -> bool {
    let address = entry.split(|&byte| byte == b'/').next().unwrap_or_default();
    address.split(|&byte| byte == b'.').all(|part| match part {
        [b'0', b'x' | b'X', rest @ ..] => rest.iter().all(u8::is_ascii_hexdigit),
        part => !part.is_empty() && part.iter().all(u8::is_ascii_digit),
    })
}

/// `*` stands for any bytes, `?` for one (match.c: match_pattern). No backtracking further than the last `*`.
fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern_at, mut text_at) = (0, 0);
    let mut last_star = None;
    while let Some(byte) = text.get(text_at) {
        match pattern.get(pattern_at) {
            Some(b'*') => {
                last_star = Some((pattern_at, text_at));
                pattern_at += 1;
            }
            Some(expected) if expected == byte || *expected == b'?' => (pattern_at, text_at) = (pattern_at + 1, text_at + 1),
            _ => {
                let Some((star, from)) = last_star else { return false };
                last_star = Some((star, from + 1));
                (pattern_at, text_at) = (star + 1, from + 1);
            }
        }
    }
    pattern.get(pattern_at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(patterns: &str, peer: &str) -> bool {
        from_allows(patterns.as_bytes(), peer.parse().unwrap())
    }

    #[test]
    fn addresses_networks_and_patterns_match() {
        for patterns in ["192.0.2.7", "10.0.0.0/8,192.0.2.0/24", "192.0.2.*", "192.?.2.7", "*", "*.*.*.7", "host,192.0.2.7"] {
            assert!(allows(patterns, "192.0.2.7"), "{patterns}");
        }
        assert!(allows("2001:db8::/32", "2001:db8::1") && allows("2001:DB8::*", "2001:db8::1"));
    }

    #[test]
    fn others_do_not() {
        for patterns in
            ["192.0.2.8", "10.0.0.0/8", "192.0.3.*", "192.0.2", "192.0.2.7.", "localhost", "*.example", "2001:db8::/32"]
        {
            assert!(!allows(patterns, "192.0.2.7"), "{patterns}");
        }
    }

    #[test]
    fn what_is_negated_keeps_out_wherever_it_stands() {
        for patterns in ["!192.0.2.7,*", "*,!192.0.2.7", "192.0.2.0/24,!192.0.2.0/25", "*,!*"] {
            assert!(!allows(patterns, "192.0.2.7"), "{patterns}");
        }
        assert!(allows("*,!192.0.2.8", "192.0.2.7"));
        assert!(!allows("!192.0.2.8", "192.0.2.7"), "a list of negations alone lets nobody in");
    }

    #[test]
    fn what_sshd_calls_an_error_keeps_out() {
        for patterns in ["", "*,", ",*", "*,192.0.2.7/24", "*,10.0.0.0/33", "*,!"] {
            assert!(!allows(patterns, "192.0.2.7"), "{patterns}");
        }
    }

    #[test]
    fn a_number_that_sshd_takes_for_an_address_keeps_out() {
        for number in ["192.519", "0xc0000207", "3221225991", "0300.0.2.7", "192.0.519/31"] {
            assert!(!allows(&format!("*,!{number}"), "192.0.2.7"), "{number}");
            assert!(!allows(&format!("*,{number}"), "192.0.2.7"), "{number}");
        }
        assert!(allows("*,!7.example,!fed.ca", "192.0.2.7"), "names");
    }

    #[test]
    fn many_stars_take_no_time() {
        let hostile = format!("{}x", "*?".repeat(7));
        assert!(!allows(&hostile.repeat(50), "192.0.2.7"));
    }
}
