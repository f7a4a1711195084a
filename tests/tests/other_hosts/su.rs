//! su, `su -l` and runuser with the page's lines: PAM_USER is the target.

use std::path::Path;

use tests::setting::{Person, assert_logged, assert_refused, assert_root};
use tests::world::{Output, Request, World};

use crate::page::follow;

/// With Debian's own su-l, which includes su.
fn world_with_su() -> World {
    let world = World::new();
    world.trust(&[&world.ca("ed25519")]);
    follow(&world, "su");
    world.install(Path::new("/etc/pam.d/su-l"), "/etc/pam.d/su-l", 0o644);
    world
}

fn person_for<'w>(world: &'w World, principals: &str) -> Person<'w> {
    let request = Request::new("alice@corp").principals(principals);
    Person::with_agent(world, world.agent_of("alice", "/home/alice/agent"), &request)
}

fn run(world: &World, user: &str, socket: &str, words: &[&str]) -> Output {
    world.run_with(user, &[("SSH_AUTH_SOCK", socket)], words)
}

#[test]
fn su_l_finds_the_callers_agent_though_it_clears_the_environment_of_the_shell() {
    let world = world_with_su();
    let person = person_for(&world, "root");
    for words in [["su", "-l", "-c"], ["su", "-", "-c"]] {
        let words = [&words[..], &["id -u; echo ${SSH_AUTH_SOCK-unset}"]].concat();
        let answer = run(&world, "alice", person.agent.socket(), &words);
        assert_eq!(answer.ok().stdout, "0\nunset\n");
        let log = world.module_log();
        for stack in ["auth", "account"] {
            let accepted = format!("su: pam_ussh(su-l:{stack}): accepted user=\"root\" by=\"alice\"");
            assert!(log.iter().any(|line| line.contains(&accepted)), "{log:#?}");
        }
    }
    person.renew(&Request::new("alice@corp").principals("alice"));
    let answer = run(&world, "alice", person.agent.socket(), &["su", "-l", "-c", "id -u"]);
    assert_refused(&answer, "does not name root as a principal. Get one that names you, then run su again.");
}

#[test]
fn su_to_somebody_else_needs_a_certificate_that_names_them() {
    let world = world_with_su();
    let person = person_for(&world, "alice,root");
    let su_to_bob = |login: &str| run(&world, "alice", person.agent.socket(), &["su", login, "bob", "-c", "id -u"]);
    for login in ["-l", "-p"] {
        assert_refused(&su_to_bob(login), "does not name bob as a principal");
    }
    person.renew(&Request::new("alice@corp").principals("bob"));
    for login in ["-l", "-p"] {
        assert_eq!(su_to_bob(login).ok().stdout, "1002\n");
    }
}

#[test]
fn su_without_an_agent_is_refused() {
    let world = world_with_su();
    let person = person_for(&world, "root");
    assert_root(&run(&world, "alice", person.agent.socket(), &["su", "-c", "id -u"]));
    assert_refused(&world.run_as("alice", &["su", "-c", "id -u"]), "SSH_AUTH_SOCK is not set");
    assert_refused(&world.run_as("alice", &["su", "-l", "-c", "id -u"]), "SSH_AUTH_SOCK is not set");
}

#[test]
fn root_needs_no_agent_with_the_pages_pam_rootok_lines_and_is_refused_without_the_second() {
    let world = world_with_su();
    for words in [["su", "alice", "-c", "id -u"], ["su", "-lc", "id -u", "alice"]] {
        assert_eq!(world.run(&words).ok().stdout, "1001\n");
        assert_eq!(world.module_log(), [""; 0], "{words:?}");
    }
    let lines = world.read("/etc/pam.d/su");
    let without: Vec<&str> =
        lines.lines().filter(|line| !(line.starts_with("account") && line.contains("pam_rootok"))).collect();
    assert_eq!(without.len() + 1, lines.lines().count());
    world.pam("su", &(without.join("\n") + "\n"));
    assert_refused(&world.run(&["su", "alice", "-c", "id -u"]), "Your ssh-agent cannot be asked");
    assert_logged(&world, &["pam_ussh(su:account): refused", "reason=no-agent"]);
}

#[test]
fn runuser_asks_neither_auth_nor_account() {
    let world = world_with_su();
    for service in ["runuser", "runuser-l"] {
        world.pam(service, "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_ussh.so\nsession required pam_permit.so\n");
    }
    for words in [&["runuser", "-u", "alice", "--", "id", "-u"][..], &["runuser", "-l", "-c", "id -u", "alice"]] {
        assert_eq!(world.run(words).ok().stdout, "1001\n");
    }
    assert_eq!(world.module_log(), [""; 0]);
    assert_refused(&world.run_as("alice", &["runuser", "-u", "root", "--", "id"]), "may not be used by non-root users");
}
