//! `from=` and `source-address`: two sshd on one host, one that reads the list itself and one whose module does.

use tests::world::{CA_FILE, World};

use crate::rig::{KEY, Person, good, stacks};

const FILE: &str = "/etc/ssh/principals";
const ADDRESSES: [&str; 3] = ["127.0.0.1", "127.0.0.2", "::1"];

/// Lists that both judge alike at each address.
const ALIKE: &[&str] = &[
    "127.0.0.1",
    "127.0.0.2",
    "::1",
    "127.0.0.1,::1",
    "127.0.0.0/8",
    "127.0.0.0/31",
    "127.0.0.2/31",
    "0.0.0.0/0",
    "::/0",
    "::1/128",
    "::/127",
    "0:0:0:0:0:0:0:1",
    "0000::0001",
    "::0.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:127.0.0.0/104",
    "127.0.0.1/8",
    "127.0.0.1,127.0.0.0/33",
    "*,127.0.0.0/33",
    "127.0.0.0/08",
    "*",
    "?*",
    "127.*",
    "127.0.0.?",
    "127.0.0.??",
    "*.2",
    "*1",
    "::?",
    "::*",
    "127.0.0.1*",
    "!127.0.0.1",
    "!127.0.0.1,*",
    "*,!127.0.0.1",
    "*,!127.0.0.0/31",
    "!*,*",
    "!::1,127.0.0.0/8",
    "!::/0,*",
    "127.0.0.1,!*.2",
    "localhost",
    "*.localdomain,localhost",
    "!localhost,*",
    "LOCALHOST,127.0.0.1",
    "127.0.0.1,",
    ",127.0.0.1",
    "127.0.0.2,,127.0.0.1",
    "!",
    "*,!",
    "127.0.0.1 ,::1",
    " 127.0.0.1",
    "[::1]",
    "127.0.0.1:22",
    "127.0.0.1%lo",
    "unknown",
    "0.0.0.0",
    "::",
];

/// Addresses with a mask that is no number: names of hosts to sshd, and so of nobody; mistakes to the module, which lets
/// nobody in by such a list.
const STRICTER: &[&str] = &["127.0.0.0/x,*", "127.0.0.0/,*", "127.0.0.0/-1,*", "!127.0.0.0/x,*"];

/// Masks that sshd reads otherwise from 9.8 on: its verdicts before and since. The module lets nobody in by them.
const READ_ANEW: &[(&str, [bool; 3], [bool; 3])] =
    &[("127.0.0.0/129,*", [true; 3], [false; 3]), ("127.0.0.0/+8", [false; 3], [true, true, false])];

#[test]
fn sshd_and_the_module_judge_lists_of_addresses_alike() {
    let world = World::new();
    let person = Person::new(&world, &format!("{KEY}\nListenAddress 0.0.0.0\nListenAddress ::1"));
    world.pam("sshd", &stacks(&["session"], &format!("authorized_principals_file={FILE}")));
    let config = world.read("/etc/ssh/sshd_config").replace("UsePAM yes", "UsePAM no");
    let second = format!("AuthorizedPrincipalsFile {FILE}\nPort 2222\nPidFile none\n{config}");
    world.write("/etc/ssh/sshd_config-2222", &second);
    world.run(&["/usr/sbin/sshd", "-f", "/etc/ssh/sshd_config-2222"]).ok();
    assert_eq!(world.read(CA_FILE), world.read(&person.ca.key().public()));

    let verdicts = |port: &str| ADDRESSES.map(|address| is_in(&person, port, address));
    let mut wrong = Vec::new();
    let mut seen = [0, 0];
    for list in ALIKE {
        world.write(FILE, &format!("from=\"{list}\" alice\n"));
        let (sshd, module) = (verdicts("-p2222"), verdicts("-p22"));
        sshd.iter().for_each(|&is_in| seen[usize::from(is_in)] += 1);
        if sshd != module {
            wrong.push(format!("from={list}: at {ADDRESSES:?} sshd says {sshd:?}, the module {module:?}"));
        }
    }
    for list in STRICTER {
        world.write(FILE, &format!("from=\"{list}\" alice\n"));
        assert_eq!((verdicts("-p2222"), verdicts("-p22")), ([true; 3], [false; 3]), "{list}");
    }
    // The rig's sshd_config has this word where sshd knows it, which is from 9.8 on.
    let is_since = config.contains("PerSourcePenalties");
    for &(list, before, since) in READ_ANEW {
        world.write(FILE, &format!("from=\"{list}\" alice\n"));
        let sshd = if is_since { since } else { before };
        assert_eq!((verdicts("-p2222"), verdicts("-p22")), (sshd, [false; 3]), "{list}");
    }
    assert!(seen.iter().all(|&count| count > 30), "too few of one kind: {seen:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn is_in(person: &Person<'_>, port: &str, address: &str) -> bool {
    let to = if address.contains(':') { "alice@::1" } else { "alice@127.0.0.1" };
    let answer = person.ssh(&[port, "-b", address, to, "echo in"]);
    let said = answer.stdout == "in\n";
    assert!(said == (answer.code == 0) && matches!(answer.code, 0 | 254 | 255), "{answer}");
    said
}

/// sshd judges the certificate's own list before the module does; they never disagree.
#[test]
fn a_certificates_own_addresses_are_those_of_sshd() {
    let world = World::new();
    let person = Person::new(&world, &format!("{KEY}\nListenAddress 0.0.0.0\nListenAddress ::1"));
    world.pam("sshd", &stacks(&["session"], "source_address=refuse"));
    for (list, expected) in [
        ("127.0.0.1", [true, false, false]),
        ("127.0.0.2/31", [false, true, false]),
        ("::1/128", [false, false, true]),
        ("127.0.0.0/8,::/64", [true, true, true]),
        ("10.0.0.0/8", [false, false, false]),
    ] {
        person.renew(&good().option(&format!("source-address={list}")));
        assert_eq!(ADDRESSES.map(|address| is_in(&person, "-p22", address)), expected, "{list}");
        let accepted = world.module_log().iter().filter(|line| line.contains("accepted ")).count();
        assert_eq!(accepted, expected.iter().filter(|&&is_in| is_in).count(), "{list}");
    }
}
