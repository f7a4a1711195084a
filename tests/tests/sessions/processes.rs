//! What the guard leaves behind, and what nobody can do to it.

use std::process::Stdio;

use tests::world::World;

use crate::rig::*;

#[test]
fn it_goes_with_the_session() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    for login in [alice.login(), alice.login().tty()] {
        let mut session = login.open();
        session.run("true").ok();
        assert_eq!(guards(&world).len(), 1);
        drop(session);
        until("the guard has gone", || guards(&world).is_empty());
    }
    assert_no_zombies(&world);
}

#[test]
fn it_goes_at_once_when_sshd_is_killed() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let mut session = alice.login().open();
    session.run("true").ok();
    let sshd = sshds(&world, "alice \\[priv\\]");
    world.run(&["kill", "-KILL", &sshd[0]]).ok();
    until("the guard has gone", || guards(&world).is_empty());
    assert!(log(&world).iter().all(|line| !line.contains("ended ")));
}

#[test]
fn close_session_ends_it_before_sshd_has_gone() {
    let world = world("end_session");
    let lines = world.read("/etc/pam.d/sshd");
    // Behind ours: while it waits, sshd's process lives and the guard must be gone.
    let wait = "session optional pam_exec.so type=close_session /bin/sh -c [while [ ! -e /run/go \\] ; do sleep 0.05; done]\n";
    world.pam("sshd", &format!("{lines}{wait}"));
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let mut session = alice.login().open();
    session.run("true").ok();
    assert_eq!(guards(&world).len(), 1);
    drop(session);
    until("the guard has gone", || guards(&world).is_empty());
    assert_eq!(sshds(&world, "alice \\[priv\\]").len(), 1, "sshd has gone: this shows nothing");
    world.write("/run/go", "");
    until("sshd has gone", || sshds(&world, "alice").is_empty());
}

#[test]
fn sshd_has_no_more_descriptors_than_without_it() {
    let count = |world: &World| {
        let alice = Person::new(world);
        alice.certified_for(3600);
        let mut session = alice.login().open();
        session.run("true").ok();
        let sshd = sshds(world, "alice \\[priv\\]");
        world.run(&["ls", &format!("/proc/{}/fd", sshd[0])]).ok().stdout.lines().count()
    };
    assert_eq!(count(&world("end_session")), count(&world_without_guard("")));
}

#[test]
fn it_holds_nothing_of_sshds() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let mut session = alice.login().open();
    session.run("true").ok();
    let guard = &guards(&world)[0];
    let listed = world.run(&["ls", "-l", &format!("/proc/{guard}/fd")]).ok().stdout.clone();
    let mut names: Vec<&str> = listed.lines().filter_map(|line| line.split_once(" -> ")).map(|(_, name)| name).collect();
    names.sort_unstable();
    let own =
        ["/dev/null", "/dev/null", "anon_inode:[pidfd]", "anon_inode:[pidfd]", "anon_inode:[timerfd]", "anon_inode:[timerfd]"];
    assert_eq!(names, own, "{listed}");
    assert_eq!(world.run(&["readlink", &format!("/proc/{guard}/cwd")]).stdout, "/\n");
    let stat = world.run(&["ps", "-o", "sid=,pgid=,ppid=,tty=", "-p", guard]).stdout;
    assert_eq!(stat.split_whitespace().collect::<Vec<_>>(), [guard, guard, "1", "?"], "{stat}");
}

/// Debian's sshd marks all of its own as close-on-exec; another host program may not.
#[test]
fn it_holds_nothing_that_its_parent_has_left_open() {
    let world = world("");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let certificate = world.read(&alice.key.certificate());
    let line: Vec<&str> = certificate.split_whitespace().take(2).collect();
    let start = "/usr/libexec/ussh-session-guard start --user alice --uid 1001 --until 9999999999 --warn none --check 60 --";
    let mut parent = world.daemon_as("root", "bash");
    parent.args(["-c", &format!("exec 7</etc/hostname; {start}; read -r")]);
    parent.env("SSH_AUTH_INFO_0", format!("publickey {}", line.join(" "))).env("USSH_KEY_ID", "alice@corp");
    let mut parent = parent.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("bash starts");
    until("the guard watches", || guards(&world).len() == 1);
    until("it is ready", || {
        let listed = world.run(&["ls", "-l", &format!("/proc/{}/fd", guards(&world)[0])]).stdout;
        assert!(!listed.contains("/etc/hostname"), "{listed}");
        listed.matches("/dev/null").count() == 2
    });
    drop(parent.stdin.take());
    parent.wait().expect("bash ends");
    until("the guard has gone", || guards(&world).is_empty());
}

#[test]
fn the_person_can_do_nothing_to_it() {
    let world = world("end_session session_check=5s");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    let guard = guards(&world)[0].clone();
    for attack in [
        format!("kill -KILL {guard}"),
        format!("kill -STOP {guard}"),
        format!("cat /proc/{guard}/environ"),
        format!("timeout 5 strace -p {guard}"),
        format!("ls /proc/{guard}/fd"),
        format!("kill -KILL -{guard}"),
    ] {
        session.run(&attack).refused();
    }
    assert_eq!(guards(&world), [guard]);
}

#[test]
fn a_person_with_a_thousand_processes_is_warned_and_logged_out() {
    let world = world("end_session session_warnings=5s");
    let alice = Person::new(&world);
    alice.certified_for(40);
    let mut session = alice.login().tty().open();
    session.run("for i in {1..500}; do sleep 1000 & done; (for i in {1..500}; do sleep 1000 & done; wait) & true").ok();
    session.wait_for("this session ends with it, in 5 seconds.");
    session.wait_for("Your certificate has expired.");
    until("sshd has gone", || sshds(&world, "alice").is_empty());
    until("the guard has gone", || guards(&world).is_empty());
}

#[test]
fn fifty_connections_have_fifty_guards_and_leave_none() {
    let world = world("end_session");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let open = || alice.client("ssh").args(["alice@localhost", "cat"]).spawn().expect("ssh starts");
    let mut clients: Vec<_> = (0..50).map(|_| open()).collect();
    until("all are watched", || guards(&world).len() == 50);
    clients.iter_mut().for_each(|client| drop(client.stdin.take()));
    for client in &mut clients {
        until_over("ssh", client);
        assert!(client.wait().expect("it has ended").success());
    }
    until("all guards have gone", || guards(&world).is_empty());
    assert_no_zombies(&world);
}

#[test]
fn it_costs_less_than_a_mebibyte_and_does_not_grow() {
    let world = world("end_session session_check=5s");
    let alice = Person::new(&world);
    alice.certified_for(3600);
    let mut session = alice.login().tty().open();
    session.run("true").ok();
    let guard = guards(&world)[0].clone();
    // In KiB: what it has written to, and what else it maps that nobody else does.
    let private = || {
        let rollup = world.run(&["cat", &format!("/proc/{guard}/smaps_rollup")]).ok().stdout.clone();
        ["Private_Dirty:", "Private_Clean:"].map(|name| {
            let line = rollup.lines().find(|line| line.starts_with(name)).expect("smaps_rollup has it");
            line.split_whitespace().nth(1).and_then(|size| size.parse::<u64>().ok()).expect("a size")
        })
    };
    let at_first = private();
    std::thread::sleep(std::time::Duration::from_secs(7));
    let after_one_look = private();
    std::thread::sleep(std::time::Duration::from_secs(20));
    let after_more = private();
    println!("private memory in KiB, dirty and clean: {at_first:?}, {after_one_look:?}, {after_more:?}");
    assert!(after_more.iter().sum::<u64>() < 1024, "{after_more:?}");
    assert!(after_more[0] <= after_one_look[0] + 8, "{after_one_look:?} {after_more:?}");
}

#[track_caller]
fn assert_no_zombies(world: &World) {
    let states = world.run(&["ps", "-eo", "stat=,args="]).ok().stdout.clone();
    let zombies: Vec<&str> = states.lines().filter(|line| line.starts_with('Z')).collect();
    assert_eq!(zombies, [] as [&str; 0]);
}
