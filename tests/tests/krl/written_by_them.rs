//! ssh-keygen writes, we read; and from the same specifications we write the same bytes.

use ussh_cert::krl::spec::Issuer;
use ussh_cert::krl::{Header, Krl};

use super::pool::Pool;
use super::random::Random;
use super::{keygen, specs};

const LISTS: usize = 50;

#[test]
fn what_ssh_keygen_writes_we_read_as_it_does_and_write_byte_for_byte() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 40);
    let mut forms = [0; 4];
    for _ in 0..LISTS {
        if let Some(krl) = one(&mut random, &pool) {
            super::naive::count_forms(&krl, &mut forms);
            pool.agree_on(&mut random, &krl);
        }
    }
    assert!(forms.iter().all(|&count| count > LISTS / 10), "lists, ranges, bitmaps, key IDs: {forms:?}");
}

/// A list by ssh-keygen, made in a few steps, equal to ours; none if it is one that it cannot read itself.
fn one(random: &mut Random, pool: &Pool) -> Option<Vec<u8>> {
    let _ = std::fs::remove_file(pool.file("krl"));
    let mut ours = Krl::new();
    for step in 0..=random.below(3) {
        let spec = specs::random(random, pool);
        std::fs::write(pool.file("spec"), &spec).unwrap();
        let issuer = random.pick(&pool.cas).clone();
        let (blob, issuer) = if random.one_in(3) { (None, "NONE") } else { (Some(pool.blob(&issuer)), issuer.as_str()) };
        let version = step * 5 + 1;
        let version_text = version.to_string();
        let mut words = vec!["-q", "-k", "-f", "krl", "-s", issuer, "-z", &version_text, "-C", "a list"];
        words.extend((step > 0).then_some("-u"));
        words.push("spec");
        keygen::ok(pool.path(), &words);
        ours.apply(spec.as_bytes(), blob.as_deref().map_or(Issuer::Any, Issuer::Ca)).unwrap();
        ours.version = version;
        if !keygen::loads(pool.path(), &std::fs::read(pool.file("krl")).unwrap()) {
            // The one known case: a bitmap of more than 16384 bits.
            let ours = ours.write().unwrap();
            pool.agree_on(random, &ours);
            return None;
        }
    }
    let theirs = std::fs::read(pool.file("krl")).unwrap();
    ours.set_comment(b"a list").unwrap();
    ours.generated_date = Header::read(&theirs).unwrap().generated_date;
    assert!(ours.write().unwrap() == theirs, "other bytes than ssh-keygen's for {}", ours.listing(""));
    assert!(Krl::read(&theirs).unwrap().write().unwrap() == theirs, "read and written again");
    Some(theirs)
}

#[test]
fn ssh_keygen_writes_bitmaps_that_it_cannot_read_and_we_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let spec: String = (1..40_000).step_by(2).map(|serial| format!("serial: {serial}\n")).collect();
    std::fs::write(dir.path().join("spec"), &spec).unwrap();
    keygen::ok(dir.path(), &["-q", "-k", "-f", "krl", "-s", "none", "spec"]);
    let theirs = std::fs::read(dir.path().join("krl")).unwrap();
    assert!(!keygen::loads(dir.path(), &theirs), "ssh-keygen has been mended: so can be the writer's exception");
    assert_eq!(Krl::read(&theirs).err(), Some(ussh_cert::krl::KrlError::Bitmap));

    let mut krl = Krl::new();
    krl.apply(spec.as_bytes(), Issuer::Any).unwrap();
    let ours = krl.write().unwrap();
    assert!(keygen::loads(dir.path(), &ours));
    assert_eq!(Krl::read(&ours).unwrap().authorities()[0].serials().len(), 20_000);
    assert!(ours.len() < theirs.len() + 100);
}
