//! Where pages are followed: the machine with the CA's YubiKeys, a host, and somebody's laptop.

use std::cell::RefCell;
use std::collections::HashMap;

use software_yubikey::pcsc::Service;
use software_yubikey::{Firmware, YubiKey, attestation_root_pem};
use tests::world::{Agent, Output, World};

use super::page::{Block, Step, steps};
use super::sshd_host;

/// The one that is plugged in when a page begins.
const FIRST: u32 = 5001234;

/// Answers as the person would, to whichever program asks.
const PERSON: &str = r#"#!/bin/sh
[ -z "$SSH_ASKPASS_PROMPT" ] || exit 0
case $1 in *PUK*) echo puk:4711;; *) echo pin:4711;; esac
"#;

/// What software YubiKeys need and real ones do not: another root to attest up to.
pub const PREAMBLE: &str = r#"ca-tool() {
    case " $* " in
        *" init "* | *" key attest "*) command ca-tool "$@" --root /root/root.pem ;;
        *) command ca-tool "$@" ;;
    esac
}
# There is no systemd: sshd reads its configuration again, and is waited for.
systemctl() {
    kill -HUP "$(cat /run/sshd.pid)"
    for i in {1..200}; do sleep 0.05; (: </dev/tcp/127.0.0.1/22) 2>&- && return; done
    return 1
}
"#;

/// Two machines; the laptop's network is the host's.
pub struct Worlds {
    /// Where the CA is.
    pub ca: World,
    /// Where people log in.
    pub host: World,
}

impl Worlds {
    pub fn new() -> Worlds {
        Worlds { ca: World::new(), host: sshd_host::host() }
    }

    pub fn stage(&self) -> Stage<'_> {
        for world in [&self.ca, &self.host] {
            sshd_host::install_programs(world);
            world.write_as("/opt/rig/person", PERSON.as_bytes(), "root", 0o755);
            world.write("/root/root.pem", &attestation_root_pem());
        }
        let stage = Stage { worlds: self, ports: self.ca.pcscd(), yubikeys: RefCell::default(), agent: self.host.agent() };
        stage.plug(FIRST);
        stage
    }
}

pub struct Stage<'w> {
    worlds: &'w Worlds,
    ports: Service,
    yubikeys: RefCell<HashMap<u32, YubiKey>>,
    agent: Agent<'w>,
}

impl Stage<'_> {
    /// Does all that a page says, and returns what its commands printed.
    #[track_caller]
    pub fn follow(&self, page: &str) -> String {
        steps(page).into_iter().map(|step| self.take(page, &step)).collect()
    }

    /// One step.
    #[track_caller]
    pub fn take(&self, page: &str, step: &Step) -> String {
        match step {
            Step::Run(block) if block.place == "systemd" => {} // tests/boot.sh
            Step::Run(block) => return self.run(page, block),
            Step::Bring([from, file, to, copy]) => {
                let source = self.machine(page, from).path(file);
                let bytes = std::fs::read(&source).unwrap_or_else(|error| panic!("{page}: {from}:{file}: {error}"));
                let owner = if to == "laptop" { "laptop" } else { "root" };
                self.machine(page, to).write_as(copy, &bytes, owner, 0o644);
            }
            Step::Plug(serial) => self.plug(*serial),
            Step::Unplug(serial) => self.ports.unplug(&self.yubikeys.borrow()[serial]),
            Step::Lose([place, file]) => _ = self.shell(page, place, &format!("rm -r {file}")).ok(),
        }
        String::new()
    }

    fn plug(&self, serial: u32) {
        let mut yubikeys = self.yubikeys.borrow_mut();
        self.ports.plug(yubikeys.entry(serial).or_insert_with(|| YubiKey::new(serial, Firmware::V5_4)));
    }

    /// Another YubiKey in the place of the first, as it comes out of the box.
    pub fn factory_new(&self) {
        if let Some(old) = self.yubikeys.borrow_mut().remove(&FIRST) {
            self.ports.unplug(&old);
        }
        self.plug(FIRST);
    }

    #[track_caller]
    fn run(&self, page: &str, block: &Block) -> String {
        let output = self.shell(page, &block.place, &block.commands);
        match block.refused {
            true => output.refused(),
            false => output.ok(),
        };
        output.stdout + &output.stderr
    }

    /// In a shell that remembers what the one before exported.
    pub fn shell(&self, page: &str, place: &str, commands: &str) -> Output {
        let (user, home) = if place == "laptop" { ("laptop", "/home/laptop") } else { ("root", "/root") };
        let agent = if place == "laptop" { self.agent.socket() } else { "" };
        let commands = commands.replace("HOST", "localhost");
        let script = format!("cd {home}\n{PREAMBLE}\n{commands}");
        let person = [("SSH_AUTH_SOCK", agent), ("SSH_ASKPASS", "/opt/rig/person"), ("SSH_ASKPASS_REQUIRE", "force")];
        self.machine(page, place).run_with(user, &person, &["bash", "-e", "-o", "pipefail", "-c", &script])
    }

    fn machine(&self, page: &str, place: &str) -> &World {
        match place {
            "ca" => &self.worlds.ca,
            "host" | "laptop" => &self.worlds.host,
            other => panic!("{page}: where is {other:?}?"),
        }
    }
}
