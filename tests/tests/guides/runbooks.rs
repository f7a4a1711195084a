//! The runbooks of a CA on a YubiKey: made on one machine, used on a host, lost, replaced, and its journal brought back.

use super::page::{Step, steps};
use super::sshd_host;
use super::stage::{Stage, Worlds};

const MAKE: &str = "docs/runbooks/yubikey-ca.md";
const ROTATE: &str = "docs/runbooks/ca-rotation.md";
const LOST: &str = "docs/runbooks/lost-yubikey.md";
const THEFT: &str = "docs/runbooks/suspected-theft.md";
const UPGRADE: &str = "docs/runbooks/upgrading.md";
const RESTORE: &str = "docs/runbooks/restore-journal.md";

/// Two CAs, a host set up by docs/sshd.md, and alice with a certificate.
#[track_caller]
pub fn ready(worlds: &Worlds) -> Stage<'_> {
    let stage = worlds.stage();
    stage.follow(MAKE);
    sshd_host::set_up(&worlds.host);
    assert_root(worlds, &stage);
    stage
}

#[track_caller]
fn assert_root(worlds: &Worlds, stage: &Stage<'_>) {
    let answer = stage.shell(MAKE, "laptop", "ssh -A alice@HOST sudo id -u");
    assert_eq!(answer.stdout, "0\n", "{answer}{:#?}", worlds.host.log());
}

#[test]
fn a_ca_is_made_on_two_yubikeys_and_kept() {
    let worlds = Worlds::new();
    let stage = worlds.stage();
    let said = stage.follow(MAKE);
    for words in ["Y5001234", "Y5005678", "The PIN is set.", "alice@corp", "ED25519-CERT"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    sshd_host::set_up(&worlds.host);
    assert_root(&worlds, &stage);
}

#[test]
fn a_ca_is_replaced_and_nobody_notices() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let said = stage.follow(ROTATE);
    assert_eq!(said.matches("uid=0(root)").count(), 3, "{said}");
    assert!(said.contains("5001234 is reset."), "{said}");
}

#[test]
fn what_was_lost_opens_nothing_and_people_go_on() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let said = stage.follow(LOST);
    assert_eq!(said.matches("uid=0(root)").count(), 3, "{said}");
    // A certificate of the lost CA that somebody kept.
    let list = worlds.host.read("/etc/ssh/trusted_user_ca");
    assert!(!list.contains("Y5001234") && list.contains("Y5005678"), "{list}");
}

#[test]
fn a_stolen_ca_is_stopped_and_its_use_found() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    worlds.host.write("/var/log/auth.log", &worlds.host.log().join("\n"));
    let said = stage.follow(THEFT);
    assert_eq!(said.matches("uid=0(root)").count(), 1, "{said}");
    assert!(said.contains("revoked"), "{said}");
    assert!(said.contains("key_id=\"alice@corp\" serial=1 ca=SHA256:"), "the host's log: {said}");
    assert!(said.contains("\"serial\":1"), "the journal: {said}");
}

#[test]
fn a_journal_is_brought_back_without_giving_a_number_twice() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let mut said = String::new();
    for step in steps(RESTORE) {
        if matches!(&step, Step::Lose([_, file]) if file == "/var/lib/ussh") {
            let before = stage.shell(RESTORE, "ca", "ca-tool log list");
            assert!(before.ok().stdout.contains("serial 2"), "{before}");
        }
        said += &stage.take(RESTORE, &step);
    }
    assert!(said.contains("1000") && said.contains("1001"), "{said}");
    // The one in the gap is revoked by its number, those after it are not.
    let shown = stage.shell(RESTORE, "ca", "ca-tool --json krl show");
    assert!(shown.ok().stdout.contains("2") && shown.stdout.contains("999") && !shown.stdout.contains("1000"), "{shown}");
}

#[test]
fn a_journal_that_was_changed_or_cut_off_is_noticed() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let blocks = || steps(RESTORE).into_iter().filter_map(|step| if let Step::Run(block) = step { Some(block) } else { None });
    let of_the_page = |words: &str| blocks().find(|block| block.commands.contains(words)).expect("a block").commands;
    let run = |commands: &str| stage.shell(RESTORE, "ca", commands);
    run("mkdir older; cp /var/lib/ussh/journal.db older/").ok();
    run("ca-tool sign -I later -n alice -V +1h id_ed25519.pub").ok();
    let nightly = of_the_page("mkdir -p -m 700 backup");
    run(&nightly).ok();
    run("ca-tool sign -I later -n alice -V +1h id_ed25519.pub").ok();
    run(&nightly).ok();
    let head = of_the_page("ca-tool log verify $(");
    run(&head).ok();

    run("mv /var/lib/ussh/journal.db younger.db; install -m 600 older/journal.db /var/lib/ussh/").ok();
    run("ca-tool log verify").ok();
    let answer = run(&head);
    answer.refused();
    assert!(answer.stdout.contains("newer rows were taken out"), "{answer}");
    // The next nights do not take it for the journal.
    for _ in 0..2 {
        run("cp backup/journal.db backup/heads .").ok();
        run(&nightly).refused();
        run("cmp journal.db backup/journal.db; cmp heads backup/heads").ok();
    }

    run("install -m 600 younger.db /var/lib/ussh/journal.db; sed -i s/later/never/ /var/lib/ussh/journal.db").ok();
    run("ca-tool log verify").refused();
    let difference = run(&of_the_page("log export"));
    difference.refused();
    for words in ["\n< ", "\n> ", "later", "never"] {
        assert!(difference.stdout.contains(words), "{words}: {difference}");
    }
    // It is kept, the copy takes its place, and the list stays, which is newer than last night's.
    run("cp ca-1.pub /etc/ssh/revoked_keys").ok();
    run(&of_the_page("journal.evidence.db")).ok();
    run(&of_the_page("install -m 600 backup/journal.db")).ok();
    run("grep -q never journal.evidence.db; cmp /etc/ssh/revoked_keys ca-1.pub; ca-tool log verify").ok();
}

/// The packages themselves are upgraded under a running `sudo` and an open session by tests/packages.sh.
#[test]
fn before_and_after_an_upgrade_all_is_well_and_there_is_a_way_back() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let mut said = String::new();
    for step in steps(UPGRADE) {
        match &step {
            Step::Run(block) if block.place == "package" => {}
            Step::Run(block) if block.commands.contains("auth.log") => {
                worlds
                    .host
                    .write("/var/log/auth.log", "sudo: pam_ussh(sudo:account): refused user=\"alice\" reason=configuration\n");
                said += &stage.take(UPGRADE, &step);
            }
            _ => said += &stage.take(UPGRADE, &step),
        }
    }
    assert!(said.contains("uid=0(root)") && said.contains("reason=configuration"), "{said}");
    assert!(!worlds.host.read("/etc/pam.d/sudo").contains("pam_ussh"), "the way back");
}
