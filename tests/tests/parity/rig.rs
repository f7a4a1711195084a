//! One private host on which sshd and sudo, through the module, are asked about the same certificate.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use ssh_key::PrivateKey;
use ssh_key::encoding::base64::{Base64, Encoding as _};
use tests::world::{CA_FILE, Key, Output, Session, World};

use super::agent::{Identity, RawAgent};
use super::case::{Case, Verdict};
use super::draft::{Draft, blob_of_line};

const RAW_AGENT: &str = "/home/laptop/raw-agent";

/// sshd's log about a key that it was shown: refused by its rules, or before they were looked at.
const SHOWN: [&str; 3] = ["Failed publickey for alice", "userauth_pubkey: ", "refusing RSA"];

/// Where both look for principals, when a case has a file of them.
pub const PRINCIPALS_FILE: &str = "/etc/ssh/principals";

pub struct Rig<'w> {
    pub world: &'w World,
    /// The trusted CA, unless a case has a CA file of its own.
    pub ca: PrivateKey,
    /// The key of most certificates.
    pub key: Key<'w>,
    signer: tests::world::Agent<'w>,
    raw_agent: RawAgent,
    alice: RefCell<Session<'w>>,
    /// Ports by sshd_config lines.
    sshds: RefCell<HashMap<String, u16>>,
    pub asked: Cell<usize>,
    pub wrong: RefCell<Vec<String>>,
}

impl<'w> Rig<'w> {
    pub fn new(world: &'w World) -> Rig<'w> {
        let ca = world.ca("ed25519");
        world.trust(&[&ca]);
        let ca = PrivateKey::from_openssh(world.read(ca.key().path())).unwrap();
        world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
        let signer = world.agent();
        let raw_agent = RawAgent::listen(&world.path(RAW_AGENT), &world.path(signer.socket()));
        world.own(RAW_AGENT, "laptop", 0o600);
        let alice = world.ssh("alice").agent_at(RAW_AGENT).open();
        let rig = Rig {
            world,
            ca,
            key: world.key("ed25519"),
            signer,
            raw_agent,
            alice: RefCell::new(alice),
            sshds: RefCell::default(),
            asked: Cell::new(0),
            wrong: RefCell::default(),
        };
        rig.signer.add(&rig.key);
        rig
    }

    /// A key of another type, which the agent can sign with.
    pub fn key_of(&self, kind: &str) -> Key<'w> {
        let key = self.world.key(kind);
        self.signer.add(&key);
        key
    }

    /// A certificate for [`Rig::key`]: an hour, for alice.
    pub fn draft(&self) -> Draft {
        Draft::for_key(&self.blob(&self.key))
    }

    /// A key's public blob.
    pub fn blob(&self, key: &Key<'_>) -> Vec<u8> {
        blob_of_line(&self.world.read(&key.public()))
    }

    /// A case about a certificate by the trusted CA.
    pub fn case(&self, name: &str, draft: Draft) -> Case<'_, 'w> {
        self.case_of(name, draft.sign(&self.ca), &self.key)
    }

    /// A case about any bytes for this key.
    pub fn case_of(&self, name: &str, listed: Vec<u8>, key: &Key<'_>) -> Case<'_, 'w> {
        Case::new(self, name, vec![Identity { listed, plain: self.blob(key) }])
    }

    /// A command in the login in which sudo is asked.
    pub fn alice_runs(&self, command: &str) {
        self.alice.borrow_mut().run(command).ok();
    }

    /// Shows all three the same certificate under the same rules. sshd's session stack is asked where sshd accepts.
    pub(super) fn ask(&self, case: &Case<'_, '_>) -> (Verdict, Option<Verdict>, Verdict) {
        self.asked.set(self.asked.get() + 1);
        self.prepare(case);
        let (sshd, session) = self.ask_sshd(case);
        (sshd, session, self.ask_module(case))
    }

    fn prepare(&self, case: &Case<'_, '_>) {
        self.raw_agent.hold(case.identities.clone());
        let ca_line = format!("{}\n", self.ca.public_key().to_openssh().unwrap());
        self.world.write_as(CA_FILE, case.ca_file.as_deref().unwrap_or(ca_line.as_bytes()), "root", 0o644);
        if let Some(content) = &case.principals_file {
            self.world.write_as(PRINCIPALS_FILE, content, "root", 0o644);
        }
        self.world.pam(
            "sshd",
            &format!(
                "account required pam_permit.so\nsession required pam_ussh.so {}\nsession required pam_permit.so\n",
                case.module_options()
            ),
        );
        if let Some(spoil) = case.spoil {
            spoil(self.world);
        }
    }

    fn ask_sshd(&self, case: &Case<'_, '_>) -> (Verdict, Option<Verdict>) {
        let (port, log_file) = self.sshd(&case.sshd_lines());
        let log_start = self.world.read(&log_file).len();
        self.world.module_log();
        let mut login = self.world.ssh("alice").agent_at(RAW_AGENT).by_agent();
        for option in [&format!("-p{port}"), "-oHostKeyAlias=localhost"] {
            login = login.option(option);
        }
        for option in &case.client {
            login = login.option(option);
        }
        let answer = login.run("true");
        let log = self.world.read(&log_file)[log_start..].to_owned();
        if log.contains("Accepted publickey for alice") {
            return (Verdict::Accepted, Some(self.session(case, &answer)));
        }
        assert!(answer.stderr.contains("Permission denied (publickey)"), "{}: {answer}\n{log}", case.name);
        let shown = SHOWN.iter().any(|words| log.contains(words));
        (if shown { Verdict::Refused(log) } else { self.unreadable(case, &answer, &log) }, None)
    }

    /// What the module said in the session stack of the sshd that accepted.
    fn session(&self, case: &Case<'_, '_>, answer: &Output) -> Verdict {
        let log = self.world.module_log();
        let said = |word| log.iter().any(|line| line.contains(&format!("pam_ussh(sshd:session): {word} ")));
        match answer.code {
            0 if said("accepted") => Verdict::Accepted,
            254 if said("refused") => Verdict::Refused(log.concat()),
            _ => panic!("{}: {answer}\n{log:#?}", case.name),
        }
    }

    /// ssh never showed it to sshd, because it could not read it: its parser is sshd's parser, and ssh-keygen's too.
    fn unreadable(&self, case: &Case<'_, '_>, ssh: &Output, sshd: &str) -> Verdict {
        for identity in &case.identities {
            let line = format!("{}\n", line_of_blob(&identity.listed));
            self.world.write("/run/rig/listed.pub", &line);
            let read = self.world.run(&["ssh-keygen", "-L", "-f", "/run/rig/listed.pub"]);
            assert_ne!(read.code, 0, "{}: ssh could have shown it to sshd but did not: {ssh}\n{sshd}{read}", case.name);
        }
        Verdict::Unreadable
    }

    fn ask_module(&self, case: &Case<'_, '_>) -> Verdict {
        let options = case.module_options();
        self.world.pam("sudo", &format!("account required pam_ussh.so {options}\nsession required pam_permit.so\n"));
        self.world.module_log();
        let answer = self.alice.borrow_mut().run("sudo -n true");
        let log = self.world.module_log();
        let decided = |word| log.iter().filter(|line| line.contains(&format!("pam_ussh(sudo:account): {word} "))).count();
        assert_eq!(decided("accepted") + decided("refused"), 1, "{}: one line a decision: {log:?} {answer}", case.name);
        if answer.code == 0 { Verdict::Accepted } else { Verdict::Refused(log.concat()) }
    }

    /// The port and log file of an sshd with these lines in its configuration.
    fn sshd(&self, lines: &str) -> (u16, String) {
        let count = u16::try_from(self.sshds.borrow().len()).unwrap();
        let port = *self.sshds.borrow_mut().entry(lines.to_owned()).or_insert_with(|| {
            let port = 2200 + count;
            self.start_sshd(port, lines);
            port
        });
        (port, format!("/run/rig/sshd-{port}.log"))
    }

    fn start_sshd(&self, port: u16, lines: &str) {
        let config = format!("/etc/ssh/sshd_config-{port}");
        let penalties = self
            .world
            .read("/etc/ssh/sshd_config")
            .lines()
            .find(|line| line.starts_with("PerSourcePenalties"))
            .map_or_else(String::new, |line| format!("{line}\n"));
        self.world.write(
            &config,
            &format!(
                "{lines}\n{penalties}Port {port}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/ssh_host_ed25519_key\nPidFile none\n\
                 UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\n\
                 TrustedUserCAKeys {CA_FILE}\nForceCommand /bin/true\nLogLevel VERBOSE\n"
            ),
        );
        let log_file = format!("/run/rig/sshd-{port}.log");
        self.world.run(&["/usr/sbin/sshd", "-f", &config, "-E", &log_file]).ok();
        let start = Instant::now();
        while !self.world.read(&log_file).contains("Server listening") {
            assert!(start.elapsed() < Duration::from_secs(10), "sshd does not listen: {}", self.world.read(&log_file));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Fails the test when a verdict was not the expected one.
    pub fn finish(self) {
        let wrong = self.wrong.borrow();
        assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), self.asked.get(), wrong.join("\n"));
    }
}

/// `TYPE BASE64`, whatever the bytes.
pub(super) fn line_of_blob(blob: &[u8]) -> String {
    let length = usize::try_from(u32::from_be_bytes(blob[..4].try_into().unwrap())).unwrap();
    format!("{} {}", String::from_utf8_lossy(&blob[4..4 + length]), Base64::encode_string(blob))
}
