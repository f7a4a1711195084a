//! Other people's agents. In every case the careless socket would serve mallory if the module let it: it reaches an agent
//! whose certificate names everybody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use tests::setting::{Person, account, assert_logged, assert_refused, assert_root, auth, sudo, sudo_without_agent};
use tests::world::{Agent, Output, Request, World, is_sudo_rs};

const NOT_YOURS: &str = "the socket that SSH_AUTH_SOCK names is not yours";

/// The account stack, because sudo asks it once.
const ACCOUNT_ALONE: &str = "auth required pam_permit.so\naccount required pam_ussh.so\nsession required pam_permit.so\n";

/// A certificate that is good for whoever can use its agent.
fn for_everybody() -> Request {
    Request::new("alice@corp").principals("alice,bob,mallory,root")
}

/// alice's agent behind her own 0700 folder. mallory's own agent with the same key shows that only the socket decides.
fn alice_and_mallory(world: &World) -> (Person<'_>, Agent<'_>) {
    let alice = Person::with_agent(world, world.agent_of("alice", "/home/alice/agent"), &for_everybody());
    let mallory = world.agent_of("mallory", "/home/mallory/agent");
    mallory.add(&alice.key);
    (alice, mallory)
}

/// mallory's sudo through `socket` is refused for its owner, in the same setting where their own is accepted.
fn assert_not_yours(world: &World, own: &str, socket: &str) {
    assert_root(&sudo(world, "mallory", own));
    world.log();
    assert_refused(&sudo(world, "mallory", socket), NOT_YOURS);
    assert_logged(world, &["refused ", "reason=no-agent", NOT_YOURS, "by=\"mallory\""]);
}

#[test]
fn an_agent_in_a_folder_of_anothers_is_out_of_reach() {
    let world = World::new();
    world.pam("sudo", ACCOUNT_ALONE);
    let (alice, mallory) = alice_and_mallory(&world);
    world.mkdir("/home/mallory/links", "mallory", 0o755);
    world.run_as("mallory", &["ln", "-s", "/home/alice/agent", "/home/mallory/links/agent"]).ok();
    for socket in [alice.agent.socket(), "/home/mallory/links/agent"] {
        assert_root(&sudo(&world, "mallory", mallory.socket()));
        world.log();
        assert_refused(&sudo(&world, "mallory", socket), "Permission denied");
        assert_logged(&world, &["refused ", "reason=no-agent", "Permission denied", "by=\"mallory\""]);
    }
}

#[test]
fn anothers_socket_is_refused_whatever_its_mode_and_however_it_is_named() {
    let world = World::new();
    world.pam("sudo", ACCOUNT_ALONE);
    let (alice, mallory) = alice_and_mallory(&world);
    for mode in [0o666, 0o777] {
        let socket = format!("/tmp/open-{mode:o}");
        world.relay(&alice.agent, &socket, "alice", mode);
        assert_not_yours(&world, mallory.socket(), &socket);
        let link = format!("/home/mallory/link-{mode:o}");
        world.run_as("mallory", &["ln", "-s", &socket, &link]).ok();
        assert_not_yours(&world, mallory.socket(), &link);
    }
    // mallory is in group shared, as is alice.
    world.relay(&alice.agent, "/tmp/shared", "alice", 0o770);
    world.run(&["chgrp", "shared", "/tmp/shared"]).ok();
    assert_not_yours(&world, mallory.socket(), "/tmp/shared");
    // root's socket is not mallory's either.
    world.relay(&alice.agent, "/tmp/roots", "root", 0o777);
    assert_not_yours(&world, mallory.socket(), "/tmp/roots");
}

#[test]
fn the_caller_counts_not_the_target_when_sudo_asks_for_another_password() {
    let others: &[&str] = if is_sudo_rs() { &["rootpw", "targetpw"] } else { &["rootpw", "targetpw", "runaspw"] };
    for defaults in others {
        let world = World::new();
        world.pam("sudo", "auth required pam_ussh.so\naccount required pam_permit.so\nsession required pam_permit.so\n");
        world.sudoers(&format!("Defaults {defaults}"));
        let (alice, mallory) = alice_and_mallory(&world);
        assert_root(&sudo(&world, "mallory", mallory.socket()));
        assert_logged(&world, &["accepted", "principal=\"root\"", "user=\"root\"", "by=\"mallory\""]);
        // PAM_USER is root here, and root's and alice's sockets are no more mallory's for that.
        for (socket, owner) in [("/tmp/of-alice", "alice"), ("/tmp/of-root", "root")] {
            world.relay(&alice.agent, socket, owner, 0o777);
            assert_refused(&sudo(&world, "mallory", socket), NOT_YOURS);
        }
        assert_refused(&sudo(&world, "mallory", alice.agent.socket()), "Permission denied");
    }
}

#[test]
fn a_socket_swapped_while_we_look_never_gets_a_yes_from_sudo() {
    let world = World::new();
    assert_a_swapped_socket_gets_no_yes(&world, |socket| sudo(&world, "mallory", socket));
}

#[test]
fn a_socket_swapped_while_we_look_never_gets_a_yes_from_sudo_for_root() {
    let world = World::new();
    world.sudoers("Defaults rootpw");
    assert_a_swapped_socket_gets_no_yes(&world, |socket| sudo(&world, "mallory", socket));
}

#[test]
fn a_socket_swapped_while_we_look_never_gets_a_yes_from_su() {
    let world = World::new();
    let words = ["su", "-c", "id -u"];
    assert_a_swapped_socket_gets_no_yes(&world, |socket| world.run_with("mallory", &[("SSH_AUTH_SOCK", socket)], &words));
}

/// Asks again and again while a path leads now to mallory's own agent, which is empty, now to somebody else's full one.
fn assert_a_swapped_socket_gets_no_yes(world: &World, ask: impl Fn(&str) -> Output) {
    const RUNS: usize = 100;
    for service in ["sudo", "su"] {
        world.pam(service, ACCOUNT_ALONE);
    }
    let (alice, mallory) = alice_and_mallory(world);
    assert_root(&ask(mallory.socket()));
    mallory.ssh_add(&["-q", "-D"]).ok();
    world.relay(&alice.agent, "/tmp/open", "alice", 0o777);
    for (name, target) in [("own", mallory.socket()), ("other", "/tmp/open")] {
        world.run_as("mallory", &["ln", "-s", target, &format!("/home/mallory/{name}")]).ok();
    }
    let home = world.path("/home/mallory");
    let swap = |name: &str| {
        let staged = home.join("staged");
        fs::hard_link(home.join(name), &staged).expect("mallory's folder is ours to write");
        fs::rename(&staged, home.join("swapped")).expect("the same");
    };
    swap("own");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                swap("other");
                swap("own");
            }
        });
        let _ends = WhenDropped(&over);
        for _ in 0..RUNS {
            assert_refused(&ask("/home/mallory/swapped"), "");
        }
    });
    let log = world.module_log();
    let seen = |what: &str| log.iter().filter(|line| line.contains(what)).count();
    let (own, other) = (seen("reason=no-certificate"), seen(NOT_YOURS));
    assert_eq!(own + other, RUNS, "{log:#?}");
    assert!(own > 0 && other > 0, "the race was not one: {own} own, {other} other");
}

/// Ends the swapping also when an assertion fails, else the scope would wait for it.
struct WhenDropped<'a>(&'a AtomicBool);

impl Drop for WhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_socket_of_ones_own_is_found_under_any_name_it_has() {
    let world = World::new();
    world.pam("sudo", &auth(""));
    let (_alice, mallory) = alice_and_mallory(&world);
    let long = format!("/home/mallory/{}", "long".repeat(40));
    world.run_as("mallory", &["ln", "-s", mallory.socket(), &long]).ok();
    let relative = ["sh", "-c", "cd /home/mallory && SSH_AUTH_SOCK=agent sudo id -u"];
    assert_root(&sudo(&world, "mallory", mallory.socket()));
    assert_root(&sudo(&world, "mallory", &long));
    assert_root(&world.run_as("mallory", &relative));
}

#[test]
fn what_is_no_socket_is_refused_at_once() {
    let world = World::new();
    world.pam("sudo", &auth(""));
    let (_alice, mallory) = alice_and_mallory(&world);
    world.run_as("mallory", &["touch", "/home/mallory/file"]).ok();
    world.run_as("mallory", &["mkfifo", "/home/mallory/fifo"]).ok();
    world.run_as("mallory", &["mkdir", "/home/mallory/folder"]).ok();
    world.run_as("mallory", &["ln", "-s", "loop", "/home/mallory/loop"]).ok();
    let name_too_long = format!("/home/mallory/{}", "x".repeat(300));
    let cases = [
        ("/home/mallory/file", "does not name a socket"),
        ("/home/mallory/fifo", "does not name a socket"),
        ("/home/mallory/folder", "does not name a socket"),
        ("/dev/null", "does not name a socket"),
        ("/home/mallory/loop", "/home/mallory/loop: "),
        ("/home/mallory/nothing", "/home/mallory/nothing: "),
        (name_too_long.as_str(), "File name too long"),
        ("", "SSH_AUTH_SOCK is not set"),
        ("agent", "SSH_AUTH_SOCK names agent: "),
    ];
    for (socket, words) in cases {
        assert_root(&sudo(&world, "mallory", mallory.socket()));
        let start = std::time::Instant::now();
        assert_refused(&sudo(&world, "mallory", socket), words);
        assert!(start.elapsed().as_secs() < 5, "{socket} was waited for");
    }
}

#[test]
fn a_stale_socket_is_refused() {
    let world = World::new();
    world.pam("sudo", &auth(""));
    let (_alice, mallory) = alice_and_mallory(&world);
    assert_root(&sudo(&world, "mallory", mallory.socket()));
    let socket = mallory.socket().to_owned();
    mallory.kill();
    assert!(world.path(&socket).exists());
    assert_refused(&sudo(&world, "mallory", &socket), "Your ssh-agent cannot be asked");
}

#[test]
fn the_variable_of_the_initial_environment_is_enough_and_env_keep_works_too() {
    let world = World::new();
    world.pam("sudo", &account(""));
    world.sudoers("mallory ALL=(ALL:ALL) NOPASSWD: ALL");
    let (_alice, mallory) = alice_and_mallory(&world);
    assert_root(&sudo(&world, "mallory", mallory.socket()));
    assert_refused(&sudo_without_agent(&world, "mallory"), "SSH_AUTH_SOCK is not set");
    world.sudoers("Defaults env_keep += \"SSH_AUTH_SOCK\"");
    assert_root(&sudo(&world, "mallory", mallory.socket()));
    assert_refused(&sudo_without_agent(&world, "mallory"), "SSH_AUTH_SOCK is not set");
    world.sudoers("Defaults !env_reset");
    assert_root(&sudo(&world, "mallory", mallory.socket()));
}
