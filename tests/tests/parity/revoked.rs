//! RevokedKeys: KRLs and flat lists, made by hand, by ssh-keygen and by chance.

use tests::world::World;

use super::case::{Accepts, Refuses};
use super::draft::Draft;
use super::rig::Rig;

/// sshd's words, with the file's name behind them, for what is on the list and for a list that it cannot read.
const REVOKED: &str = "revoked by file";
const UNREADABLE: &str = "in revoked keys file";

const KRL: &str = "/etc/ssh/revoked.krl";
const FLAT: &str = "/etc/ssh/revoked.flat";

/// Random lists; each is asked of a real sshd and a real sudo.
const RANDOM: u64 = 40;

/// A KRL by ssh-keygen for the trusted CA, or for any.
fn krl(rig: &Rig<'_>, ca: Option<&str>, specification: &str) {
    rig.world.write("/root/spec", specification);
    let issuer = ca.unwrap_or("none");
    rig.world.run(&["ssh-keygen", "-q", "-k", "-z", "1", "-f", "/root/made", "-s", issuer, "/root/spec"]).ok();
    rig.world.run(&["mv", "/root/made", KRL]).ok();
}

fn draft(rig: &Rig<'_>, serial: u64, key_id: &str) -> Draft {
    rig.draft().change(|draft| (draft.serial, draft.key_id) = (serial, key_id.as_bytes().to_vec()))
}

/// The trusted CA's public key in a file.
fn ca_file(rig: &Rig<'_>) -> &'static str {
    rig.world.write("/root/ours.pub", &format!("{}\n", rig.ca.public_key().to_openssh().unwrap()));
    "/root/ours.pub"
}

#[test]
fn both_read_krls_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let ours = ca_file(&rig);
    let other = world.ca("ecdsa-256").key().public();
    let case = |name: &str| {
        let draft = draft(&rig, 7, "alice@corp");
        rig.case(name, draft).rule(&format!("RevokedKeys {KRL}"), &format!("revoked_keys={KRL}"))
    };
    let key = world.read(&rig.key.public());
    let ca = world.read(ours);
    for (name, issuer, specification) in [
        ("nothing", Some(ours), String::new()),
        ("other serial numbers", Some(ours), "serial: 1-6\nserial: 8-1000\n".into()),
        ("another key ID", Some(ours), "id: alice@corp.example\nid: alice\n".into()),
        ("another CA's serial number and key ID", Some(&*other), "serial: 7\nid: alice@corp\n".into()),
    ] {
        krl(&rig, issuer, &specification);
        case(name).accepted();
    }
    for (name, issuer, specification) in [
        ("its serial number", Some(ours), "serial: 7\n".into()),
        ("a range around it", Some(ours), "serial: 5-9\n".into()),
        ("a bitmap with it", Some(ours), (0..40).map(|n| format!("serial: {}\n", n * 3 + 1)).collect()),
        ("its key ID", Some(ours), "id: alice@corp\n".into()),
        ("its serial number under any CA", None, "serial: 7\n".into()),
        ("its key ID under any CA", None, "id: alice@corp\n".into()),
        ("its key", Some(ours), format!("key: {key}")),
        ("its key's SHA-1 hash", Some(ours), format!("sha1: {key}")),
        ("its key's SHA-256 hash", Some(ours), format!("sha256: {key}")),
        ("its CA", Some(ours), format!("key: {ca}")),
        ("its CA's SHA-256 hash", Some(ours), format!("sha256: {ca}")),
    ] {
        krl(&rig, issuer, &specification);
        case(name).refused(REVOKED, "reason=revoked");
    }
    krl(&rig, Some(ours), "serial: 7\n");
    let expired = draft(&rig, 7, "alice@corp").valid(0, 1);
    rig.case("revoked and expired", expired)
        .rule(&format!("RevokedKeys {KRL}"), &format!("revoked_keys={KRL}"))
        .refused(REVOKED, "reason=revoked");
    rig.finish();
}

#[test]
fn both_refuse_everybody_for_a_list_that_cannot_be_relied_on() {
    let world = World::new();
    let rig = Rig::new(&world);
    krl(&rig, Some(ca_file(&rig)), "serial: 1-6\n");
    let good = std::fs::read(world.path(KRL)).unwrap();
    let case = |name: &str| {
        rig.case(name, draft(&rig, 7, "alice@corp")).rule(&format!("RevokedKeys {KRL}"), &format!("revoked_keys={KRL}"))
    };
    case("a good list").accepted();
    let unknown_section = [good.as_slice(), b"\x63\0\0\0\0"].concat();
    for (name, bytes) in [
        ("a list cut short", &good[..good.len() - 1]),
        ("a list of an unknown section", &unknown_section),
        ("another format", b"SSHKRL\n\0\0\0\0\x02"),
        ("a magic alone", b"SSHKRL\n\0"),
    ] {
        world.write_as(KRL, bytes, "root", 0o644);
        case(name).refused(UNREADABLE, "reason=configuration");
    }
    world.run(&["rm", KRL]).ok();
    case("no list").refused(UNREADABLE, "reason=configuration");
    world.mkdir(KRL, "root", 0o755);
    case("a folder").refused(UNREADABLE, "reason=configuration");
    world.run(&["rmdir", KRL]).ok();
    for (owner, mode) in [("root", 0o646), ("root", 0o664), ("alice", 0o644)] {
        world.write_as(KRL, &good, owner, mode);
        case("a list that others may write").differs(
            Accepts,
            Refuses("reason=configuration"),
            "who writes it takes revocations back",
        );
    }
    world.run(&["rm", KRL]).ok();
    world.write_as(KRL, b"", "root", 0o644);
    case("an empty file in a KRL's place").differs(
        Accepts,
        Refuses("is no KRL, though version 1"),
        "a list once seen cannot go",
    );
    rig.finish();
}

#[test]
fn both_read_flat_lists_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let ours = world.read(ca_file(&rig));
    let key = world.read(&rig.key.public());
    let other = world.read(&world.key("ecdsa-384").public());
    let small = world.read(&world.key("rsa-1024").public());
    let case = |name: &str, content: &str| {
        world.write(FLAT, content);
        rig.case(name, rig.draft()).rule(&format!("RevokedKeys {FLAT}"), &format!("revoked_keys={FLAT}"))
    };
    case("nothing", "").accepted();
    case("another key", &other).accepted();
    case("comments and blank lines", &format!("# {key}\n\n \t\n{other}")).accepted();
    case("a small key", &format!("{small}{other}")).accepted();
    case("its key", &key).refused(REVOKED, "reason=revoked");
    case("its key behind another", &format!("{other}# then\n {key}")).refused(REVOKED, "reason=revoked");
    case("its CA", &format!("{small}{ours}")).refused(REVOKED, "reason=revoked");
    case("its key before nonsense", &format!("{key}nonsense\n")).refused(REVOKED, "reason=revoked");
    case("nonsense", "nonsense\n").refused(UNREADABLE, "reason=configuration");
    case("nonsense before its key", &format!("nonsense\n{key}")).refused(UNREADABLE, "reason=configuration");
    case("a key cut short", &other[..other.len() / 2]).refused(UNREADABLE, "reason=configuration");
    rig.finish();
}

#[test]
fn both_say_the_same_of_random_lists() {
    let world = World::new();
    let rig = Rig::new(&world);
    let ours = ca_file(&rig);
    let key = world.read(&rig.key.public());
    let mut random = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    let seed = random;
    // xorshift
    let mut below = |end: u64| {
        for shift in [13, -7, 17] {
            random ^= if shift > 0 { random << shift } else { random >> -shift };
        }
        random % end
    };
    let mut revoked = 0;
    for number in 0..RANDOM {
        let mut lines = String::new();
        let mut serials = Vec::new();
        for _ in 0..below(8) {
            let min = 1 + below(60);
            let max = min + 1 + below(4);
            serials.push(min..=max);
            lines.push_str(&format!("serial: {min}-{max}\n"));
        }
        let ids = below(4);
        (0..ids).for_each(|id| lines.push_str(&format!("id: person-{id}\n")));
        let by_key = below(12) == 0;
        if by_key {
            lines.push_str(&format!("sha256: {key}"));
        }
        let (serial, id) = (below(60), below(8));
        let of_any = below(3) == 0;
        krl(&rig, (!of_any).then_some(ours), &lines);
        let hit = by_key || id < ids || (serial != 0 && serials.iter().any(|range| range.contains(&serial)));
        let draft = draft(&rig, serial, &format!("person-{id}"));
        let case = rig.case(&format!("number {number} of seed {seed}: {serial} {id} in {lines}"), draft);
        let case = case.rule(&format!("RevokedKeys {KRL}"), &format!("revoked_keys={KRL}"));
        if hit {
            case.refused(REVOKED, "reason=revoked")
        } else {
            case.accepted()
        }
        revoked += u64::from(hit);
    }
    assert!((RANDOM / 10..RANDOM).contains(&revoked), "{revoked} of {RANDOM} are revoked");
    rig.finish();
}
