//! `from="…"`: two addresses, then the list. Judged again entry by entry, patterns by a table of what they reach.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use ussh_cert::principals::from_allows;
use ussh_cert::source_address::SourceAddress;

fuzz_target!(|bytes: &[u8]| {
    let Some((address, list)) = bytes.split_first_chunk::<16>() else { return };
    let peer = IpAddr::V6(Ipv6Addr::from(*address)).to_canonical();
    let allowed = from_allows(list, peer);
    assert_eq!(allowed, plainly(list, peer), "{peer} {}", list.escape_ascii());
    // An entry more, negated, never lets anybody in.
    let fewer = [list, b",!10.0.0.0/8"].concat();
    assert!(allowed || !from_allows(&fewer, peer));
});

fn plainly(list: &[u8], peer: IpAddr) -> bool {
    let verdicts: Vec<_> = list.split(|&byte| byte == b',').map(|entry| verdict(entry, peer)).collect();
    !verdicts.contains(&Verdict::KeepsOut) && verdicts.contains(&Verdict::LetsIn)
}

#[derive(PartialEq)]
enum Verdict {
    LetsIn,
    KeepsOut,
    Nothing,
}

fn verdict(entry: &[u8], peer: IpAddr) -> Verdict {
    let negated = entry.starts_with(b"!");
    let entry = if negated { &entry[1..] } else { entry };
    match matches(entry, peer) {
        None => Verdict::KeepsOut,
        Some(true) if negated => Verdict::KeepsOut,
        Some(true) => Verdict::LetsIn,
        Some(false) => Verdict::Nothing,
    }
}

/// `None` is a mistake: nothing at all, an address with a mask that fits no network, or one spelt as only inet_aton(3)
/// reads it.
fn matches(entry: &[u8], peer: IpAddr) -> Option<bool> {
    if let Some(networks) = SourceAddress::parse(entry) {
        return Some(networks.contains(peer));
    }
    let text = std::str::from_utf8(entry).unwrap_or_default();
    let is_address = text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
    let is_number = |part: &[u8]| {
        let hexadecimal = part.strip_prefix(b"0x").or(part.strip_prefix(b"0X"));
        let is_decimal = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        is_decimal || hexadecimal.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let address = entry.split(|&byte| byte == b'/').next().unwrap_or_default();
    let is_like_an_address = address.split(|&byte| byte == b'.').all(is_number);
    if entry.is_empty() || is_address || is_like_an_address {
        return None;
    }
    Some(glob(&entry.to_ascii_lowercase(), peer.to_string().as_bytes()))
}

/// Which beginnings of the text the pattern so far can stand for.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for &wanted in pattern {
        reached = (0..=text.len())
            .map(|at| match wanted {
                b'*' => reached[..=at].contains(&true),
                _ => at > 0 && reached[at - 1] && (wanted == b'?' || wanted == text[at - 1]),
            })
            .collect();
    }
    reached[text.len()]
}
