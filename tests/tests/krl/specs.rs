//! Random specifications for `ssh-keygen -k`.

use super::pool::{KEY_IDS, Pool, SERIALS};
use super::random::Random;

/// Some lines, as ssh-keygen reads them without an error.
pub fn random(random: &mut Random, pool: &Pool) -> String {
    let mut spec = String::new();
    for _ in 0..random.below(6) {
        cluster(random, &mut spec);
    }
    for _ in 0..random.below(8) {
        let line = line(random, pool);
        spec += [" ", "\t", "", ""][random.below(4) as usize];
        spec += &line;
        spec += ["", " # why", "#", " \t"][random.below(4) as usize];
        spec += "\n";
    }
    if random.one_in(4) {
        spec += "\n# the end";
    }
    spec
}

/// Serial numbers near each other, so that every form of section, and every change between them, is met.
fn cluster(random: &mut Random, spec: &mut String) {
    let mut serial = (*random.pick(&SERIALS)).max(1);
    let gap = *random.pick(&[2, 5, 30, 80, 300, 1 << 20, 1 << 33]);
    let run = *random.pick(&[1, 1, 2, 12, 40, 300]);
    for _ in 0..random.below(60) {
        let last = serial.saturating_add(random.below(run));
        *spec += &range(random, serial, last);
        let Some(next) = last.checked_add(1 + random.below(gap)) else { break };
        // Backwards now and then.
        serial = if random.one_in(20) { next.saturating_sub(3 * gap).max(1) } else { next };
    }
}

fn range(random: &mut Random, min: u64, max: u64) -> String {
    let number = |random: &mut Random, n: u64| match random.below(4) {
        0 => format!("{n:#x}"),
        1 => format!("0{n:o}"),
        _ => n.to_string(),
    };
    let keyword = random.pick(&["serial:", "serial: ", "SERIAL:\t", "Serial:  "]);
    let min_text = number(random, min);
    if min == max { format!("{keyword}{min_text}\n") } else { format!("{keyword}{min_text}-{}\n", number(random, max)) }
}

fn line(random: &mut Random, pool: &Pool) -> String {
    let file = random.pick(&pool.files).clone();
    let key = pool.line(&file);
    match random.below(9) {
        0 | 1 => format!("id: {}", random.pick(&KEY_IDS)),
        2 => format!("key: {key} comment"),
        3 => format!("sha1:{key}"),
        4 => format!("SHA256: {key}"),
        5 => format!("hash: {}", fingerprint(pool, &file)),
        6 => format!("{key} a comment"),
        7 => pool.line(random.pick(&pool.certificates)) + " c",
        _ => "# nothing".to_owned(),
    }
}

fn fingerprint(pool: &Pool, file: &str) -> String {
    let line = super::keygen::ok(pool.path(), &["-l", "-f", file]);
    line.split(' ').nth(1).unwrap().to_owned()
}
