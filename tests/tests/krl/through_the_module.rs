//! The module itself, in libpam, and ssh-keygen say the same of the same certificates and lists.

use tests::pam::{Host, Room};

use super::pool::Pool;
use super::random::Random;
use super::{keygen, raw, specs};

const LISTS: u64 = 60;
const ASKED: usize = 5;

/// RSA keys of 1,024 bits are in the pool, and small keys are another matter.
const OPTIONS: &str = "revoked_keys=/etc/ssh/revoked_keys required_rsa_size=1024";

#[test]
fn the_module_refuses_what_ssh_keygen_calls_revoked_and_nothing_else() {
    let mut random = Random::new();
    let pool = Pool::new(&mut random, 30);
    let room = Room::new();
    let cas: String = pool.cas.iter().map(|ca| pool.line(ca) + "\n").collect();
    room.write("ssh/trusted_user_ca", cas);
    let mut revoked = 0;
    for _ in 0..LISTS {
        let krl = if random.one_in(2) { raw::random(&mut random, &pool) } else { written(&mut random, &pool) };
        let list = room.write("ssh/new", &krl);
        std::fs::rename(list, room.etc("ssh/revoked_keys")).unwrap();
        let files: Vec<String> = (0..ASKED).map(|_| random.pick(&pool.certificates).clone()).collect();
        let (listing, theirs) = keygen::query(pool.path(), &krl, &files);
        for (file, theirs) in files.iter().zip(theirs) {
            let reason = ask(&room, &pool.line(file));
            assert_eq!(reason, theirs.then_some("revoked".to_owned()), "{file}: {listing}");
            revoked += usize::from(theirs);
        }
        // Versions are another matter.
        let _ = std::fs::remove_dir_all(room.var_lib("pam_ussh"));
    }
    let asked = LISTS as usize * ASKED;
    assert!((asked / 20..asked).contains(&revoked), "{revoked} of {asked} are revoked");
}

/// A list by ssh-keygen that it can read itself.
fn written(random: &mut Random, pool: &Pool) -> Vec<u8> {
    loop {
        std::fs::write(pool.file("spec"), specs::random(random, pool)).unwrap();
        let issuer = if random.one_in(3) { "none" } else { random.pick(&pool.cas) };
        keygen::ok(pool.path(), &["-q", "-k", "-f", "krl", "-s", issuer, "-z", "7", "spec"]);
        let krl = std::fs::read(pool.file("krl")).unwrap();
        if keygen::loads(pool.path(), &krl) {
            return krl;
        }
    }
}

/// Why the module refuses somebody whom sshd let in with this certificate; none if it does not.
fn ask(room: &Room, line: &str) -> Option<String> {
    let info = format!("putenv=SSH_AUTH_INFO_0=publickey {line}");
    let answer = Host::sudo(room, OPTIONS).service("sshd").with("as=root").with(&info).account();
    let reason = answer.log.iter().find_map(|line| line.split_once(" reason="));
    let reason = reason.map(|(_, rest)| rest.split(' ').next().unwrap_or_default().to_owned());
    assert_eq!(answer.code() == "SUCCESS", reason.is_none(), "{:?}", answer.log);
    reason
}
