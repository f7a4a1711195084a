//! Somebody without a certificate writes one where the module looks for sshd's word.

use tests::world::{Output, World};

use crate::rig::{KEY, Person, assert_in, assert_no_session, good, ssh, stacks, verdicts};

const NEEDED: &str = "You need an SSH certificate to log in here.";
const PAM_ENV: &str = "session required pam_env.so user_readenv=1\n";
const OURS: &str = "session required pam_ussh.so\n";

/// mallory has got hold of alice's certificate, public as it is, and of no key but a plain one of her own.
struct Mallory<'w> {
    person: Person<'w>,
    key: String,
    line: String,
}

impl<'w> Mallory<'w> {
    fn new(world: &'w World) -> Mallory<'w> {
        let person = Person::new(world, KEY);
        person.renew(&good().principals("alice,mallory"));
        let plain = world.key("ed25519");
        world.write("/etc/ssh/authorized_keys", &world.read(&plain.public()));
        let certificate = world.read(&person.key.certificate());
        let line = format!("publickey {}", certificate.rsplit_once(' ').expect("a comment").0);
        Mallory { person, key: plain.path().to_owned(), line }
    }

    fn writes_pam_environment(&self, name: &str, value: &str) {
        let file = format!("{name} DEFAULT=\"{value}\"\n");
        self.person.world.write_as("/home/mallory/.pam_environment", file.as_bytes(), "mallory", 0o600);
    }

    fn login(&self, words: &[&str]) -> Output {
        self.person.world.log();
        ssh(self.person.world, &[&["-i", &self.key], words, &["mallory@localhost", "echo in"]].concat())
    }

    /// pam.d/sshd with these session lines.
    fn session(&self, lines: &str) {
        let before = "auth required pam_unix.so\naccount required pam_unix.so\n";
        self.person.world.pam("sshd", &format!("{before}{lines}session required pam_permit.so\n"));
    }
}

/// The trap of which the man page warns: sshd sets the variable anew just before the session stack, but what stands in
/// front of the module in that very stack has the last word.
#[test]
fn a_pam_env_that_reads_the_persons_file_is_believed_in_front_of_the_module_and_not_behind_it() {
    let world = World::new();
    let mallory = Mallory::new(&world);
    mallory.writes_pam_environment("SSH_AUTH_INFO_0", &mallory.line);
    mallory.session(&(OURS.to_owned() + PAM_ENV));
    assert_no_session(&mallory.login(&[]), NEEDED);
    assert_eq!(verdicts(&world), ["session refused no-certificate"]);
    mallory.session(&(PAM_ENV.to_owned() + OURS));
    assert_in(&mallory.login(&[]));
    assert_eq!(verdicts(&world), ["session accepted"]);
    // Without the person's own file pam_env does no harm.
    mallory.session(&(PAM_ENV.replace(" user_readenv=1", "") + OURS));
    assert_no_session(&mallory.login(&[]), NEEDED);
}

#[test]
fn what_pam_env_sets_in_an_earlier_stack_is_overwritten_by_sshd() {
    let world = World::new();
    let mallory = Mallory::new(&world);
    mallory.writes_pam_environment("SSH_AUTH_INFO_0", &mallory.line);
    let auth = "auth required pam_env.so user_readenv=1\n";
    world.pam("sshd", &(auth.to_owned() + &stacks(&["account", "session"], "")));
    assert_no_session(&mallory.login(&[]), NEEDED);
    assert_eq!(verdicts(&world), ["account ignored no-certificate", "session refused no-certificate"]);
}

/// SSH_CONNECTION is set once, when sshd starts PAM; PAM_RHOST, which nobody can write, shows that it was changed.
#[test]
fn an_address_from_the_persons_own_file_is_not_believed() {
    let world = World::new();
    let mallory = Mallory::new(&world);
    let person = &mallory.person;
    world.write("/etc/ssh/principals", "from=\"192.0.2.0/24\" mallory\n");
    let options = "authorized_principals_file=/etc/ssh/principals";
    let auth = "auth required pam_env.so user_readenv=1\n";
    world.pam("sshd", &(auth.to_owned() + &stacks(&["session"], options)));
    let login = || {
        world.log();
        person.ssh(&["mallory@localhost", "echo in"])
    };
    assert_no_session(&login(), "is bound by \"from\" on its principals line to addresses other than 127.0.0.1");
    mallory.writes_pam_environment("SSH_CONNECTION", "192.0.2.1 1 127.0.0.1 22");
    assert_no_session(&login(), "to addresses that cannot be checked here");
    assert_eq!(verdicts(&world), ["session refused principals-line-from"]);
    mallory.writes_pam_environment("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 22");
    world.write("/etc/ssh/principals", "from=\"127.0.0.1\" mallory\n");
    assert_in(&login());
}

#[test]
fn what_the_client_sends_is_not_sshds_word() {
    let world = World::new();
    let mallory = Mallory::new(&world);
    world.sshd_config("AcceptEnv *\nPermitUserEnvironment yes");
    mallory.session(OURS);
    let variable = format!("-oSetEnv=SSH_AUTH_INFO_0=\"{}\"", mallory.line);
    assert_no_session(&mallory.login(&[&variable]), NEEDED);
    assert_eq!(verdicts(&world), ["session refused no-certificate"]);
    world.mkdir("/home/mallory/.ssh", "mallory", 0o700);
    let line = format!("SSH_AUTH_INFO_0={}\n", mallory.line);
    world.write_as("/home/mallory/.ssh/environment", line.as_bytes(), "mallory", 0o600);
    assert_no_session(&mallory.login(&[]), NEEDED);
    let restricted = format!("environment=\"SSH_AUTH_INFO_0={}\" ", mallory.line);
    let keys = world.read("/etc/ssh/authorized_keys");
    world.write("/etc/ssh/authorized_keys", &(restricted + &keys));
    assert_no_session(&mallory.login(&[]), NEEDED);
}

/// sshd shows the host's certificate in such a line.
#[test]
fn the_certificate_of_a_host_based_login_is_not_the_persons() {
    let world = World::new();
    let mallory = Mallory::new(&world);
    let host_ca = world.ca("ed25519");
    let host = "/etc/ssh/ssh_host_ed25519_key";
    world
        .run(&["ssh-keygen", "-q", "-h", "-s", host_ca.key().path(), "-I", "host", "-n", "localhost", &format!("{host}.pub")])
        .ok();
    let known = world.read("/etc/ssh/ssh_known_hosts");
    let authority = format!("@cert-authority localhost {}", world.read(&host_ca.key().public()));
    world.write("/etc/ssh/ssh_known_hosts", &(known + &authority));
    world.write("/etc/ssh/shosts.equiv", "localhost laptop\n");
    world.write("/etc/ssh/ssh_config", "EnableSSHKeysign yes\n");
    world.sshd_config(
        "HostbasedAuthentication yes\nHostbasedUsesNameFromPacketOnly yes\nIgnoreRhosts no\n\
         HostbasedAcceptedAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519\nAuthenticationMethods hostbased",
    );
    // Were it a person's line, this CA would count.
    world.trust(&[&mallory.person.ca, &host_ca]);
    mallory.session(OURS);
    world.write_as("/home/mallory/.shosts", b"localhost laptop\n", "mallory", 0o600);
    let mut command = world.command_as("laptop", "ssh");
    command.args(["-F/dev/null", "-oHostbasedAuthentication=yes", "-oPreferredAuthentications=hostbased", "-T"]);
    command.args(["-oHostbasedAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com,ssh-ed25519", "-oEnableSSHKeysign=yes"]);
    world.log();
    let answer = command.args(["mallory@localhost", "echo in"]).output().expect("ssh starts");
    assert_eq!(answer.status.code(), Some(254));
    assert!(String::from_utf8_lossy(&answer.stdout).starts_with(NEEDED));
    let log = world.log().concat();
    assert!(log.contains("Accepted hostbased for mallory") && log.contains("ED25519-CERT"), "{log}");
    assert!(log.contains("refused user=\"mallory\"") && log.contains("detail=\"logged in without a key\""), "{log}");
}
