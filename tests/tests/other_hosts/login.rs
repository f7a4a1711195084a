//! login at the console: nobody has an agent there yet.

use tests::setting::Person;
use tests::world::{Request, Session, World};

use crate::page::follow;

/// What common-account would be if somebody put the module there.
const MODULE_FOR_ALL: &str = "account required pam_ussh.so\naccount required pam_unix.so\n";

fn world_with_login() -> World {
    let world = World::new();
    world.trust(&[&world.ca("ed25519")]);
    follow(&world, "login");
    world
}

/// A console on which root has started login, as getty does, and somebody typed their name. script(1) makes its
/// terminal: login gives it to whoever logs in.
fn log_in<'w>(world: &'w World, user: &str) -> Session<'w> {
    let mut console = world.ssh("root").tty().open();
    console.start("script -qec login /dev/null >/dev/tty");
    console.wait_for("login: ");
    console.type_line(user);
    console
}

fn type_password(console: &mut Session<'_>, user: &str) {
    console.wait_for("Password: ");
    console.type_line(&format!("{user}-password"));
}

/// Waits for the shell, so that what is typed is not thrown away with what was typed ahead.
fn assert_logged_in(console: &mut Session<'_>, user: &str) {
    console.wait_for("-bash-");
    console.type_line("echo I am $(id -un)");
    console.wait_for(&format!("I am {user}"));
    console.type_line("exit");
}

#[test]
fn a_person_logs_in_at_the_console_with_the_pages_lines_also_where_the_module_is_in_the_common_files() {
    let world = world_with_login();
    world.pam("common-account", MODULE_FOR_ALL);
    world.pam("common-auth", "auth required pam_ussh.so\n");
    for user in ["root", "alice"] {
        let mut console = log_in(&world, user);
        type_password(&mut console, user);
        assert_logged_in(&mut console, user);
    }
    assert_eq!(world.module_log(), [""; 0]);
}

#[test]
fn the_module_in_the_common_files_locks_everybody_out_of_the_console_root_too() {
    let world = world_with_login();
    world.pam("common-account", MODULE_FOR_ALL);
    world.pam("login", "@include common-auth\n@include common-account\n@include common-session\n");
    for user in ["root", "alice"] {
        let mut console = log_in(&world, user);
        type_password(&mut console, user);
        console.wait_for("Your ssh-agent cannot be asked: SSH_AUTH_SOCK is not set.");
        console.wait_for("\u{1}");
        let log = world.module_log();
        assert!(log.iter().any(|line| line.contains("pam_ussh(login:account): refused") && line.contains(user)), "{log:#?}");
    }
}

#[test]
fn as_auth_the_module_only_costs_a_sentence_before_the_password() {
    let world = world_with_login();
    let lines = world.read("/etc/pam.d/login");
    world.pam("login", &format!("auth sufficient pam_ussh.so\n{lines}"));
    let mut console = log_in(&world, "alice");
    console.wait_for("Your ssh-agent cannot be asked: SSH_AUTH_SOCK is not set.");
    type_password(&mut console, "alice");
    assert_logged_in(&mut console, "alice");
}

/// telnetd and the like: login says where the person is, and what stands in the environment is its starter's.
#[test]
fn somebody_afar_is_not_let_in_by_the_agent_of_whoever_started_the_daemon() {
    let world = world_with_login();
    // Debian 13's login, which is util-linux's, asks the service `remote` when it has -h.
    for service in ["login", "remote"] {
        world.pam(service, "auth required pam_ussh.so\naccount required pam_permit.so\nsession required pam_permit.so\n");
    }
    for user in ["alice", "root"] {
        let agent = world.agent_of(user, &world.fresh("/tmp/agent-"));
        let person = Person::with_agent(&world, agent, &Request::new("somebody@corp").principals("root,alice"));
        let socket = person.agent.socket();
        let start = |place: &str| {
            let mut console = world.ssh("root").tty().open();
            console.start(&format!("export SSH_AUTH_SOCK={socket}; script -qec 'login -p {place}' /dev/null >/dev/tty"));
            console.wait_for("login: ");
            console.type_line(user);
            console
        };
        assert_logged_in(&mut start(""), user);
        start("-h client.example.org").wait_for("not started by the person who is to be allowed");
    }
}
