//! su, where PAM_USER is the target: the certificate must name root. `su -l` and doas are in other_hosts.

use tests::setting::{Person, assert_logged, assert_refused, assert_root};
use tests::world::{Output, Request, World};

fn su(world: &World, user: &str, socket: &str) -> Output {
    world.run_with(user, &[("SSH_AUTH_SOCK", socket)], &["su", "-c", "id -u"])
}

fn world_with_su(lines: &str) -> World {
    let world = World::new();
    world.pam("su", &format!("{lines}\nsession required pam_permit.so\n"));
    world
}

const AUTH: &str = "auth required pam_ussh.so\naccount required pam_permit.so";
const ACCOUNT: &str = "auth required pam_permit.so\naccount required pam_ussh.so";

#[test]
fn su_to_root_needs_a_certificate_that_names_root() {
    for (lines, stack) in [(AUTH, "auth"), (ACCOUNT, "account")] {
        let world = world_with_su(lines);
        let agent = world.agent_of("alice", "/home/alice/agent");
        let person = Person::with_agent(&world, agent, &Request::new("alice@corp").principals("root"));
        assert_root(&su(&world, "alice", person.agent.socket()));
        let line = format!("su: pam_ussh(su:{stack}): accepted");
        assert_logged(&world, &[&line, "principal=\"root\"", "user=\"root\"", "by=\"alice\""]);

        person.renew(&Request::new("alice@corp").principals("alice"));
        let sentence =
            "Your certificate \"alice@corp\" does not name root as a principal. Get one that names you, then run su again.";
        assert_refused(&su(&world, "alice", person.agent.socket()), sentence);
        assert_logged(
            &world,
            &[&format!("pam_ussh(su:{stack}): refused "), "reason=not-for-user", "user=\"root\"", "by=\"alice\""],
        );
    }
}

#[test]
fn su_with_the_socket_of_another_or_of_root_is_refused() {
    let world = world_with_su(AUTH);
    let request = Request::new("alice@corp").principals("root");
    let alice = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &request);
    let mallory = world.agent_of("mallory", "/home/mallory/agent");
    mallory.add(&alice.key);
    let root = world.agent_of("root", "/root/agent");
    root.add(&alice.key);
    world.relay(&alice.agent, "/tmp/of-alice", "alice", 0o777);
    world.relay(&alice.agent, "/tmp/of-root", "root", 0o777);
    let cases = [
        (alice.agent.socket(), "Permission denied"),
        (root.socket(), "Permission denied"),
        ("/tmp/of-alice", "is not yours"),
        ("/tmp/of-root", "is not yours"),
    ];
    for (socket, words) in cases {
        assert_root(&su(&world, "mallory", mallory.socket()));
        assert_refused(&su(&world, "mallory", socket), words);
    }
}

#[test]
fn root_who_started_as_root_is_judged_as_the_target_with_the_targets_agent() {
    let world = world_with_su(AUTH);
    let request = Request::new("alice@corp").principals("alice,root");
    let person = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &request);
    let root = world.agent_of("root", "/tmp/agent");
    root.add(&person.key);
    world.own(root.socket(), "root", 0o777);
    let su_to_alice = |socket| world.run_with("root", &[("SSH_AUTH_SOCK", socket)], &["su", "alice", "-c", "id -u"]);
    assert_eq!(su_to_alice(person.agent.socket()).ok().stdout, "1001\n");
    assert_logged(&world, &["accepted", "user=\"alice\"", "by=\"alice\""]);
    assert_refused(&su_to_alice(root.socket()), "is not yours");
}
