//! The `source-address` critical option: a comma list of addresses and CIDR networks (addrmatch.c: addr_match_cidr_list).

use std::net::IpAddr;

/// Networks from which a certificate may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAddress(Vec<Network>);

/// What a single entry of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Network(Network),
    /// An address whose prefix is too long, no number, or leaves host bits set.
    Inconsistent,
    /// No address.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl SourceAddress {
    /// Parses the list; `None` when sshd would call it invalid: an empty or unparsable entry, a prefix that is too
    /// long, or host bits that are set.
    pub fn parse(list: &[u8]) -> Option<Self> {
        let networks = list.split(|&byte| byte == b',').map(|entry| match Self::entry(entry) {
            Entry::Network(network) => Some(network),
            Entry::Inconsistent | Entry::Other => None,
        });
        networks.collect::<Option<_>>().map(Self)
    }

    /// Reads one entry (addr.c: addr_pton_cidr).
    pub(crate) fn entry(entry: &[u8]) -> Entry {
        let Ok(entry) = std::str::from_utf8(entry) else { return Entry::Other };
        let (address, prefix) = match entry.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (entry, None),
        };
        let Ok(address) = address.parse() else { return Entry::Other };
        Network::new(address, prefix).map_or(Entry::Inconsistent, Entry::Network)
    }

    /// Whether `address` lies in one of the networks.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn new(address: IpAddr, prefix: Option<&str>) -> Option<Self> {
        let prefix = match prefix {
            Some(prefix) => decimal(prefix)?,
            None => width(address),
        };
        let network = Self { address, prefix };
        (prefix <= width(address) && masked(address, prefix) == bits(address)).then_some(network)
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        width(address) == width(self.address) && masked(address, self.prefix) == bits(self.address)
    }
}

fn decimal(text: &str) -> Option<u8> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn masked(address: IpAddr, prefix: u8) -> u128 {
    let host_bits = u32::from(width(address).saturating_sub(prefix));
    let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
    bits(address) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let list = SourceAddress::parse(b"10.0.0.0/8,192.0.2.7,2001:db8::/32").unwrap();
        for inside in ["10.255.0.1", "192.0.2.7", "2001:db8:1::1"] {
            assert!(list.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::ffff:10.0.0.1"] {
            assert!(!list.contains(outside.parse().unwrap()), "{outside}");
        }
        assert!(SourceAddress::parse(b"0.0.0.0/0").unwrap().contains("1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn lists_that_sshd_calls_invalid_are_invalid() {
        for list in [
            "",
            "10.0.0.1,",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "host.example",
            "::/129",
            " 10.0.0.1",
            "!10.0.0.1",
        ] {
            assert_eq!(SourceAddress::parse(list.as_bytes()), None, "{list}");
        }
        assert_eq!(SourceAddress::parse(b"\xff"), None);
    }
}
