//! We write, ssh-keygen reads. And what nobody writes, both read alike, and make the same of it.

use ussh_cert::krl::{Krl, Subject};

use super::pool::{KEY_IDS, Pool, SERIALS};
use super::random::Random;
use super::{keygen, raw};

const LISTS: usize = 50;

#[test]
fn what_we_write_ssh_keygen_reads_as_we_do() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 40);
    for _ in 0..LISTS {
        let mut krl = Krl::new();
        krl.version = random.next();
        krl.generated_date = random.below(1 << 31);
        krl.set_comment(b"no \x1b comment").unwrap();
        for _ in 0..random.below(60) {
            revoke_something(&mut random, &pool, &mut krl);
        }
        pool.agree_on(&mut random, &krl.write().unwrap());
    }
}

/// Key IDs as no specification can have them, and serial numbers up to the last.
fn revoke_something(random: &mut Random, pool: &Pool, krl: &mut Krl) {
    let ca = pool.blob(random.pick(&pool.cas));
    let ca = (!random.one_in(4)).then_some(raw::unusual(&ca));
    let serial = (*random.pick(&SERIALS)).max(1);
    let key = pool.blob(&pool.files[random.below(8) as usize]);
    assert!(Subject::key(&key).is_ok());
    match random.below(12) {
        0..6 => krl.revoke_serials(ca.as_deref(), serial, serial.saturating_add(random.below(4))).unwrap(),
        6..9 => krl.revoke_key_id(ca.as_deref(), random.pick(&KEY_IDS).as_bytes()).unwrap(),
        9 if random.one_in(3) => krl.revoke_key(&key).unwrap(),
        10 if random.one_in(3) => krl.revoke_key_by_sha1(&key).unwrap(),
        11 if random.one_in(3) => krl.revoke_key_by_sha256(&key).unwrap(),
        _ => {}
    }
}

#[test]
fn lists_that_nobody_writes_are_read_and_rewritten_as_ssh_keygen_does() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 40);
    std::fs::write(pool.file("nothing"), "").unwrap();
    for _ in 0..LISTS {
        let krl = raw::random(&mut random, &pool);
        pool.agree_on(&mut random, &krl);
        std::fs::write(pool.file("krl"), &krl).unwrap();
        keygen::ok(pool.path(), &["-q", "-k", "-u", "-f", "krl", "nothing"]);
        let theirs = std::fs::read(pool.file("krl")).unwrap();
        assert!(Krl::read(&krl).unwrap().write().unwrap() == theirs, "{}", Krl::read(&krl).unwrap().listing(""));
    }
}
