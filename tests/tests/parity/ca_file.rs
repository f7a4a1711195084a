//! TrustedUserCAKeys, line by line.

use tests::world::{CA_FILE, World};

use super::case::{Accepts, Refuses};
use super::rig::Rig;

/// sshd says why at debug level only.
const REFUSED: &str = "Failed publickey";

#[test]
fn both_read_the_ca_file_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let line_of = |kind: &str| world.read(&world.ca(kind).key().public()).trim_end().to_owned();
    let ours = rig.ca.public_key().to_openssh().unwrap();
    let key: String = ours.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ");
    let (other, small) = (line_of("ecdsa-384"), line_of("rsa-1024"));
    let file = |name, content: &str| rig.case(name, rig.draft()).ca_file(content);

    file("the key alone", &key).accepted();
    file("the key and a comment", &format!("{key} our CA # of 2026\n")).accepted();
    file("comments and blank lines around it", &format!("# CAs\n\n  \n{ours}\n#end\n")).accepted();
    file("blanks in front of it", &format!(" \t {ours}\n")).accepted();
    file("a comment with blanks in front of it", &format!("  # our CA\n{ours}\n")).accepted();
    file("lines that end in CR LF", &format!("# CA\r\n{key}\r\n")).accepted();
    file("behind another CA", &format!("{other}\n{ours}\n")).accepted();
    file("before a line that nobody can read", &format!("{ours}\nnonsense\n")).accepted();
    file("behind an RSA key of 1,024 bits", &format!("{small}\n{ours}\n")).accepted();
    file("twice", &format!("{ours}\n{ours}\n")).accepted();

    file("another CA's key only", &other).refused(REFUSED, "a CA that this host does not trust");
    for (name, content) in [
        ("nothing", String::new()),
        ("comments only", format!("#{ours}\n")),
        ("options in front of the key", format!("cert-authority {key}\n")),
        ("a known_hosts line", format!("@cert-authority * {key}\n")),
        ("another type's name in front of the key", key.replace("ssh-ed25519", "ssh-rsa")),
        ("the type in capitals", key.replace("ssh-ed25519", "SSH-ED25519")),
        ("the type alone", "ssh-ed25519\n".to_owned()),
        ("the key without its type", key.replace("ssh-ed25519 ", "")),
        ("the key cut short", key[..key.len() - 8].to_owned()),
    ] {
        file(name, &content).refused(REFUSED, CA_FILE);
    }

    for bad in ["nonsense", "ssh-ed25519 !!!", "ssh-new AAAA", &format!("cert-authority {other}")] {
        file(bad, &format!("{bad}\n{ours}\n")).differs(
            Refuses(REFUSED),
            Accepts,
            "sshd stops reading at a line that it cannot read and loses the CAs behind it; the module logs and skips it",
        );
    }
    rig.finish();
}

#[test]
fn a_ca_file_that_others_may_write_is_refused_where_sshd_does_not_look() {
    let world = World::new();
    let rig = Rig::new(&world);
    for spoil in [
        |world: &World| world.own(CA_FILE, "root", 0o646),
        |world: &World| world.own(CA_FILE, "root", 0o664),
        |world: &World| world.own(CA_FILE, "alice", 0o644),
    ] {
        rig.case("a CA file that others may write", rig.draft()).spoil(spoil).differs(
            Accepts,
            Refuses(CA_FILE),
            "who can write this file can become root",
        );
    }
    rig.case("no CA file", rig.draft())
        .spoil(|world| std::fs::remove_file(world.path(CA_FILE)).unwrap())
        .refused(REFUSED, CA_FILE);
    rig.finish();
}
