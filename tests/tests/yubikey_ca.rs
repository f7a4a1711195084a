//! The CA on a YubiKey, from the factory's PIN to a login and to sudo: real sshd, real sudo, unmodified OpenSSH.

use software_yubikey::pcsc::Service;
use software_yubikey::{Firmware, YubiKey, attestation_root_pem};
use tests::setting::{assert_logged, assert_refused, assert_root};
use tests::world::{CA_FILE, Key, Output, World};

/// The module in both stacks, as the README has it.
const BOTH_STACKS: &str = "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_permit.so\n";

/// A machine on which root has ca-tool and USB ports.
struct Bastion<'w> {
    world: &'w World,
    ports: Service,
}

impl<'w> Bastion<'w> {
    fn new(world: &'w World) -> Bastion<'w> {
        world.install_ca_tool();
        world.write("/root/root.pem", &attestation_root_pem());
        Bastion { world, ports: world.pcscd() }
    }

    /// A YubiKey fresh from the factory, plugged in.
    fn plug(&self, serial: u32) -> YubiKey {
        let key = YubiKey::new(serial, Firmware::V5_4);
        self.ports.plug(&key);
        key
    }

    /// Resets PIV, sets PIN pin:4711, PUK puk:4711 and a management key, makes a P-384 key in 9c; returns the CA's line.
    fn make_a_ca(&self, serial: u32) -> String {
        let init = format!("ca-tool init --serial {serial} --reset --yes --algorithm p384 --root root.pem");
        let answer = self.ca_tool(&init, &[("new-pin", "pin:4711"), ("new-puk", "puk:4711")]);
        let line = answer.ok().stdout.lines().find(|line| line.starts_with("ecdsa-sha2-nistp384")).expect("a CA's line");
        format!("{line}\n")
    }

    /// A certificate as the guide has it: for `$USER`, to be root for ten minutes.
    fn sign(&self, ca: &str, user: &str, key: &Key<'_>, pin: &str) -> Output {
        let public = key.public();
        self.ca_tool(&format!("ca-tool sign -s '{ca}' -I {user} -n root -V +10m {public}"), &[("pin", pin)])
    }

    /// Runs a line as root, with secrets in file descriptors.
    fn ca_tool(&self, line: &str, secrets: &[(&str, &str)]) -> Output {
        let mut line = line.to_owned();
        for (descriptor, (name, secret)) in (3..).zip(secrets) {
            line.push_str(&format!(" --secret-fd {name}={descriptor} {descriptor}<<<{secret}"));
        }
        self.world.shell("root", &line)
    }
}

/// SHA256:… of a line of TrustedUserCAKeys.
fn fingerprint(world: &World, line: &str) -> String {
    world.write("/root/line.pub", line);
    Key::at(world, "/root/line").fingerprint()
}

#[test]
fn root_logs_in_with_a_certificate_of_either_bastion_and_sshd_says_whose_it_was() {
    let world = World::new();
    let (serials, people) = ([5001234, 5005678], ["alice", "bob"]);
    let bastion = Bastion::new(&world);
    let mut lines = Vec::new();
    for serial in serials {
        let yubikey = bastion.plug(serial);
        lines.push(bastion.make_a_ca(serial));
        bastion.ports.unplug(&yubikey);
        bastion.ports.plug(&yubikey);
    }
    for (line, serial) in lines.iter().zip(serials) {
        assert!(line.trim_end().ends_with(&format!(" Y{serial}")), "the comment is the YubiKey's serial number: {line}");
    }
    world.write(CA_FILE, &lines.concat());
    world.sshd_config(&format!("TrustedUserCAKeys {CA_FILE}"));

    for ((serial, line), person) in serials.iter().zip(&lines).zip(people) {
        let key = world.key("ed25519");
        bastion.sign(&format!("yubikey:slot=9c;serial={serial}"), person, &key, "pin:4711").ok();
        world.log();
        assert_eq!(world.ssh("root").by_certificate(&key).run("id -u").ok().stdout, "0\n");
        let ca = fingerprint(&world, line);
        let expected = format!("ID {person} (serial 1) CA ECDSA {ca}");
        let log = world.log();
        assert!(
            log.iter().any(|line| line.contains("Accepted publickey for root") && line.contains(&expected)),
            "{expected}: {log:#?}"
        );
    }
}

#[test]
fn a_certificate_for_root_lets_nobody_in_as_alice_or_after_it_was_revoked() {
    let world = World::new();
    let bastion = Bastion::new(&world);
    bastion.plug(5001234);
    world.write(CA_FILE, &bastion.make_a_ca(5001234));
    let key = world.key("ed25519");
    bastion.sign("yubikey:", "alice", &key, "pin:4711").ok();
    bastion.ca_tool("ca-tool krl build", &[]).ok();
    world.sshd_config(&format!("TrustedUserCAKeys {CA_FILE}\nRevokedKeys /etc/ssh/revoked_keys"));
    assert_eq!(world.ssh("alice").by_certificate(&key).run("id").code, 255, "it names root alone");
    world.ssh("root").by_certificate(&key).run("id").ok();

    bastion.ca_tool("ca-tool revoke -I alice -r 'laptop stolen'", &[]).ok();
    world.log();
    assert_eq!(world.ssh("root").by_certificate(&key).run("id").code, 255);
    let log = world.log();
    assert!(log.iter().any(|line| line.contains("revoked by file")), "{log:#?}");
}

#[test]
fn a_blocked_pin_is_unblocked_with_the_puk_and_signs_again() {
    let world = World::new();
    let bastion = Bastion::new(&world);
    bastion.plug(5001234);
    world.write(CA_FILE, &bastion.make_a_ca(5001234));
    world.sshd_config(&format!("TrustedUserCAKeys {CA_FILE}"));
    let key = world.key("ed25519");
    for tries in ["2 tries", "1 try"] {
        let answer = bastion.sign("yubikey:", "alice", &key, "111111");
        assert_eq!(answer.code, 1, "{answer}");
        assert!(answer.stderr.contains(tries), "{tries}: {answer}");
    }
    let answer = bastion.sign("yubikey:", "alice", &key, "111111");
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stderr.contains("last"), "the last try is not spent unasked: {answer}");
    // Another program spends it.
    let spent = world.shell("root", "yubico-piv-tool -a verify-pin -P 111111");
    assert!(spent.stderr.contains("locked") || spent.stderr.contains("0 tries") || spent.code != 0, "{spent}");
    let answer = bastion.sign("yubikey:", "alice", &key, "pin:4711");
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stderr.contains("key unblock"), "{answer}");

    bastion.ca_tool("ca-tool key unblock", &[("puk", "puk:4711"), ("new-pin", "246810")]).ok();
    bastion.sign("yubikey:", "alice", &key, "246810").ok();
    world.ssh("root").by_certificate(&key).run("id").ok();
}

#[test]
fn sudo_is_accepted_by_a_certificate_that_the_yubikey_put_into_the_forwarded_agent_until_it_ends() {
    let world = World::new();
    world.pam("sudo", BOTH_STACKS);
    let bastion = Bastion::new(&world);
    bastion.plug(5001234);
    world.write(CA_FILE, &bastion.make_a_ca(5001234));
    let agent = world.agent();
    let mut alice = world.ssh("alice").agent(&agent).tty().open();
    assert_refused(&alice.run("sudo id -u"), "holds no certificate");

    let sign = "/opt/rig/ca-tool sign --journal journal.db -s yubikey: --to-agent -I alice@corp -n alice -V -1m:+25s";
    alice.run(&format!("{sign} --secret-fd pin=3 3<<<pin:4711")).ok();
    let held = agent.ssh_add(&["-l"]);
    assert!(held.ok().stdout.contains("ED25519-CERT"), "it is in the agent at home: {held}");
    world.log();
    assert_root(&alice.run("sudo id -u"));
    let ca = fingerprint(&world, &world.read(CA_FILE));
    assert_logged(&world, &["accepted", "key_id=\"alice@corp\"", "serial=1", &ca, "sudo:auth"]);

    while agent.ssh_add(&["-l"]).stdout.contains("alice@corp") {
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_refused(&alice.run("sudo id -u"), "holds no certificate");
}

#[test]
fn the_journal_says_who_asked_behind_sudo_and_no_secret_is_in_it_or_in_the_system_log() {
    let world = World::new();
    let permit = ["auth", "account", "session"].map(|stack| format!("{stack} required pam_permit.so\n")).concat();
    world.pam("sudo", &permit);
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    let bastion = Bastion::new(&world);
    bastion.plug(5001234);
    bastion.make_a_ca(5001234);
    let key = world.key("ed25519");
    world.write("/root/pin", "pin:4711\n");
    let sign = format!("/opt/rig/ca-tool sign -s yubikey: -I alice -n root {} --secret-fd pin=3 3</root/pin", key.public());
    world.run_as("alice", &["sudo", "-n", "bash", "-c", &sign]).ok();
    world.run_as("alice", &["sudo", "-n", "bash", "-c", "/opt/rig/ca-tool revoke -I alice --krl /root/krl"]).ok();

    let shown = world.shell("root", "ca-tool log show 2");
    assert!(shown.ok().stdout.lines().any(|line| line.contains("Asked by") && line.contains("alice")), "{shown}");
    let log = world.log().join("\n");
    for event in ["issued", "revoked"] {
        assert!(
            log.lines().any(|line| line.contains("ca-tool") && line.contains(event) && line.contains("alice")),
            "{event}: {log}"
        );
    }
    let journal = world.shell("root", "ca-tool log export");
    for secret in ["pin:4711", "puk:4711"] {
        assert!(!log.contains(secret) && !journal.ok().stdout.contains(secret), "{secret} in {log}{journal}");
    }
}
