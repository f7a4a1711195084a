//! Lists that no program writes but every program must read: sections in any order, again, overlapping, unsorted.

use super::pool::{KEY_IDS, Pool, SERIALS};
use super::random::Random;

pub fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

pub fn section(number: u8, content: &[u8]) -> Vec<u8> {
    [vec![number], string(content)].concat()
}

/// A header of version 7, and these sections.
pub fn krl(sections: &[Vec<u8>]) -> Vec<u8> {
    let numbers = [7u64, 1_700_000_000, 0].map(u64::to_be_bytes).concat();
    [b"SSHKRL\n\0\0\0\0\x01".to_vec(), numbers, string(b""), string(b"raw \xc3\xa9\n"), sections.concat()].concat()
}

/// A certificates section.
pub fn certificates(ca: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    section(1, &[string(ca), string(b"reserved"), parts.concat()].concat())
}

pub fn random(random: &mut Random, pool: &Pool) -> Vec<u8> {
    let sections: Vec<_> = (0..random.below(6)).map(|_| one_section(random, pool)).collect();
    krl(&sections)
}

fn one_section(random: &mut Random, pool: &Pool) -> Vec<u8> {
    // RSA certificates' own blobs are in the pool, too, and an explicit "key" may be anything.
    let blobs = |random: &mut Random| (0..random.below(3)).map(|_| pool.blob(plain(random, pool))).collect::<Vec<_>>();
    match random.below(8) {
        0 => section(2, &blobs(random).iter().flat_map(|blob| string(blob)).collect::<Vec<_>>()),
        1 => section(5, &blobs(random).iter().flat_map(|blob| string(&sha256(blob))).collect::<Vec<_>>()),
        2 => section(3, &(0..random.below(3)).flat_map(|_| string(&[random.next() as u8; 20])).collect::<Vec<_>>()),
        _ => {
            let ca = match random.below(4) {
                0 => vec![],
                _ => pool.blob(random.pick(&pool.cas)),
            };
            let ca = if random.one_in(2) { unusual(&ca) } else { ca };
            let parts: Vec<_> = (0..random.below(5)).map(|_| part(random)).collect();
            certificates(&ca, &parts)
        }
    }
}

fn plain(random: &mut Random, pool: &Pool) -> String {
    loop {
        let file = random.pick(&pool.files).clone();
        if !pool.certificates.contains(&file) {
            return file;
        }
    }
}

/// The same RSA key with zeros in front of its exponent; other keys as they are.
pub fn unusual(blob: &[u8]) -> Vec<u8> {
    match blob.strip_prefix(b"\0\0\0\x07ssh-rsa\0\0\0\x03") {
        Some(rest) => [b"\0\0\0\x07ssh-rsa\0\0\0\x05\0\0".as_slice(), rest].concat(),
        None => blob.to_vec(),
    }
}

fn part(random: &mut Random) -> Vec<u8> {
    let serial = |random: &mut Random| (*random.pick(&SERIALS)).max(1);
    match random.below(4) {
        0 => section(0x20, &(0..random.below(6)).flat_map(|_| serial(random).to_be_bytes()).collect::<Vec<_>>()),
        1 => {
            let min = serial(random);
            let size = random.below(40);
            let max = min.saturating_add(random.below(1 << size));
            section(0x21, &[min, max].map(u64::to_be_bytes).concat())
        }
        2 => bitmap(random),
        _ => {
            let mut id = |nul: &[u8]| string(&[random.pick(&KEY_IDS).as_bytes(), nul].concat());
            section(0x23, &[id(b""), id(b"\0")].concat())
        }
    }
}

/// Up to some bits beyond a serial number of the pool, with zeros in front.
fn bitmap(random: &mut Random) -> Vec<u8> {
    let offset = random.pick(&SERIALS).saturating_sub(random.below(200));
    let mut bits: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
    if let Some(lowest) = bits.last_mut().filter(|_| offset == 0) {
        *lowest &= !1;
    }
    let room = u64::MAX - offset;
    if room < 400 {
        bits = vec![1; (room / 8).min(3) as usize];
    }
    section(0x22, &[offset.to_be_bytes().to_vec(), string(&[vec![0; 1 + random.below(3) as usize], bits].concat())].concat())
}

fn sha256(blob: &[u8]) -> Vec<u8> {
    ssh_key::HashAlg::Sha256.digest(blob)
}
