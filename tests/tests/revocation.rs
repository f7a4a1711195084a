//! Revocation under the real sudo and sshd: on a host where lists change.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tests::setting::{assert_logged, assert_refused, assert_root, sudo};
use tests::world::{Agent, Ca, Key, Request, World};

const KRL: &str = "/etc/ssh/revoked_keys";
const OPTION: &str = "revoked_keys=/etc/ssh/revoked_keys";

/// sudo runs the account stack on every command, and asks nothing else.
fn world() -> World {
    let world = World::new();
    world.pam("sudo", &format!("account required pam_ussh.so {OPTION}\nsession required pam_permit.so\n"));
    world.sudoers("Defaults !authenticate");
    world
}

/// Somebody on the host whose agent holds a certificate; its key ID is their name.
struct Person<'w> {
    name: &'static str,
    key: Key<'w>,
    agent: Agent<'w>,
}

impl<'w> Person<'w> {
    fn new(world: &'w World, ca: &Ca<'w>, name: &'static str, serial: u64) -> Person<'w> {
        let person = Person { name, key: world.key("ed25519"), agent: world.agent_of(name, &format!("/home/{name}/agent")) };
        ca.sign(&person.key, &Request::new(name).principals(name).serial(serial));
        person.agent.add(&person.key);
        person
    }

    /// Runs sudo again and again in the background; each answer is a line.
    fn sudo_times(&self, world: &World, times: u32) -> Child {
        let script = format!("for i in {{1..{times}}}; do sudo id -u 2>&1 | tr '\\n' ' '; echo; done");
        let mut command = world.command_as(self.name, "bash");
        command.args(["-c", &script]).env("SSH_AUTH_SOCK", self.agent.socket());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("bash starts")
    }
}

fn answers(child: Child) -> Vec<String> {
    let output = child.wait_with_output().expect("our own child");
    assert!(output.status.success(), "it was too slow: {output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A KRL that revokes these key IDs, made by ssh-keygen, as bytes.
fn krl(world: &World, ca: &Ca<'_>, version: u64, key_ids: &[&str]) -> Vec<u8> {
    let specification: String = key_ids.iter().map(|id| format!("id: {id}\n")).collect();
    world.write("/root/spec", &specification);
    let (version, ca) = (version.to_string(), ca.key().public());
    world.run(&["ssh-keygen", "-q", "-k", "-z", &version, "-f", "/root/made", "-s", &ca, "/root/spec"]).ok();
    std::fs::read(world.path("/root/made")).expect("a KRL")
}

/// As it should be done.
fn replace(world: &World, list: &[u8]) {
    world.write_as("/etc/ssh/new", list, "root", 0o644);
    std::fs::rename(world.path("/etc/ssh/new"), world.path(KRL)).expect("a list in place");
}

#[test]
fn sudo_ends_with_the_next_command_after_ca_tool_has_revoked_the_certificate() {
    let world = world();
    world.install_ca_tool();
    let (ca, key) = (world.ca("ed25519"), world.key("ed25519"));
    world.trust(&[&ca]);
    let agent = world.agent();
    let sign = format!("ca-tool sign -s {} -I alice@corp -n alice -V +1h {}", ca.key().path(), key.public());
    world.shell("root", &sign).ok();
    agent.add(&key);
    let mut alice = world.ssh("alice").agent(&agent).tty().open();
    assert_refused(&alice.run("sudo id -u"), "pam_ussh is not set up correctly here");
    assert_logged(&world, &["refused", "reason=configuration", "/etc/ssh/revoked_keys: No such file"]);
    world.shell("root", "ca-tool krl build").ok();
    assert_root(&alice.run("sudo id -u"));
    world.shell("root", "ca-tool revoke -I alice@corp -r 'laptop stolen'").ok();
    world.log();
    let told = "Your certificate \"alice@corp\" is revoked by its key ID. Get one with another key ID, then run sudo again.";
    assert_refused(&alice.run("sudo id -u"), told);
    let ca = format!("ca={}", ca.fingerprint());
    assert_logged(&world, &["sudo: pam_ussh(sudo:account): refused user=\"alice\"", "reason=revoked", "alice@corp", &ca]);
    world.shell("root", &sign.replace("alice@corp", "alice@corp-2")).ok();
    agent.ssh_add(&["-q", "-D"]).ok();
    agent.add(&key);
    assert_root(&alice.run("sudo id -u"));
}

#[test]
fn sudo_ends_with_the_next_command_after_ca_tool_update_has_brought_the_revocation() {
    let world = world();
    world.install_ca_tool();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    let alice = Person::new(&world, &ca, "alice", 1);
    world.mkdir("/srv/ussh", "root", 0o755);
    world.mkdir("/etc/ussh", "root", 0o755);
    world.write("/etc/ussh/ca.toml", "[update]\nkrl = '/srv/ussh/revoked_keys'\n");
    let publish = |spec: &str| {
        let (public, key) = (ca.key().public(), ca.key().path());
        let list = "ca-tool --krl /srv/ussh/revoked_keys krl";
        world.write("/root/spec", spec);
        world.shell("root", &format!("{list} update --no-journal -s {public} /root/spec && {list} sign -s {key}")).ok();
    };
    publish("id: bob\n");
    world.shell("root", "ca-tool update").ok();
    let sudo = || sudo(&world, alice.name, alice.agent.socket());
    assert_root(&sudo());
    publish("id: alice\n");
    assert_root(&sudo());
    world.log();
    world.shell("root", "ca-tool update").ok();
    let updated = format!("updated version=2 generated={}", world.log().join("\n").split("generated=").nth(1).unwrap());
    assert!(updated.contains(&format!("ca={} file=\"{KRL}\" from=\"/srv/ussh/revoked_keys\"", ca.fingerprint())), "{updated}");
    assert_refused(&sudo(), "is revoked by its key ID");
    // What cannot be brought is logged, too, and changes nothing.
    world.write("/srv/ussh/revoked_keys", "half");
    world.shell("root", "ca-tool update").refused();
    assert!(world.log().iter().any(|line| line.contains("not-updated reason=\"The signature")));
    assert_refused(&sudo(), "is revoked by its key ID");
    // Nor is it said once only that nothing new has come for long.
    let list = std::fs::read(world.path(KRL)).expect("a list");
    let long_ago = [&list[..12], &9u64.to_be_bytes(), &1_700_000_000u64.to_be_bytes(), &list[28..]].concat();
    world.write_as("/srv/ussh/revoked_keys", &long_ago, "root", 0o644);
    world.write("/etc/ussh/ca.toml", "[update]\nkrl = '/srv/ussh/revoked_keys'\nmax_age = '2d'\n");
    world.shell("root", &format!("ca-tool --krl /srv/ussh/revoked_keys krl sign -s {}", ca.key().path())).ok();
    for first in ["updated version=9", "unchanged version=9"] {
        world.log();
        world.shell("root", "ca-tool update").refused();
        let log = world.log().join("\n");
        assert!(log.contains(first) && log.contains("stale file=\"/etc/ssh/revoked_keys\" age=\""), "{log}");
    }
    assert_refused(&sudo(), "is revoked by its key ID");
}

#[test]
fn a_revoked_certificate_opens_no_session_though_sshd_itself_was_not_told() {
    let world = world();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca\nAuthorizedKeysFile none");
    world.pam("sshd", &format!("account required pam_permit.so\nsession required pam_ussh.so {OPTION}\n"));
    let key = world.key("ed25519");
    ca.sign(&key, &Request::new("alice@corp").serial(7));
    replace(&world, &krl(&world, &ca, 1, &["bob"]));
    world.ssh("alice").by_certificate(&key).run("true").ok();
    replace(&world, &krl(&world, &ca, 2, &["bob", "alice@corp"]));
    world.log();
    let answer = world.ssh("alice").by_certificate(&key).run("echo in");
    assert_eq!(answer.code, 254, "{answer}");
    assert!(
        answer.stdout.starts_with("Your certificate \"alice@corp\" is revoked") && !answer.stdout.contains("in\n"),
        "{answer}"
    );
    assert_logged(&world, &["pam_ussh(sshd:session): refused user=\"alice\"", "reason=revoked", "serial=7"]);
    std::fs::remove_file(world.path(KRL)).expect("the list goes");
    assert_eq!(world.ssh("alice").by_certificate(&key).run("true").code, 254);
    assert_logged(&world, &["pam_ussh(sshd:session): refused user=\"alice\"", "reason=configuration"]);
}

#[test]
fn a_list_replaced_atomically_under_load_is_never_wrong_and_never_in_the_way() {
    let world = world();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    let (alice, mallory) = (Person::new(&world, &ca, "alice", 1), Person::new(&world, &ca, "mallory", 2));
    // The version stands behind magic and format version.
    let list = krl(&world, &ca, 1, &["mallory"]);
    let longer = krl(&world, &ca, 1, &["bob", "eve", "mallory"]);
    let of_version = |list: &[u8], version: u64| [&list[..12], &version.to_be_bytes(), &list[20..]].concat();
    replace(&world, &list);
    let mut people: Vec<_> = [&alice, &mallory, &alice, &mallory].map(|person| person.sudo_times(&world, 25)).into();
    let mut replaced: u64 = 0;
    let mut is_busy = || people.iter_mut().any(|person| person.try_wait().expect("our own child").is_none());
    while is_busy() {
        let list = if replaced.is_multiple_of(2) { &list } else { &longer };
        replace(&world, &of_version(list, 1 + replaced / 8));
        replaced += 1;
    }
    println!("{replaced} replacements");
    assert!(replaced > 100, "only {replaced} replacements");
    for (number, child) in people.into_iter().enumerate() {
        for answer in answers(child) {
            if number % 2 == 0 {
                assert_eq!(answer, "0 ", "alice is always let through");
            } else {
                assert!(answer.contains("is revoked by its key ID"), "mallory never is, and always for this reason: {answer}");
            }
        }
    }
}

#[test]
fn a_list_that_is_being_written_in_place_refuses_everybody_wherever_the_writer_is() {
    let world = world();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    let (alice, mallory) = (Person::new(&world, &ca, "alice", 1), Person::new(&world, &ca, "mallory", 2));
    let first = krl(&world, &ca, 1, &["bob"]);
    let list = [first.as_slice(), &krl(&world, &ca, 1, &["mallory"])[HEADER..]].concat();
    replace(&world, &list);
    let sudo = |person: &Person<'_>| sudo(&world, person.name, person.agent.socket());
    // Empty, a header, a whole section, and all of it: each by itself would be a good list.
    for written in [0, HEADER, first.len(), first.len() + 1, list.len()] {
        let mut writer = File::create(world.path(KRL)).expect("a file");
        writer.write_all(&list[..written]).expect("a part");
        for person in [&alice, &mallory] {
            assert_refused(&sudo(person), "pam_ussh is not set up correctly here");
            assert_logged(&world, &["refused", "reason=configuration", "is being written"]);
        }
        writer.write_all(&list[written..]).expect("the rest");
        drop(writer);
        assert_root(&sudo(&alice));
        assert_refused(&sudo(&mallory), "is revoked by its key ID");
        world.log();
    }
}

/// Magic, four numbers, no comment.
const HEADER: usize = 8 + 4 + 3 * 8 + 4 + 4;

#[test]
fn a_list_written_in_place_under_load_never_lets_through_whom_it_revokes() {
    let world = world();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    let (alice, mallory) = (Person::new(&world, &ca, "alice", 1), Person::new(&world, &ca, "mallory", 2));
    let first = krl(&world, &ca, 1, &["bob"]);
    let list = [first.as_slice(), &krl(&world, &ca, 1, &["mallory"])[HEADER..]].concat();
    replace(&world, &list);
    let mut people: Vec<_> = [&alice, &mallory, &mallory].map(|person| person.sudo_times(&world, 30)).into();
    let mut is_busy = || people.iter_mut().any(|person| person.try_wait().expect("our own child").is_none());
    while is_busy() {
        let mut writer = File::create(world.path(KRL)).expect("a file");
        for piece in [&list[..HEADER], &list[HEADER..first.len()], &list[first.len()..]] {
            sleep(Duration::from_millis(3));
            writer.write_all(piece).expect("a piece");
        }
        drop(writer);
        sleep(Duration::from_millis(12));
    }
    let mut waited_for = 0;
    for (number, child) in people.into_iter().enumerate() {
        for answer in answers(child) {
            let refused = answer.contains("is not set up correctly");
            if number == 0 {
                assert!(refused || answer == "0 ", "{answer}");
                waited_for += u32::from(answer == "0 ");
            } else {
                assert!(refused || answer.contains("is revoked by its key ID"), "mallory: {answer}");
            }
        }
    }
    assert!(waited_for > 0, "alice gets through between two writings");
}
