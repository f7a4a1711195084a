//! docs/runbooks/break-glass.md: a resident CA on a security key, and nothing but that key when it counts.

use std::time::{Duration, Instant};

use tests::world::{Output, SecurityKey, World};

use super::page::{Block, blocks};

const PAGE: &str = "docs/runbooks/break-glass.md";
const PIN: &str = "123456";

/// Answers as the person would, to whichever program asks.
const PERSON: &str = "#!/bin/sh\n[ -z \"$SSH_ASKPASS_PROMPT\" ] || exit 0\ncase $1 in *PIN*) echo 123456;; *) echo;; esac\n";

/// What the software security key needs and a real one does not: that ssh-agent may load its library.
const PREAMBLE: &str = "ssh-agent() { command ssh-agent -P \"$SSH_SK_PROVIDER\" \"$@\"; }\n";

/// Desk, host and the other machine: one world, three homes.
struct Stage<'w> {
    world: &'w World,
    device: SecurityKey<'w>,
}

impl<'w> Stage<'w> {
    fn new(world: &'w World) -> Stage<'w> {
        let device = world.security_key();
        device.set("pin", PIN);
        device.set("touch", "given");
        world.install_ca_tool();
        world.write_as("/opt/rig/person", PERSON.as_bytes(), "root", 0o755);
        world.mkdir("/home/elsewhere", "laptop", 0o700);
        Stage { world, device }
    }

    /// Runs commands at a place, in a shell that remembers what the one before exported.
    fn run(&self, place: &str, commands: &str) -> Output {
        let (user, home) = match place {
            "desk" => ("laptop", "/home/laptop"),
            "elsewhere" => ("laptop", "/home/elsewhere"),
            "host" => ("root", "/root"),
            other => panic!("{PAGE}: where is {other:?}?"),
        };
        let script = format!(
            "cd {home}; [ ! -e .stage ] || . ./.stage\n{PREAMBLE}{}\nexport -p | grep SSH_A >.stage; true",
            commands.replace("HOST", "localhost")
        );
        let person = [("HOME", home), ("SSH_ASKPASS", "/opt/rig/person"), ("SSH_ASKPASS_REQUIRE", "force")];
        self.world.run_with(user, &person, &["bash", "-e", "-c", &script])
    }

    /// Runs a block of the page, which has to succeed.
    #[track_caller]
    fn follow(&self, block: &Block) -> Output {
        let output = self.run(&block.place, &block.commands);
        output.ok();
        if block.place == "desk" && block.commands.contains("-f break-glass\n") && !block.commands.contains(" -l ") {
            // The page: copy it to every host.
            let public = self.world.read("/home/laptop/break-glass.pub");
            self.world.write("/root/break-glass.pub", &public);
        }
        if block.commands.contains("kill -HUP") {
            self.wait_for_sshd();
        }
        output
    }

    /// After a HUP, sshd starts anew.
    fn wait_for_sshd(&self) {
        let start = Instant::now();
        while !self.world.log().iter().any(|line| line.contains("Server listening on")) {
            assert!(start.elapsed() < Duration::from_secs(60), "sshd does not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Follows the page up to the block with these words, that one included, and returns what that one said.
    #[track_caller]
    fn follow_until(&self, words: &str) -> Output {
        for block in blocks(PAGE) {
            let output = self.follow(&block);
            if block.commands.contains(words) {
                return output;
            }
        }
        panic!("{PAGE} has no {words:?}");
    }
}

#[test]
fn the_page_works_from_its_first_command_to_its_last() {
    let world = World::new();
    let stage = Stage::new(&world);
    let mut said = String::new();
    for block in blocks(PAGE) {
        world.log(); // read up to here
        let output = stage.follow(&block);
        said += &output.stdout;
        let log = world.log();
        if block.commands.contains("ssh ") && block.commands.contains("root@HOST") {
            let accepted = log.iter().find(|line| line.contains("Accepted publickey for root"));
            let accepted = accepted.unwrap_or_else(|| panic!("no login: {output}\n{log:#?}"));
            assert!(accepted.contains("CA ECDSA-SK SHA256:") && accepted.contains("(serial "), "{accepted}");
        }
        if block.commands.contains("ca-tool emergency") {
            let loud =
                log.iter().filter(|line| line.contains("EMERGENCY certificate") && line.contains("LDAP is down, INC-1234"));
            assert_eq!(loud.count(), 1, "{log:#?}");
            assert!(output.stdout.contains("I have issued an emergency certificate."), "{output}");
        }
    }
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(world.path(name)).map(|data| data.permissions().mode() & 0o777).ok()
    };
    assert_eq!(mode("/home/elsewhere/emergency"), Some(0o700));
    assert_eq!(mode("/home/elsewhere/emergency/id_ed25519"), None, "the page destroys it");
    assert_eq!(mode("/home/elsewhere/emergency-agent/id_ed25519"), None, "it went into the agent");
    assert!(said.contains("break-glass"), "{said}");
}

#[test]
fn a_certificate_that_has_ended_is_refused_by_sshd() {
    let world = World::new();
    let stage = Stage::new(&world);
    stage.follow_until("ssh-add -L >ca.pub");
    let old = "ssh-keygen -q -t ed25519 -N '' -f id_ed25519
        ca-tool sign -s agent:ca.pub --journal j.db -I old -n root -V -20m:-10m id_ed25519.pub";
    stage.run("elsewhere", old).ok();
    world.log();
    stage.run("elsewhere", "ssh -oBatchMode=yes -i id_ed25519 root@HOST").refused();
    let log = world.log();
    assert!(log.iter().any(|line| line.contains("Certificate invalid: expired")), "{log:#?}");
}

#[test]
fn a_touch_that_is_not_given_ends_in_a_sentence_and_no_file() {
    let world = World::new();
    let stage = Stage::new(&world);
    stage.follow_until("ssh-add -L >ca.pub");
    stage.device.set("touch", "refused");
    let output = stage.run("elsewhere", "ca-tool emergency -s agent:ca.pub -n root --reason test -o now");
    output.refused();
    for words in ["Touch the security key to sign", "the ssh-agent refused the request", "touch it when it blinks"] {
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
    assert!(!world.path("/home/elsewhere/now/id_ed25519").exists());
}

#[test]
fn a_host_that_does_not_trust_the_ca_lets_nobody_in() {
    let world = World::new();
    let stage = Stage::new(&world);
    stage.follow_until("ssh -i emergency/id_ed25519");
    world.write("/etc/ssh/trusted_user_ca", "");
    stage.run("elsewhere", "ssh -oBatchMode=yes -i emergency/id_ed25519 root@HOST").refused();
}

#[test]
fn what_the_table_says_of_a_key_that_the_agent_does_not_hold_and_of_clocks_brings_one_in() {
    let world = World::new();
    let stage = Stage::new(&world);
    stage.follow_until("ssh-add -L >ca.pub");
    stage.run("elsewhere", "ssh-add -q -D").ok();
    let emergency = "ca-tool emergency -s agent:ca.pub -n root --reason test -o now -V -15m:+45m";
    let output = stage.run("elsewhere", emergency);
    output.refused();
    assert!(output.stderr.contains("The ssh-agent does not hold the key"), "{output}");
    stage.run("elsewhere", "ssh-add -K").ok();
    let held = stage.run("elsewhere", "ssh-add -l");
    assert!(held.ok().stdout.contains("ECDSA-SK"), "{held}");
    stage.run("elsewhere", emergency).ok();
    stage.run("elsewhere", "ssh -oBatchMode=yes -i now/id_ed25519 root@HOST true").ok();
}
