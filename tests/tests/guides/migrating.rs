//! docs/migrating.md: Uber's own pam.d lines, pam_ssh_agent_auth beside the module, and what comes after them.

use std::fs;

use tests::setting::{Person, assert_refused, assert_root, sudo};
use tests::world::{Agent, Key, Request, World};

use super::page::{ROOT, blocks};
use super::sshd_host;

const PAGE: &str = "docs/migrating.md";

/// What their sources understand.
const PAM_USSH: [&str; 4] = ["ca_file=", "authorized_principals=", "authorized_principals_file=", "group="];
const PAM_SSH_AGENT_AUTH: [&str; 6] = [
    "file=",
    "allow_user_owned_authorized_keys_file",
    "authorized_keys_command=",
    "authorized_keys_command_user=",
    "debug",
    "sudo_service_name=",
];

fn page() -> String {
    fs::read_to_string(format!("{ROOT}/{PAGE}")).expect("the page")
}

/// A complete pam.d file of the page.
fn file(name: &str) -> String {
    let page = page();
    let (_, rest) = page.split_once(&format!("```pam {name}\n")).unwrap_or_else(|| panic!("the page has no {name}"));
    rest.split_once("```").expect("the block ends").0.to_owned()
}

/// The first column of the table below a heading.
fn column(page: &str, heading: &str) -> Vec<String> {
    let section = page.split_once(&format!("## {heading}\n")).expect("the heading").1;
    let section = section.split("\n## ").next().expect("a section");
    section.lines().filter(|line| line.starts_with("| ")).map(|line| line.split(" | ").next().unwrap().to_owned()).collect()
}

#[test]
fn the_tables_have_every_option_of_the_other_modules() {
    for (heading, options) in [("From pam-ussh", &PAM_USSH[..]), ("From pam_ssh_agent_auth", &PAM_SSH_AGENT_AUTH)] {
        let rows = column(&page(), heading);
        for option in options {
            let row = format!("| `{option}");
            assert!(rows.iter().any(|found| found.starts_with(&row)), "{heading}: {option}: {rows:?}");
        }
    }
}

#[test]
fn ubers_lines_work_and_so_do_those_that_take_their_place() {
    let world = sshd_host::host();
    world.sudoers("Defaults timestamp_timeout=0");
    let person = Person::with_agent(
        &world,
        world.agent_of("alice", "/home/alice/agent"),
        &Request::new("alice@corp").principals("alice,root-people"),
    );
    world.run(&["mv", "/etc/ssh/trusted_user_ca", "/etc/ssh/user_ca"]).ok();
    world.write("/etc/ssh/root_authorized_principals", "root-people\n");
    let rest = "account required pam_permit.so\nsession required pam_permit.so\n";
    world.pam("sudo", &format!("{}{rest}", file("pam-ussh")));
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    person.renew(&Request::new("alice@corp"));
    assert_refused(&sudo(&world, "alice", person.agent.socket()), "principal");

    sshd_host::install_programs(&world);
    world.pam("sudo", &file("pam-ussh"));
    for block in blocks(PAGE).iter().filter(|block| block.place == "host") {
        world.run(&["bash", "-e", "-c", &format!("cd /root\n{}\n{}", super::stage::PREAMBLE, block.commands)]).ok();
    }
    assert!(world.read("/etc/pam.d/sudo").contains("\naccount  required"), "{}", world.read("/etc/pam.d/sudo"));
    assert_refused(&sudo(&world, "alice", person.agent.socket()), "principal");
    person.renew(&Request::new("alice@corp").principals("alice,root-people"));
    assert_root(&sudo(&world, "alice", person.agent.socket()));
}

#[test]
fn plain_keys_and_certificates_count_side_by_side_until_the_account_line_stands_there() {
    let world = sshd_host::host();
    world.sudoers("Defaults timestamp_timeout=0\nDefaults env_keep += \"SSH_AUTH_SOCK\"\nDefaults passwd_tries=1");
    let (key, agent) = (world.key("ed25519"), world.agent());
    agent.add(&key);
    let certified = certified(&world, &key);
    world.mkdir("/etc/security", "root", 0o755);
    world.write("/etc/security/authorized_keys", &world.read(&key.public()));
    // Each agent belongs to whoever asks.
    let plain = |user| forwarded(&world, user, &agent);
    let certificate = |user| forwarded(&world, user, &certified);

    world.pam("sudo", &file("side-by-side"));
    assert_eq!([plain("alice"), certificate("alice")], [true, true]);
    world.pam("sudo", &file("some"));
    assert_eq!([plain("alice"), certificate("alice")], [false, true], "alice is in ops");
    assert!(plain("mallory"), "mallory is not, and goes on as before");
    world.pam("sudo", &file("some").replace(" group=ops", ""));
    assert!(!plain("mallory"), "in the end nobody does");
}

/// Whether `sudo` runs for them with this agent, forwarded.
fn forwarded(world: &World, user: &str, agent: &Agent<'_>) -> bool {
    world.ssh(user).agent(agent).run("sudo id -u </dev/null").stdout == "0\n"
}

/// The agent of somebody whose plain key the CA has signed, as the page says.
fn certified<'w>(world: &'w World, key: &Key<'w>) -> Agent<'w> {
    world.install_ca_tool();
    let ca = world.ca("ed25519");
    world.trust(&[&ca]);
    world.mkdir("/etc/ussh", "root", 0o755);
    world.write("/etc/ussh/ca.toml", &format!("default_ca = \"it\"\n[ca.it]\nkey = \"{}\"\n", ca.key().path()));
    world.write("/root/alice.pub", &world.read(&key.public()));
    let sign = blocks(PAGE).into_iter().find(|block| block.place == "ca").expect("a certificate");
    world.run(&["bash", "-e", "-c", &format!("cd /root\n{}", sign.commands)]).ok();
    let agent = world.agent();
    world.write_as(&format!("{}-cert.pub", key.path()), world.read("/root/alice-cert.pub").as_bytes(), "laptop", 0o644);
    agent.add(key);
    agent
}
