//! Principals lists and files, commands and addresses, where sshd reads the same files.

use tests::world::{Output, World};

use crate::rig::{KEY, Person, assert_in, assert_no_session, good, stacks, verdicts};

const FILE: &str = "/etc/ssh/principals";
const SAME_FILE: &str = "user_principal=no authorized_principals_file=/etc/ssh/principals";

/// sshd and the module with one file; sshd listens at every address.
fn with_one_file<'w>(world: &'w World, more: &str) -> Person<'w> {
    let person = Person::new(world, &format!("{KEY}\nListenAddress 0.0.0.0\nListenAddress ::1\n{more}"));
    world.pam("sshd", &stacks(&["session"], SAME_FILE));
    person
}

impl Person<'_> {
    /// From this address to another of the same family.
    fn from(&self, address: &str) -> Output {
        self.world.log();
        let to = if address.contains(':') { "::1" } else { "127.0.0.1" };
        self.ssh(&["-b", address, &format!("alice@{to}"), "echo in"])
    }
}

#[test]
fn every_option_of_a_line_that_sshd_honours_the_module_lets_pass() {
    let world = World::new();
    let person = with_one_file(&world, &format!("AuthorizedPrincipalsFile {FILE}"));
    for options in [
        "restrict",
        "no-pty,no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc",
        "restrict,pty,agent-forwarding",
        "command=\"echo in\"",
        "environment=\"A=b\"",
        "from=\"127.0.0.1\"",
        "from=\"::1,127.0.0.0/8\"",
        "expiry-time=\"20990101\"",
        "permitopen=\"localhost:22\",permitlisten=\"8080\"",
        "tunnel=\"0\"",
        "no-touch-required",
    ] {
        world.write(FILE, &format!("# who may\n{options} alice\n"));
        assert_in(&person.login("echo in"));
        assert_eq!(verdicts(&world), ["session accepted"], "{options}");
    }
}

#[test]
fn sshd_runs_the_forced_command_and_the_module_lets_it() {
    let world = World::new();
    let person = with_one_file(&world, "");
    world.write(FILE, "alice\n");
    person.renew(&good().option("force-command=echo forced"));
    assert_eq!(person.login("echo in").ok().stdout, "forced\n");
    assert_eq!(verdicts(&world), ["session accepted"]);
    world.pam("sshd", &stacks(&["session"], &format!("{SAME_FILE} force_command=refuse")));
    assert_eq!(person.login("echo in").ok().stdout, "forced\n", "the option is sudo's");
    // sudo in such a session is another matter.
    world.pam("sudo", &tests::setting::account(""));
    world.sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL");
    person.renew(&good().option("force-command=sudo -n id -u"));
    let agent = world.agent();
    agent.add(&person.key);
    let answer = world.ssh("alice").agent(&agent).by_agent().run("echo in");
    assert!(answer.stderr.contains("is bound to one command"), "{answer}");
}

#[test]
fn from_on_a_principals_line_is_checked_against_where_the_person_comes_from() {
    let world = World::new();
    let person = with_one_file(&world, "");
    for (from, address, lets_in) in [
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false),
        ("127.0.0.1", "::1", false),
        ("::1", "::1", true),
        ("::1/128,10.0.0.0/8", "::1", true),
        ("0:0:0:0:0:0:0:1", "::1", true),
        ("2001:db8::/32", "::1", false),
        ("127.0.0.0/30,!127.0.0.2", "127.0.0.1", true),
        ("127.0.0.0/30,!127.0.0.2", "127.0.0.2", false),
        ("127.*.2", "127.0.0.2", true),
        ("localhost", "127.0.0.1", false),
    ] {
        world.write(FILE, &format!("from=\"{from}\" alice\n"));
        let answer = person.from(address);
        if lets_in {
            assert_in(&answer);
        } else {
            assert_no_session(
                &answer,
                &format!(
                    "Your certificate \"alice@corp\" is bound by \"from\" on its principals line to addresses other than \
                     {address}. Come from where it is allowed, then log in again."
                ),
            );
            assert_eq!(verdicts(&world), ["session refused principals-line-not-from-here"], "{from} {address}");
        }
    }
}

#[test]
fn a_source_address_that_sshd_checks_is_checked_again() {
    let world = World::new();
    let person = with_one_file(&world, "");
    world.write(FILE, "alice\n");
    for (list, address) in [("127.0.0.2", "127.0.0.2"), ("::1/128", "::1"), ("10.0.0.0/8,127.0.0.0/8", "127.0.0.1")] {
        person.renew(&good().option(&format!("source-address={list}")));
        assert_in(&person.from(address));
        assert_eq!(verdicts(&world), ["session accepted"]);
        let elsewhere = if address == "::1" { "127.0.0.1" } else { "::1" };
        assert_eq!(person.from(elsewhere).code, 255, "sshd refuses it before anybody asks the module");
    }
}

/// sshd started by inetd on a pipe knows no address of its peer, and tells PAM of no connection.
#[test]
fn what_depends_on_an_address_is_refused_where_there_is_none() {
    let world = World::new();
    let person = with_one_file(&world, "");
    let proxy = "-oProxyCommand=sudo -n /usr/sbin/sshd -i";
    world.sudoers("laptop ALL=(root) NOPASSWD: /usr/sbin/sshd");
    let login = || {
        world.log();
        person.ssh(&[proxy, "alice@localhost", "echo in; echo $SSH_CONNECTION >&2"])
    };
    world.write(FILE, "alice\n");
    let answer = login();
    assert_in(&answer);
    assert!(world.module_log()[0].contains(" peer=unknown "), "{answer}");
    for line in ["from=\"*\" alice\n", "from=\"127.0.0.1\" alice\n", "from=\"UNKNOWN\" alice\n"] {
        world.write(FILE, line);
        assert_no_session(&login(), "to addresses that cannot be checked here. Ask this host's administrator");
        assert_eq!(verdicts(&world), ["session refused principals-line-from"]);
    }
}

/// These are principals that sshd does not look at: its own file says otherwise.
#[test]
fn lists_and_files_of_the_module_alone_count_together() {
    let world = World::new();
    let person = Person::new(&world, KEY);
    person.renew(&good().principals("alice,deploy"));
    world.write(FILE, "cert-authority deploy\n");
    world.write("/etc/ssh/second", "expiry-time=\"20200101\" admins\nnonsense deploy\n");
    for (options, verdict) in [
        ("authorized_principals=deploy", "session accepted"),
        ("authorized_principals=admins", "session refused no-authorized-principal"),
        ("authorized_principals=Deploy", "session refused no-authorized-principal"),
        ("authorized_principals_file=/etc/ssh/principals", "session refused principals-line-denies"),
        ("authorized_principals_file=/etc/ssh/second", "session refused no-authorized-principal"),
        ("authorized_principals_file=/etc/ssh/second authorized_principals=deploy", "session accepted"),
        ("authorized_principals_file=/etc/ssh/missing", "session refused configuration"),
    ] {
        world.pam("sshd", &stacks(&["session"], options));
        person.login("echo in");
        assert_eq!(verdicts(&world), [verdict], "{options}");
    }
    world.write("/etc/ssh/second", "expiry-time=\"20200101\" deploy\n");
    world.pam("sshd", &stacks(&["session"], "authorized_principals_file=/etc/ssh/second"));
    assert_no_session(&person.login("echo in"), "is authorized by a principals line whose expiry-time has passed");
}
