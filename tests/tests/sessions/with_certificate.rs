//! `end_session`: the session ends when its certificate does, whatever kind of session it is.

use std::io::Read;

use crate::rig::*;

#[test]
fn a_person_at_a_terminal_is_warned_and_then_logged_out() {
    let world = world("end_session session_warnings=10s,5s session_check=5s");
    let alice = Person::new(&world);
    alice.certified_for(20);
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    assert_eq!(guards(&world).len(), 1);
    session.wait_for("this session ends with it, in 10 seconds.");
    session.wait_for("this session ends with it, in 5 seconds.");
    session.wait_for("Your certificate has expired. This session ends now;");
    until("the guard has gone", || guards(&world).is_empty());
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    let log = log(&world);
    assert_one(&log, &["pam_ussh(sshd:session): accepted", "user=\"alice\""]);
    assert_one(&log, &["ussh-session-guard", "ended user=\"alice\" sshd=", "key_id=\"alice@corp\" reason=expired"]);
}

#[test]
fn every_kind_of_session_ends() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(40);
    world.run_as("laptop", &["dd", "if=/dev/zero", "of=/home/laptop/large", "bs=1M", "count=64"]).ok();
    let mut terminal = alice.login().tty().open();
    terminal.run("true").ok();
    let mut clients = vec![
        ("a command", alice.client("ssh").args(["alice@localhost", "cat"]).spawn().unwrap()),
        ("ssh -N", alice.client("ssh").args(["-N", "alice@localhost"]).spawn().unwrap()),
        ("sftp", alice.client("sftp").arg("alice@localhost").spawn().unwrap()),
        // So slow that it would take an hour.
        ("scp", alice.client("scp").args(["-l", "150", "/home/laptop/large", "alice@localhost:"]).spawn().unwrap()),
    ];
    let socket = "/home/laptop/master";
    let master = ["-M", "-N", "-S", socket, "alice@localhost"];
    clients.push(("the master", alice.client("ssh").args(master).spawn().unwrap()));
    let exists = || world.run(&["test", "-S", socket]).code == 0;
    until("the master listens", exists);
    let further = ["-S", socket, "alice@localhost", "echo open; exec cat"];
    let mut multiplexed = alice.client("ssh").args(further).spawn().unwrap();
    let mut line = [0; 5];
    multiplexed.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
    clients.push(("a further session of the master's", multiplexed));
    until("all are logged in, each connection with one guard", || guards(&world).len() == 6);
    until("all sshd processes have gone", || sshds(&world, "alice").is_empty());
    // sftp notices when it is told something.
    for (what, client) in &mut clients {
        drop(client.stdin.take());
        until_over(what, client);
    }
    until("the guards have gone", || guards(&world).is_empty());
    let ended = log(&world).iter().filter(|line| line.contains("ended user=\"alice\"")).count();
    assert_eq!(ended, 6);
}

#[test]
fn without_end_session_a_connection_outlives_its_certificate() {
    let world = world("");
    let alice = Person::new(&world);
    alice.certified_for(10);
    let mut session = alice.login().open();
    std::thread::sleep(std::time::Duration::from_secs(12));
    alice.login().run("true").refused();
    assert_eq!(session.run("echo still here").stdout, "still here\n");
    assert_eq!(guards(&world).len(), 0);
}

#[test]
fn a_certificate_for_ever_is_watched_but_not_limited() {
    let world = world("end_session session_check=5s");
    let alice = Person::new(&world);
    alice.certified(&alice_for_ever());
    let mut session = alice.login().open();
    session.run("true").ok();
    assert_eq!(guards(&world).len(), 1);
    world.trust(&[&world.ca("ed25519")]);
    until("the session has ended", || sshds(&world, "alice").is_empty());
}

fn alice_for_ever() -> tests::world::Request {
    alice().validity("always:forever")
}

#[test]
fn root_s_login_ends_too() {
    let world = world("end_session");
    let person = Person::new(&world);
    person.certified(&alice().principals("root").validity("-1m:+15s"));
    let mut session = world.ssh("root").by_certificate(&person.key).tty().open();
    session.run("true").ok();
    session.wait_for("Your certificate has expired.");
    until("sshd has gone", || sshds(&world, "root").is_empty());
    until("the guard has gone", || guards(&world).is_empty());
}

#[test]
fn the_end_is_a_log_out_for_pam_and_for_wtmp() {
    let world = world("end_session");
    let note = "session optional pam_exec.so log=/run/rig/closed /bin/sh -c [echo $PAM_TYPE]\n";
    let old = world.read("/etc/pam.d/sshd");
    world.pam("sshd", &format!("{old}{note}"));
    world.write("/var/log/wtmp", "");
    world.write("/run/utmp", "");
    let alice = Person::new(&world);
    alice.certified_for(15);
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    session.wait_for("Your certificate has expired.");
    until("the session is closed", || world.read("/run/rig/closed").contains("close_session"));
    until("wtmp has the end", || {
        // Type 8: DEAD_PROCESS.
        let wtmp = world.run(&["utmpdump", "/var/log/wtmp"]).stdout;
        wtmp.lines().any(|line| line.starts_with("[8]") && line.contains("pts/0"))
            || world.run(&["python3", "-c", END_IN_WTMPDB]).stdout == "[('alice', 1)]\n"
    });
}

/// Where Debian 13's sshd writes logins and their ends, in place of wtmp.
const END_IN_WTMPDB: &str = "
import sqlite3
log = sqlite3.connect('file:/var/log/wtmp.db?mode=ro', uri=True)
print(log.execute('SELECT User, Logout >= Login FROM wtmp WHERE TTY = \"pts/0\"').fetchall())";

#[test]
fn a_person_who_stops_their_sshd_process_is_logged_out_by_force() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(15);
    let mut session = alice.login().tty().open();
    // The unprivileged process is alice's, and what is stopped takes no SIGTERM.
    session.type_line("nothing");
    let stopped = sshds(&world, "alice@");
    assert_eq!(stopped.len(), 1);
    world.run_as("alice", &["kill", "-STOP", &stopped[0]]).ok();
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    until("the guard has gone", || guards(&world).is_empty());
    drop(session);
    assert_one(&log(&world), &["ended user=\"alice\""]);
}

#[test]
fn a_terminal_that_is_not_the_persons_is_not_written_to() {
    let world = world("end_session session_warnings=10s");
    let alice = Person::new(&world);
    alice.certified_for(20);
    let mut client = alice.client("ssh").args(["-tt", "alice@localhost", "echo begun; exec cat"]).spawn().unwrap();
    until("there is a terminal", || world.run(&["test", "-c", "/dev/pts/0"]).code == 0);
    world.own("/dev/pts/0", "bob", 0o620);
    let mut screen = String::new();
    client.stdout.take().unwrap().read_to_string(&mut screen).unwrap();
    client.wait().unwrap();
    assert_eq!(screen, "begun\r\n");
    assert_one(&log(&world), &["ended user=\"alice\"", "reason=expired"]);
}

#[test]
fn nothing_blocks_on_a_terminal_that_takes_nothing() {
    let world = world("end_session session_warnings=8s");
    let alice = Person::new(&world);
    alice.certified_for(20);
    let mut session = alice.login().tty().open();
    // Ctrl-S, by the means of a program.
    let _stopped = session.start("perl -MPOSIX -e 'POSIX::tcflow(0, POSIX::TCOOFF)'");
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    until("the guard has gone", || guards(&world).is_empty());
}
