//! EXAMPLES of pam_ussh(8): each file as it stands there, in Debian's layout, and the commands of its end. And the man pages
//! written by hand have no faults.

use std::fs;
use std::process::Command;

use tests::setting::{Person, assert_refused, assert_root, sudo};
use tests::world::{Output, Request, World};

use super::page::ROOT;
use super::sshd_host;

/// Those that no program prints.
pub const BY_HAND: [&str; 4] = [
    "pam_ussh/pam_ussh.8",
    "pam_ussh/session-guard/ussh-session-guard.8",
    "pam_ussh/pam-try/ussh-pam-try.8",
    "ca-tool/ca.toml.5",
];

/// The literal blocks of EXAMPLES, in order.
fn examples() -> Vec<String> {
    let page = fs::read_to_string(format!("{ROOT}/pam_ussh/pam_ussh.8")).expect("the page");
    let section =
        page.split_once(".Sh EXAMPLES\n").expect("the section").1.split("\n.Sh ").next().expect("its text").to_owned();
    let blocks = section.split(".Bd -literal -offset 2n\n").skip(1);
    blocks.map(|block| block.split(".Ed").next().expect("its end").replace("\\e\n", "\\\n")).collect()
}

fn host() -> World {
    let world = sshd_host::host();
    world.sudoers("Defaults timestamp_timeout=0");
    sshd_host::install_programs(&world);
    world
}

fn alice(world: &World) -> Person<'_> {
    Person::with_agent(world, world.agent_of("alice", "/home/alice/agent"), &Request::new("alice@corp"))
}

/// As alice, with her agent.
fn run(world: &World, person: &Person<'_>, line: &str) -> Output {
    world.run_with("alice", &[("SSH_AUTH_SOCK", person.agent.socket())], &["bash", "-c", line])
}

#[test]
fn there_are_seven_examples() {
    assert_eq!(examples().len(), 7, "write a test for each");
}

#[test]
fn sudo_takes_a_certificate_instead_of_a_password() {
    let world = host();
    let person = alice(&world);
    world.pam("sudo", &examples()[0]);
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    let password = world.run_as("alice", &["bash", "-c", "echo alice-password | sudo -S id -u"]);
    assert!(password.stdout.is_empty(), "the password does not help: {password}");
    world.run(&["sudo", "id", "-u"]).ok();
}

#[test]
fn sudo_takes_a_password_and_a_certificate() {
    let world = host();
    let person = alice(&world);
    world.pam("sudo", &examples()[1]);
    sudo(&world, "alice", person.agent.socket()).refused();
    assert_eq!(run(&world, &person, "echo alice-password | sudo -S id -u").ok().stdout, "0\n");
    let without = world.run_as("alice", &["bash", "-c", "echo alice-password | sudo -S id -u"]);
    assert!(without.stdout.is_empty(), "{without}");
}

#[test]
fn sudo_asks_a_group_for_a_role_and_leaves_others_alone() {
    let world = host();
    let person = alice(&world);
    world.pam("sudo", &examples()[2]);
    assert_refused(&sudo(&world, "alice", person.agent.socket()), "principal");
    person.renew(&Request::new("alice@corp").principals("alice,deploy"));
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    person.renew(&Request::new("alice@corp").principals("alice,deploy").validity("-1m:+13h"));
    assert_refused(&sudo(&world, "alice", person.agent.socket()), "valid for longer than 12 hours");
    let mallory = world.run_as("mallory", &["bash", "-c", "echo mallory-password | sudo -S id -u"]);
    assert_eq!(mallory.ok().stdout, "0\n", "not in ops");
}

#[test]
fn sshd_lets_in_who_has_a_certificate() {
    let world = host();
    let person = Person::new(&world, &Request::new("alice@corp"));
    world.run(&["ssh-keygen", "-q", "-k", "-f", "/etc/ssh/revoked_keys"]).ok();
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca");
    let others = world.read("/etc/pam.d/sshd");
    world.pam("sshd", &format!("{}{others}", examples()[3]));
    world.ssh("alice").agent(&person.agent).by_agent().run("id").ok();
    assert_eq!(world.ssh("alice").run("id").code, 254);
}

#[test]
fn su_wants_the_target_named_and_doas_the_caller() {
    let world = host();
    let person = alice(&world);
    world.pam("su", &examples()[4]);
    world.pam("doas", &examples()[5]);
    assert_eq!(run(&world, &person, "doas id -u").ok().stdout, "0\n");
    run(&world, &person, "su -c 'id -u'").refused();
    person.renew(&Request::new("alice@corp").principals("root"));
    assert_eq!(run(&world, &person, "su -c 'id -u'").ok().stdout, "0\n");
    run(&world, &person, "doas id -u").refused();
}

#[test]
fn a_certificate_by_ssh_keygen_brings_alice_to_sudo() {
    let world = host();
    world.pam("sudo", &examples()[0]);
    world.sshd_config("TrustedUserCAKeys /etc/ssh/trusted_user_ca");
    let agent = world.agent();
    let keys = "cd; for key in ca id_ed25519; do ssh-keygen -q -t ed25519 -N '' -f $key; done";
    world.run_as("laptop", &["bash", "-c", keys]).ok();
    world.write("/etc/ssh/trusted_user_ca", &world.read("/home/laptop/ca.pub"));
    let commands = examples()[6].replace("alice@host", "alice@localhost");
    let socket = [("SSH_AUTH_SOCK", agent.socket())];
    let answer = world.run_with("laptop", &socket, &["bash", "-e", "-c", &format!("cd\n{commands}")]);
    assert!(answer.ok().stdout.contains("uid=0(root)"), "{answer}");
}

#[test]
fn the_programs_beside_the_module_answer_as_their_pages_say() {
    let world = host();
    let version = world.run(&["/usr/libexec/ussh-session-guard", "--version"]);
    assert!(version.ok().stdout.contains(env!("CARGO_PKG_VERSION")), "{version}");
    // As Debian ships it.
    let line = "/usr/libexec/ussh-pam-try --service sudo --user root --call account";
    assert_eq!(world.run(&["bash", "-c", line]).ok().stdout, "account PAM_SUCCESS\n");
}

#[test]
fn the_formatters_have_no_complaints() {
    for page in BY_HAND {
        let mut mandoc = Command::new("mandoc");
        let said = mandoc.args(["-T", "lint", "-W", "warning"]).arg(format!("{ROOT}/{page}")).output().expect("install mandoc");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        // The section is Linux-PAM's own name for what a module answers.
        let faults: Vec<&str> = said.lines().filter(|line| !line.contains("unexpected section: Sh RETURN VALUES")).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
