//! `ca-tool config`: its lines put into Debian's own files, as the help says, and then the real sudo, su and sshd.

use std::fs;

use tests::setting::{Person, assert_refused, assert_root, sudo, sudo_without_agent};
use tests::world::{Request, World, is_sudo_rs};

/// Debian's files, and the ones they include.
const PAM: [&str; 9] = [
    "sshd",
    "su",
    "sudo",
    "sudo-i",
    "common-auth",
    "common-account",
    "common-session",
    "common-session-noninteractive",
    "common-password",
];

fn debian() -> World {
    let world = World::new();
    for name in PAM {
        let lines =
            fs::read_to_string(format!("/etc/pam.d/{name}")).unwrap_or_else(|error| panic!("/etc/pam.d/{name}: {error}"));
        world.write(&format!("/etc/pam.d/{name}"), &lines);
    }
    world.mkdir("/etc/ssh/sshd_config.d", "root", 0o755);
    world.write(
        "/etc/ssh/sshd_config",
        &format!("Include /etc/ssh/sshd_config.d/*.conf\n{}", world.read("/etc/ssh/sshd_config")),
    );
    world.install_ca_tool();
    world
}

/// The file is written anew from what stands in it.
#[track_caller]
fn put(world: &World, words: &str, file: &str) {
    let line = format!("umask 022; ca-tool config {words} > {file}.new && mv {file}.new {file}");
    world.run(&["bash", "-c", &line]).ok();
}

#[track_caller]
fn take_back(world: &World, service: &str) {
    put(world, &format!("--pam {service} --remove"), &format!("/etc/pam.d/{service}"));
    let debian = fs::read_to_string(format!("/etc/pam.d/{service}")).unwrap();
    assert_eq!(world.read(&format!("/etc/pam.d/{service}")), debian);
}

#[test]
fn the_lines_for_sudo_let_a_certificate_in_and_nothing_else() {
    let world = debian();
    let person =
        Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &Request::new("alice@corp").serial(7));
    world.sudoers("Defaults timestamp_timeout=0");
    put(&world, "--pam sudo --whole", "/etc/pam.d/sudo");
    put(&world, "--pam sudo-i --whole", "/etc/pam.d/sudo-i");
    put(&world, "--sudoers", "/etc/sudoers.d/ussh");
    world.run(&["chmod", "440", "/etc/sudoers.d/ussh"]).ok();
    world.run(&["visudo", "-c"]).ok();

    let socket = person.agent.socket();
    assert_root(&sudo(&world, "alice", socket));
    world.run_with("alice", &[("SSH_AUTH_SOCK", socket)], &["sudo", "-i", "true"]).ok();
    if !is_sudo_rs() {
        // What the file for sudoers is for.
        world.run_with("alice", &[("SSH_AUTH_SOCK", socket)], &["sudo", "-n", "true"]).ok();
    }
    assert_refused(&sudo_without_agent(&world, "alice"), "password");
    world.run(&["sudo", "id"]).ok(); // root's own

    // A rule without a password does not go round the account line.
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    assert_root(&sudo(&world, "alice", socket));
    assert_refused(&sudo_without_agent(&world, "alice"), "SSH_AUTH_SOCK is not set");

    take_back(&world, "sudo");
    take_back(&world, "sudo-i");
    assert_root(&sudo_without_agent(&world, "alice"));
}

#[test]
fn the_lines_for_su_let_in_whom_a_certificate_makes_root() {
    let world = debian();
    put(&world, "--pam su --whole", "/etc/pam.d/su");
    let agent = world.agent_of("alice", "/home/alice/agent");
    let person = Person::with_agent(&world, agent, &Request::new("alice@corp").principals("root"));
    let su = |socket: &str| world.run_with("alice", &[("SSH_AUTH_SOCK", socket)], &["su", "-c", "id -u"]);
    assert_root(&su(person.agent.socket()));
    person.renew(&Request::new("alice@corp").principals("alice"));
    su(person.agent.socket()).refused();
    world.run(&["su", "-c", "id -u", "alice"]).ok(); // root's own
    take_back(&world, "su");

    // Where the other lines would ask root for a password.
    world.write(
        "/etc/pam.d/su",
        &["auth", "account", "session"].map(|stack| format!("{stack} required pam_unix.so\n")).concat(),
    );
    world.run(&["su", "-c", "id -u", "alice"]).refused();
    put(&world, "--pam su --whole", "/etc/pam.d/su");
    world.run(&["su", "-c", "id -u", "alice"]).ok();
}

#[test]
fn the_lines_for_sshd_end_who_is_revoked_and_refuse_plain_keys() {
    let world = debian();
    world.run(&["ssh-keygen", "-q", "-k", "-f", "/etc/ssh/revoked_keys"]).ok();
    let person = Person::new(&world, &Request::new("alice@corp").serial(7));
    put(&world, "--pam sshd --whole --option end_session", "/etc/pam.d/sshd");
    let pam = world.read("/etc/pam.d/sshd");
    assert!(pam.contains("session  required  pam_ussh.so end_session revoked_keys=/etc/ssh/revoked_keys\n"), "{pam}");
    put(&world, "--sshd", "/etc/ssh/sshd_config.d/10-ussh.conf");
    world.run(&["/usr/sbin/sshd", "-t"]).ok();
    let settings = world.run(&["/usr/sbin/sshd", "-T"]).ok().stdout.clone();
    for setting in
        ["trustedusercakeys /etc/ssh/trusted_user_ca", "revokedkeys /etc/ssh/revoked_keys", "allowagentforwarding yes"]
    {
        assert!(settings.lines().any(|line| line == setting), "{setting}: {settings}");
    }
    world.sshd_config("");

    let log_in = || world.ssh("alice").agent(&person.agent).by_agent().run("id -un");
    assert_eq!(log_in().ok().stdout, "alice\n");
    assert_eq!(world.ssh("alice").run("id").code, 254); // sshd's shell, where the session stack refused
    world.write("/root/serial", "serial: 7\n");
    let ca = person.ca.key().public();
    world.run(&["ssh-keygen", "-q", "-k", "-s", &ca, "-f", "/etc/ssh/new", "/root/serial"]).ok();
    world.run(&["mv", "/etc/ssh/new", "/etc/ssh/revoked_keys"]).ok();
    log_in().refused();
    take_back(&world, "sshd");
}

#[test]
fn the_lines_for_the_hosts_own_keys_are_sshds_and_clients_believe_them() {
    let world = debian();
    let ca = world.ca("ed25519");
    world.run(&["bash", "-c", "cd /etc/ssh && ca-tool config --host > sshd_config.d/20-ussh-host.conf"]).ok();
    let file = world.read("/etc/ssh/sshd_config.d/20-ussh-host.conf");
    let sign = file.lines().find_map(|line| line.strip_prefix("#   ca-tool ")).unwrap();
    let sign = format!(
        "cd /etc/ssh && ca-tool --journal /root/journal.db {}",
        sign.replace("-s CA", &format!("-s {}", ca.key().path()))
    );
    world.run(&["bash", "-c", &sign]).ok();
    world.run(&["/usr/sbin/sshd", "-t"]).ok();
    world.sshd_config("");
    let known = world.run(&["bash", "-c", "ca-tool config --host | sed -n 's/^# *\\(@cert\\)/\\1/p'"]).ok().stdout.clone();
    world.write("/etc/ssh/ssh_known_hosts", &known.replace("@cert-authority ", "@cert-authority localhost,"));
    world.ssh("alice").option("-oHostKeyAlias=private-host").run("id").ok();
}

#[test]
fn lines_for_a_host_without_the_module_come_with_a_warning() {
    let world = debian();
    let words = "with these lines everybody is refused";
    let answer = world.run(&["ca-tool", "config", "--pam", "sudo"]);
    assert!(!answer.ok().stderr.contains(words), "{answer}");
    world.shell("root", "mkdir /root/empty; mount --bind /root/empty $(dirname $(find /usr/lib/ -name pam_ussh.so))").ok();
    let answer = world.run(&["ca-tool", "config", "--pam", "sudo"]);
    assert!(answer.ok().stderr.contains(words), "{answer}");
    let answer = world.run(&["ca-tool", "config", "--pam", "sudo", "--remove"]);
    assert!(!answer.ok().stderr.contains(words), "{answer}");
}
