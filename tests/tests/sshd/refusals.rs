//! Certificates that sshd accepts and the module does not: what is logged, and what the person reads.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tests::world::{CA_FILE, Request, World};

use crate::rig::{
    KEY, KEY_THEN_PAM, NOT_SET_UP, Person, assert_in, assert_no_session, assert_not_in, good, ssh, stacks, verdicts,
};

/// What sshd lets in by its own files, whatever the module thinks of the name.
const SSHD_PRINCIPALS: &str = "AuthorizedPrincipalsFile /etc/ssh/sshd_principals";

/// Both stacks that can refuse: what they log and say. The auth stack stands in the account stack's table of codes, and
/// the tests of the second factor.
struct Judges<'w> {
    world: &'w World,
    person: Person<'w>,
}

impl<'w> Judges<'w> {
    fn new(world: &'w World) -> Judges<'w> {
        world.write("/etc/ssh/sshd_principals", "alice\ndeploy\n");
        // Two sshds on one host: the second asks PAM, too, so that its account stack sees the certificate.
        let person = Person::new(world, &format!("{KEY}\n{SSHD_PRINCIPALS}"));
        let config = world.read("/etc/ssh/sshd_config");
        let second = format!("{KEY_THEN_PAM}\nPort 2222\nPidFile none\n{}", config.replace(KEY, ""));
        world.write("/etc/ssh/sshd_config-2222", &second);
        world.run(&["/usr/sbin/sshd", "-f", "/etc/ssh/sshd_config-2222"]).ok();
        Judges { world, person }
    }

    fn session(&self, options: &str) -> tests::world::Output {
        self.world.pam("sshd", &stacks(&["session"], options));
        self.world.log();
        self.person.login("echo in")
    }

    fn account(&self, options: &str) -> tests::world::Output {
        let lines = stacks(&["account"], options).replace("auth required pam_unix.so", "auth required pam_permit.so");
        self.world.pam("sshd", &lines);
        self.world.log();
        self.person.ssh(&["-p2222", "alice@localhost", "echo in"])
    }

    #[track_caller]
    fn accept(&self, options: &str) {
        assert_in(&self.session(options));
        assert_eq!(verdicts(self.world), ["session accepted"], "{options}");
        assert_in(&self.account(options));
        assert_eq!(verdicts(self.world), ["account accepted"], "{options}");
    }

    /// Refused by both for this reason, in these words.
    #[track_caller]
    fn refuse(&self, options: &str, reason: &str, words: &str) {
        let sentence = format!("{words}, then log in again.\n");
        assert_no_session(&self.session(options), &sentence);
        let log = self.world.module_log();
        assert!(log.len() == 1 && log[0].contains(&"refused user=\"alice\" sshd=".to_string()), "{log:#?}");
        let parts = [" peer=127.0.0.1 ", &format!(" reason={reason} "), "key_id=\"alice@corp\"", "serial=7"];
        assert!(parts.iter().all(|part| log[0].contains(part)), "{parts:?} in {log:#?}");
        assert_not_in(&self.account(options), &sentence);
        assert_eq!(verdicts(self.world), [format!("account refused {reason}")]);
    }
}

#[test]
fn what_the_modules_options_forbid_is_refused() {
    let world = World::new();
    let judges = Judges::new(&world);
    judges.accept("");
    for (options, reason, words) in [
        (
            "max_validity=30m",
            "validity-too-long",
            "is valid for longer than 30 minutes. Get one that is valid for a shorter time",
        ),
        (
            "accepted_algorithms=ecdsa-sha2-nistp256",
            "key-algorithm",
            "is for a key of type ssh-ed25519, which is not accepted here. Get one for another key",
        ),
        (
            "ca_signature_algorithms=rsa-sha2-512",
            "ca-signature-algorithm",
            "is signed with \"ssh-ed25519\", which is not accepted. Get one from a CA that this host trusts",
        ),
        (
            "require_sk",
            "not-a-security-key",
            "is not for a FIDO security key, which this host requires. Get one for another key",
        ),
        (
            "require_verify",
            "verification-not-asked-for",
            "does without the PIN or fingerprint of a security key, which this host requires. Get one for a security key, with \"verify-required\"",
        ),
        (
            "authorized_principals=admins",
            "no-authorized-principal",
            "names no principal that is authorized here. Get one that names you",
        ),
    ] {
        judges.refuse(options, reason, &format!("Your certificate \"alice@corp\" {words}"));
    }
    judges.accept(
        "max_validity=2h accepted_algorithms=ssh-ed25519 ca_signature_algorithms=ssh-ed25519 authorized_principals=alice",
    );
}

#[test]
fn a_certificate_for_somebody_else_is_refused_though_sshds_own_file_lets_it_in() {
    let world = World::new();
    let judges = Judges::new(&world);
    judges.person.renew(&good().principals("alice,deploy"));
    judges.accept("");
    judges.person.renew(&good().principals("deploy"));
    judges.refuse(
        "",
        "not-for-user",
        "Your certificate \"alice@corp\" does not name alice as a principal. Get one that names you",
    );
    judges.accept("user_principal=no authorized_principals=deploy");
}

#[test]
fn a_ca_that_only_sshd_trusts_is_refused() {
    let world = World::new();
    let judges = Judges::new(&world);
    world.write("/etc/ssh/other_ca", &world.read(CA_FILE));
    judges.accept("ca_file=/etc/ssh/other_ca");
    world.write("/etc/ssh/other_ca", &world.read(&world.ca("ed25519").key().public()));
    judges.refuse(
        "ca_file=/etc/ssh/other_ca",
        "ca-untrusted",
        "Your certificate \"alice@corp\" is signed by a CA that this host does not trust. Get one from a CA that this host trusts",
    );
}

#[test]
fn small_rsa_keys_are_refused_by_required_rsa_size() {
    let world = World::new();
    let mut judges = Judges::new(&world);
    judges.accept("required_rsa_size=3072");
    let rsa = world.key("rsa-2048");
    judges.person.key = rsa;
    judges.person.renew(&good());
    judges.accept("");
    judges.refuse(
        "required_rsa_size=3072",
        "key-too-small",
        "Your certificate \"alice@corp\" is for an RSA key of only 2048 bits. Get one for another key",
    );
    judges.person.key = world.key("ed25519");
    judges.person.ca = world.ca("rsa-2048");
    world.trust(&[&judges.person.ca]);
    judges.person.renew(&good());
    judges.accept("");
    judges.refuse(
        "required_rsa_size=3072",
        "ca-key-too-small",
        "Your certificate \"alice@corp\" is signed by an RSA key of only 2048 bits. Get one from a CA that this host trusts",
    );
}

#[test]
fn a_command_that_differs_between_certificate_and_principals_line_is_refused() {
    let world = World::new();
    let judges = Judges::new(&world);
    judges.person.renew(&good().option("force-command=echo in"));
    world.write("/etc/ssh/principals", "command=\"echo in\" alice\n");
    judges.accept("authorized_principals_file=/etc/ssh/principals");
    world.write("/etc/ssh/principals", "command=\"true\" alice\n");
    judges.refuse(
        "authorized_principals_file=/etc/ssh/principals",
        "force-command-conflict",
        "Your certificate \"alice@corp\" is bound to another command than its principals line. Ask this host's administrator to \
         change the principals file",
    );
}

#[test]
fn a_certificate_that_expires_between_sshd_and_the_module_is_refused() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    // Another module takes its time: a directory that does not answer, a home that is mounted.
    world.write_as("/opt/rig/slow.sh", b"#!/bin/bash\nwhile [ ! -e /run/rig/go ]; do sleep 0.1; done\n", "root", 0o755);
    let slow = "session required pam_exec.so quiet /opt/rig/slow.sh\n";
    let behind = |options| slow.to_owned() + &stacks(&["session"], options);
    world.pam("sshd", &behind(""));
    world.write("/run/rig/go", "");
    assert_in(&person.login("echo in"));
    world.run(&["rm", "/run/rig/go"]).ok();
    let end = now() + 20;
    person.renew(&good().validity(&format!("-1m:{}", utc(&world, end))));
    std::thread::scope(|scope| {
        let login = scope.spawn(|| person.login("echo in"));
        let started = now();
        while !world.log().iter().any(|line| line.contains("Accepted publickey for alice")) {
            assert!(now() < end.max(started + 30), "sshd did not let it in");
            sleep(Duration::from_millis(50));
        }
        while now() <= end {
            sleep(Duration::from_millis(100));
        }
        world.write("/run/rig/go", "");
        let answer = login.join().expect("the login ended");
        assert_no_session(&answer, "Your certificate \"alice@corp\" expired ");
        assert!(answer.stdout.contains(" ago. Get a new one, then log in again."), "{answer}");
    });
    assert_eq!(verdicts(&world), ["session refused expired"]);
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// As ssh-keygen's -V wants it.
fn utc(world: &World, seconds: u64) -> String {
    world.run(&["date", "-u", "+%Y%m%d%H%M%SZ", "-d", &format!("@{seconds}")]).ok().stdout.trim().to_owned()
}

#[test]
fn a_configuration_in_error_refuses_and_names_the_administrator() {
    let world = World::new();
    let judges = Judges::new(&world);
    judges.accept("");
    for options in ["colour=red", "ca_file=/etc/ssh/nonexistent", "auth_info=perhaps", "group=nosuchgroup"] {
        assert_no_session(&judges.session(options), NOT_SET_UP);
        assert_eq!(verdicts(&world), ["session refused configuration"], "{options}");
        assert_not_in(&judges.account(options), NOT_SET_UP);
        assert_eq!(verdicts(&world), ["account refused configuration"], "{options}");
    }
}

#[test]
fn only_members_of_the_group_are_judged() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    person.renew(&good().principals("alice,mallory"));
    let options = "group=ops max_validity=30m";
    world.pam("sshd", &stacks(&["session"], options));
    assert_no_session(&person.login("echo in"), "is valid for longer than 30 minutes");
    assert_in(&person.ssh(&["mallory@localhost", "echo in"]));
    let log = world.module_log();
    assert!(log[1].contains("ignored user=\"mallory\"") && log[1].contains("reason=not-in-group group=\"ops\""), "{log:#?}");
}

#[test]
fn root_is_judged_like_everybody() {
    let world = World::new();
    let person = Person::new(&world, &format!("{KEY}\nPermitRootLogin yes"));
    person.renew(&good().principals("root"));
    world.pam("sshd", &stacks(&["session"], ""));
    let root = || person.ssh(&["root@localhost", "echo in"]);
    assert_in(&root());
    assert_eq!(verdicts(&world), ["session accepted"]);
    world.pam("sshd", &stacks(&["session"], "max_validity=30m"));
    assert_no_session(&root(), "is valid for longer than 30 minutes");
    world.pam("sshd", &stacks(&["session"], ""));
    let plain = world.key("ed25519");
    world.write("/etc/ssh/authorized_keys", &world.read(&plain.public()));
    assert_no_session(&ssh(&world, &["-i", plain.path(), "root@localhost", "echo in"]), "You need an SSH certificate");
}

#[test]
fn a_refused_session_runs_nothing_whatever_the_client_asks_for() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    world.write("/etc/ssh/sshd_config", &(world.read("/etc/ssh/sshd_config") + "Subsystem sftp internal-sftp\n"));
    world.sshd_config("");
    world.pam("sshd", &stacks(&["session"], ""));
    world.write_as("/home/laptop/batch", b"ls /\n", "laptop", 0o644);
    world.write_as("/home/laptop/file", b"x", "laptop", 0o644);
    let certificate = format!("-oCertificateFile={}", person.key.certificate());
    let options = ["-F/dev/null", "-q", "-oIdentitiesOnly=yes", "-i", person.key.path(), &certificate];
    let run = |words: &[&str]| {
        let command = [&words[..1], &options, &words[1..]].concat();
        world.log();
        (world.run_as("laptop", &command), verdicts(&world))
    };
    let sftp = ["sftp", "-b", "/home/laptop/batch", "alice@localhost"];
    let scp = ["scp", "/home/laptop/file", "alice@localhost:copied"];
    let forward = ["ssh", "-oExitOnForwardFailure=yes", "-R", "2299:localhost:22", "alice@localhost", "sleep 0"];
    let local = ["ssh", "-W", "localhost:22", "alice@localhost"];
    let good_ways = [(&sftp[..], 0), (&scp[..], 0), (&forward[..], 0)];
    for (way, code) in good_ways {
        let (answer, verdicts) = run(way);
        assert_eq!((answer.code, &verdicts[..]), (code, &["session accepted".to_owned()][..]), "{answer}");
    }
    assert!(run(&local).0.stdout.starts_with("SSH-2.0-"));
    person.renew(&Request::new("alice@corp").validity("-1m:+9h"));
    world.pam("sshd", &stacks(&["session"], "max_validity=8h"));
    world.run(&["rm", "/home/alice/copied"]).ok();
    for way in [&sftp[..], &scp, &forward, &local] {
        let (answer, verdicts) = run(way);
        answer.refused();
        assert!(!answer.stdout.contains("SSH-2.0") && !answer.stdout.contains("etc"), "{answer}");
        assert_eq!(verdicts, ["session refused validity-too-long"], "{answer}");
    }
    assert_ne!(world.run(&["test", "-e", "/home/alice/copied"]).code, 0, "scp wrote");
}
