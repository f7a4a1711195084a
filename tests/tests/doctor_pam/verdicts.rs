//! What is said of a file, and whether it is so.

use super::{GOOD, doctor, has, world};
use tests::setting::Person;
use tests::world::{Request, World};

#[test]
fn what_would_lock_people_out_is_a_problem() {
    let world = world();
    for (file, parts) in [
        (GOOD.replace("pam_ussh.so", "pam_ussh.so cafile=/x"), vec!["pam_ussh refuses everybody", "cafile", "unknown option"]),
        (GOOD.replace("pam_ussh.so", "pam_usssh.so"), vec!["alice with a valid certificate: refused"]),
        (
            GOOD.replace("pam_ussh.so", "pam_ussh.so ca_file=/etc/ssh/nowhere"),
            vec!["pam_ussh refuses everybody", "/etc/ssh/nowhere"],
        ),
        (format!("account required pam_deny.so\n{GOOD}"), vec!["alice with a valid certificate: refused"]),
        (
            GOOD.replace("account [success=1 default=ignore] pam_rootok.so\n", ""),
            vec!["root's own sudo", "refused", "pam_rootok.so"],
        ),
        // What ca-tool config prints without --whole.
        (
            GOOD.lines().take(3).map(|line| format!("{line}\n")).collect(),
            vec!["root's own sudo", "refused", "needs those of the service as well"],
        ),
        (GOOD.replace("auth sufficient", "authh sufficient"), vec!["libpam does not understand", "line 1", "authh"]),
        (
            GOOD.replace("account required pam_unix.so", "account include nowhere"),
            vec!["libpam does not understand", "nowhere"],
        ),
        (String::new(), vec!["The file has no auth line", "/etc/pam.d/other"]),
    ] {
        let answer = doctor(&world, &[], &file);
        assert_eq!(answer.code, 1, "{file}: {answer}");
        has(&answer, "problem", &parts);
        assert!(answer.stderr.contains("Do not put /root/new in place."), "{answer}");
    }
    let missing = doctor(&world, &[], &GOOD.replace("pam_ussh.so", "/opt/pam_ussh.so"));
    has(&missing, "problem", &["libpam says: unable to dlopen(/opt/pam_ussh.so)"]);
}

/// libpam writes services small: with other letters the host's own file would be tried.
#[test]
fn the_file_is_what_is_tried_however_the_service_is_written() {
    let world = world();
    let file = format!("account required pam_deny.so\n{GOOD}");
    let answer = doctor(&world, &["--service", "SUDO"], &file);
    has(&answer, "problem", &["alice with a valid certificate: refused"]);
    let answer = doctor(&world, &["--service", "../pam.d/sudo"], &file);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.stderr.contains("without a folder"), "{answer}");
}

#[test]
fn a_stack_that_refuses_beside_the_module_or_falls_over_is_a_problem() {
    let world = world();
    world.write_as("/opt/falls", b"#!/bin/sh\nkill -KILL $PPID\n", "root", 0o755);
    for (file, says) in [
        ("auth required pam_unix.so\naccount required pam_deny.so\n", "alice with a valid certificate: refused"),
        ("auth required pam_deny.so\naccount required pam_permit.so\n", "alice with a valid certificate: refused"),
        // Not where the module has accepted before.
        (
            &GOOD.replace("auth required pam_unix.so", "auth required pam_exec.so seteuid /opt/falls"),
            "A PAM module took ussh-pam-try down",
        ),
        (&format!("{GOOD}session optional pam_ussh.so cafile=/x\n"), "pam_ussh refuses everybody"),
    ] {
        let answer = doctor(&world, &[], file);
        assert_eq!(answer.code, 1, "{file}: {answer}");
        has(&answer, "problem", &[says]);
    }
    let sshd = "account required pam_deny.so\nsession required pam_ussh.so\n";
    has(&doctor(&world, &["--service", "sshd"], sshd), "problem", &["alice with a valid certificate: refused"]);
    // su runs the auth stack for root, too.
    let su = "auth required pam_ussh.so\naccount required pam_permit.so\nsession required pam_permit.so\n";
    has(&doctor(&world, &["--service", "su"], su), "problem", &["root's own su, as in a cron job: refused"]);
    world.pam("su", su);
    world.run(&["su", "-c", "id"]).refused();
}

#[test]
fn what_lets_in_who_shows_nothing_is_a_warning() {
    let world = world();
    // The account stack asks nobody: NOPASSWD, and passwords that sudo remembers.
    let answer = doctor(&world, &[], "auth sufficient pam_ussh.so\nauth required pam_unix.so\naccount required pam_unix.so\n");
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "warning", &["alice without an agent: let in after a password, and without one where none is asked"]);
    let answer = doctor(&world, &[], "auth required pam_ussh.so\naccount required pam_unix.so\n");
    has(&answer, "warning", &["alice with an expired certificate: refused with a password, and let in without one"]);
    // Somebody else decides in front of the module.
    let open = "auth sufficient pam_permit.so\nauth required pam_ussh.so\naccount required pam_permit.so\n";
    let answer = doctor(&world, &[], open);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "warning", &["alice without an agent: let in, and nothing is asked."]);
    has(&answer, "warning", &["a line in front of pam_ussh.so has decided"]);
    let answer = doctor(&world, &[], "auth required pam_unix.so\naccount required pam_unix.so\n");
    has(&answer, "warning", &["No line names pam_ussh.so"]);
}

#[test]
fn a_module_of_others_that_is_missing_is_a_warning_where_it_does_not_decide() {
    let world = world();
    let answer = doctor(&world, &[], &format!("auth optional pam_nowhere.so\n{GOOD}"));
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "warning", &["unable to dlopen(pam_nowhere.so)"]);
}

#[test]
fn where_no_session_opens_nothing_is_run_and_that_is_said() {
    let world = world();
    // libpam takes the whole stack for one with a missing module; pam_deny says PAM_SESSION_ERR.
    let [missing, denied] = ["nowhere", "deny"].map(|module| format!("session required pam_{module}.so\n{GOOD}"));
    for (service, file, state) in [("sudo", &missing, "problem"), ("sudo", &denied, "warning"), ("su", &denied, "problem")] {
        let answer = doctor(&world, &["--service", service], file);
        has(&answer, state, &[&format!("alice: {service} opens no session")]);
        has(&answer, state, &[&format!("root: {service} opens no session")]);
        // And so it is.
        world.pam(service, &file.replace("auth sufficient pam_ussh.so", "auth sufficient pam_rootok.so"));
        let command = if service == "su" { ["su", "-c", "id -u"] } else { ["sudo", "id", "-u"] };
        assert_eq!(world.run(&command).code == 0, state == "warning", "{service} {file}");
    }
}

/// The throwaway CA must not hide it.
#[test]
fn that_no_ca_of_the_hosts_own_can_let_anybody_in_is_a_problem() {
    let world = World::new();
    world.install_pam_try();
    world.install_ca_tool();
    let person = Person::new(&world, &Request::new("alice@corp"));
    let ed25519 = world.read("/etc/ssh/trusted_user_ca");
    for (cas, options, says) in [
        ("# none", "", "/etc/ssh/trusted_user_ca holds no CA's key: everybody is refused"),
        (&ed25519, "ca_signature_algorithms=ecdsa-sha2-nistp256", "The options allow none of the CAs in"),
    ] {
        world.write("/etc/ssh/trusted_user_ca", cas);
        let file = GOOD.replace("pam_ussh.so", &format!("pam_ussh.so {options}"));
        let answer = doctor(&world, &[], &file);
        assert_eq!(answer.code, 1, "{answer}");
        has(&answer, "problem", &[says]);
        // And so it is.
        world.pam("sudo", &file);
        world.ssh("alice").agent(&person.agent).run("sudo id -u").refused();
    }
    let rsa = world.ca("rsa-2048");
    world.trust(&[&rsa]);
    has(
        &doctor(&world, &[], &GOOD.replace("pam_ussh.so", "pam_ussh.so required_rsa_size=3072")),
        "problem",
        &["none of the CAs"],
    );
    assert_eq!(doctor(&world, &[], GOOD).code, 0);
    world.trust(&[&world.ca("rsa-1024")]);
    has(&doctor(&world, &[], GOOD), "problem", &["none of the CAs"]);
}

/// As safe as the host's own file, or not.
#[test]
fn a_ca_file_that_others_than_root_can_write_locks_everybody_out() {
    let world = world();
    for (make, back) in [("chmod 666", "chmod 644"), ("chown alice", "chown root")] {
        world.run(&["bash", "-c", &format!("{make} /etc/ssh/trusted_user_ca")]).ok();
        let answer = doctor(&world, &[], GOOD);
        assert_eq!(answer.code, 1, "{make}: {answer}");
        has(&answer, "problem", &["alice with a valid certificate: refused"]);
        world.run(&["bash", "-c", &format!("{back} /etc/ssh/trusted_user_ca")]).ok();
    }
    assert_eq!(doctor(&world, &[], GOOD).code, 0);
}

#[test]
fn what_is_typed_wrong_is_said() {
    let world = world();
    world.write("/root/new", GOOD);
    let ask = |user: &str, words: &[&str]| world.run_as(user, &[&["ca-tool", "doctor", "--pam"], words].concat());
    assert!(ask("alice", &["/etc/pam.d/sudo", "--user", "alice"]).refused().stderr.contains("Only root can try"));
    assert!(ask("root", &["/root/new"]).refused().stderr.contains("Nobody is named to try it for"));
    assert!(ask("root", &["/root/nowhere", "--user", "alice"]).refused().stderr.contains("cannot be read"));
    assert!(ask("root", &["/root/new", "--user", "root"]).refused().stderr.contains("Root is tried always"));
    let typed = world.run_with("root", &[("SUDO_USER", "root")], &["ca-tool", "doctor", "--pam", "/root/new"]);
    assert!(typed.refused().stderr.contains("Nobody is named to try it for"), "{typed}");
    assert!(ask("root", &["/root/new", "--user", "nobody-here"]).refused().stderr.contains("There is no user nobody-here"));
    let typed = ask("root", &["/root/new", "--service", "sudoo", "--user", "alice"]);
    assert!(typed.ok().stderr.contains("This host has no service sudoo yet"), "{typed}");
    let json = doctor(&world, &["--json"], GOOD);
    assert!(!json.stderr.contains("no service"), "{json}");
    assert!(json.ok().stdout.starts_with("[{\"check\":\"pam\",") && json.stdout.contains("\"state\":\"ok\""), "{json}");
}
