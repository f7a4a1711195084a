//! docs/by-hand.md: what is built where the page says lands where a host looks for it. Compiling is done by
//! tests/clone.sh: the programs under test stand in here for what cargo makes there.

use std::fs;

use tests::setting::{Person, assert_root, sudo};
use tests::world::{Request, World, module_under_test};

use super::page::{ROOT, blocks};
use super::sshd_host;

const PAGE: &str = "docs/by-hand.md";

#[test]
fn a_host_has_all_of_it_when_the_page_is_done() {
    let world = sshd_host::host();
    let blocks = blocks(PAGE);
    let (clone, host): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| block.place == "clone");
    build(&world, &clone[0].commands);
    world.mkdir("/run/usr", "root", 0o755);
    world.mkdir("/run/work", "root", 0o755);
    for folder in ["libexec", "local"] {
        let (upper, work) = (format!("/run/usr/{folder}"), format!("/run/work/{folder}"));
        world.run(&["mkdir", "-p", &upper, &work]).ok();
        let layers = format!("lowerdir=/usr/{folder},upperdir={upper},workdir={work}");
        world.run(&["mount", "-t", "overlay", "overlay", "-o", &layers, &format!("/usr/{folder}")]).ok();
    }
    for block in host {
        world.run(&["bash", "-e", "-c", &format!("cd /root\n{}", block.commands)]).ok();
    }
    for page in ["man8/pam_ussh.8", "man8/ussh-session-guard.8", "man8/ussh-pam-try.8", "man1/ca-tool-sign.1", "man5/ca.toml.5"]
    {
        world.run(&["test", "-s", &format!("/usr/local/share/man/{page}")]).ok();
    }
    world.write("/etc/manpath.config", &fs::read_to_string("/etc/manpath.config").expect("install man-db"));
    for words in [["man", "pam_ussh"], ["man", "ca-tool"], ["man", "ca.toml"]] {
        assert!(world.run(&words).ok().stdout.contains(words[1]), "{words:?}");
    }
    // And it works: the module, and ca-tool with ussh-pam-try.
    let person = Person::with_agent(&world, world.agent_of("alice", "/home/alice/agent"), &Request::new("alice@corp"));
    let lines = world.run(&["/usr/local/bin/ca-tool", "config", "--pam", "sudo"]);
    world.pam("sudo", &format!("{}session required pam_permit.so\n", lines.ok().stdout));
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    let agent = [("SSH_AUTH_SOCK", person.agent.socket())];
    let check = world.run_with("alice", &agent, &["/usr/local/bin/ca-tool", "check"]);
    assert!(check.ok().stdout.contains("alice@corp"), "{check}");
}

/// Takes the page's cargo lines as words: each crate is one of the workspace's, and what it makes stands in target/release.
fn build(world: &World, commands: &str) {
    world.mkdir("/root/target/release", "root", 0o755);
    let crates = ["pam_ussh", "ussh-session-guard", "ussh-pam-try", "ca-tool"];
    let lines: Vec<&str> = commands.lines().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(lines, crates.map(|name| format!("cargo build --locked --release -p {name}")));
    let released = |name: &str| module_under_test().with_file_name(name);
    world.install(&module_under_test(), "/root/target/release/libpam_ussh.so", 0o755);
    for (name, variable) in
        [("ussh-session-guard", "USSH_SESSION_GUARD"), ("ussh-pam-try", "USSH_PAM_TRY"), ("ca-tool", "CA_TOOL")]
    {
        let program = std::env::var_os(variable).map_or_else(|| released(name), Into::into);
        world.install(&program, &format!("/root/target/release/{name}"), 0o755);
    }
    for file in [
        "pam_ussh/pam_ussh.8",
        "pam_ussh/session-guard/ussh-session-guard.8",
        "pam_ussh/pam-try/ussh-pam-try.8",
        "ca-tool/ca.toml.5",
        "ca-tool/ca.toml",
    ] {
        let text = fs::read_to_string(format!("{ROOT}/{file}")).unwrap_or_else(|error| panic!("{file}: {error}"));
        world.mkdir(&format!("/root/{}", file.rsplit_once('/').expect("a folder").0), "root", 0o755);
        world.write(&format!("/root/{file}"), &text);
    }
}
