//! `ca-tool doctor --pam`: a pam.d file is tried before it is put in place, and the host stays as it is.

use tests::setting::Person;
use tests::world::{Output, Request, World};

const GOOD: &str = "auth sufficient pam_ussh.so
account [success=1 default=ignore] pam_rootok.so
account required pam_ussh.so
auth required pam_unix.so
account required pam_unix.so
session required pam_unix.so
";

fn world() -> World {
    let world = World::new();
    world.install_pam_try();
    world.install_ca_tool();
    world.trust(&[&world.ca("ed25519")]);
    world
}

fn doctor(world: &World, words: &[&str], file: &str) -> Output {
    world.write("/root/new", file);
    world.run(&[&["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"], words].concat())
}

#[track_caller]
fn has(answer: &Output, state: &str, parts: &[&str]) {
    let has = |line: &str| line.starts_with(&format!("{state:<8} pam ")) && parts.iter().all(|part| line.contains(part));
    assert!(answer.stdout.lines().any(has), "no {state} with {parts:?}: {answer}");
}

/// Everything of the host that programs write to; its mounts and processes.
fn snapshot(world: &World) -> Vec<String> {
    world.write("/root/new", "");
    let files = "find /etc /var /run /root /home /tmp -not -path '/etc/alternatives*' -not -path /root/new";
    let look = format!(
        "{files} -printf '%p %m %U %s %T@ %C@\\n'; {files} -type f -exec sha256sum {{}} +; \
         cat /proc/self/mountinfo; ps -e -o comm="
    );
    let mut lines: Vec<String> = world.run(&["bash", "-c", &look]).ok().stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The same as before, or the lines that are not.
#[track_caller]
fn assert_unchanged(world: &World, before: &[String]) {
    let after = snapshot(world);
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(gone.is_empty() && new.is_empty() && before.len() == after.len(), "gone {gone:#?}, new {new:#?}");
}

#[test]
fn a_good_file_is_found_good_and_nothing_of_the_host_changes() {
    let world = world();
    world.pam("sudo", "auth required pam_unix.so\naccount required pam_unix.so\n");
    world.log();
    let before = snapshot(&world);
    let answer = doctor(&world, &[], GOOD);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
    has(&answer, "ok", &["alice with an expired certificate: refused.", "expired 1 hour ago"]);
    has(&answer, "ok", &["alice with an agent that holds no certificate: refused.", "holds no certificate"]);
    has(&answer, "ok", &["alice without an agent: refused.", "SSH_AUTH_SOCK is not set"]);
    has(&answer, "ok", &["root's own sudo, as in a cron job: let in."]);
    assert!(!answer.stdout.contains("warning") && !answer.stdout.contains("problem"), "{answer}");
    assert_unchanged(&world, &before);
    assert_eq!(world.log(), [""; 0], "the host's own log hears nothing of it");
}

#[test]
fn counters_of_failures_are_not_the_hosts() {
    let world = world();
    world.mkdir("/run/faillock", "root", 0o755);
    let file = GOOD.replace(
        "auth required pam_unix.so",
        "auth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail",
    );
    let before = snapshot(&world);
    doctor(&world, &[], &file);
    assert_unchanged(&world, &before);
}

#[test]
fn the_hosts_name_is_not_the_trials() {
    let world = world();
    let before = world.run(&["hostname"]).ok().stdout.clone();
    world.write_as("/root/rename", b"#!/bin/sh\nhostname trial && logger renamed\n", "root", 0o755);
    let answer = doctor(&world, &[], &format!("auth required pam_exec.so /root/rename\n{GOOD}"));
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.run(&["hostname"]).ok().stdout, before);
}

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
fn the_throwaway_certificate_has_what_the_options_want() {
    let world = world();
    world.trust(&[&world.ca("ed25519"), &world.ca("ecdsa-256")]);
    world.write("/etc/ssh/principals", "# who\ncommand=\"x\" bound\ndeploy\n");
    for options in [
        "authorized_principals=ops,dev",
        "authorized_principals_file=/etc/ssh/principals user_principal=no",
        "group=ops max_validity=1h",
        "require_sk",
        "require_verify",
        "accepted_algorithms=ecdsa-sha2-nistp384 ca_signature_algorithms=ecdsa-sha2-nistp256",
        "ca_file=/etc/ssh/other_ca",
    ] {
        if options.starts_with("ca_file") {
            let text = world.read("/etc/ssh/trusted_user_ca");
            world.write("/etc/ssh/other_ca", &text);
        }
        let answer = doctor(&world, &[], &GOOD.replace("pam_ussh.so", &format!("pam_ussh.so {options}")));
        assert_eq!(answer.code, 0, "{options}: {answer}");
        has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
        has(&answer, "ok", &["alice with an expired certificate: refused."]);
    }
    let answer = doctor(&world, &[], &GOOD.replace("pam_ussh.so", "pam_ussh.so accepted_algorithms=rsa-sha2-512"));
    has(&answer, "warning", &["A valid certificate cannot be tried: accepted_algorithms"]);
    assert_eq!(answer.code, 0, "{answer}");
}

#[test]
fn su_is_tried_with_certificates_for_root() {
    let world = world();
    let su = "auth sufficient pam_rootok.so\nauth required pam_ussh.so\naccount [success=1 default=ignore] pam_rootok.so\naccount required pam_ussh.so\naccount required pam_unix.so\n";
    let answer = doctor(&world, &["--service", "su"], su);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by su."]);
    has(&answer, "ok", &["alice without an agent: refused."]);
    has(&answer, "ok", &["root's own su"]);
}

#[test]
fn sshd_is_tried_as_after_a_login_by_certificate_and_without_one() {
    let world = world();
    world.install_session_guard();
    let sshd = "account required pam_ussh.so\nsession required pam_ussh.so end_session\naccount required pam_unix.so\nsession required pam_unix.so\n";
    let before = snapshot(&world);
    let answer = doctor(&world, &["--service", "sshd"], sshd);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by sshd."]);
    has(&answer, "ok", &["alice with an expired certificate: refused."]);
    has(&answer, "ok", &["alice with a plain key: refused.", "You need an SSH certificate to log in here"]);
    has(&answer, "ok", &["alice without a key: refused."]);
    assert_unchanged(&world, &before);
    let answer = doctor(&world, &["--service", "sshd"], &sshd.replace("pam_ussh.so", "pam_ussh.so auth_info=optional"));
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "warning", &["alice with a plain key: let in, and nothing is asked."]);
    has(&answer, "warning", &["alice without a key: let in, and nothing is asked."]);
}

#[test]
fn where_nothing_can_be_sealed_nothing_is_tried() {
    let world = world();
    world.write("/root/new", GOOD);
    // A root folder that is no mount point, as in a chroot.
    let chroot = "mkdir /opt/root && cp -a /etc /opt/root && mkdir /opt/root/{proc,usr,tmp,root,opt} && \
        for link in bin sbin lib lib64; do ln -s usr/$link /opt/root/$link; done && cp /root/new /opt/root/root && \
        mount --bind /usr /opt/root/usr && mount --bind /usr/libexec /opt/root/usr/libexec && \
        mount -t proc proc /opt/root/proc && cp -r /opt/rig /opt/root/opt && \
        chroot /opt/root /opt/rig/ca-tool doctor --pam /root/new --user alice";
    let answer = world.run(&["bash", "-c", chroot]);
    assert!(answer.refused().stderr.contains("a root folder that is a mount point"), "{answer}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn what_is_typed_wrong_is_said() {
    let world = world();
    world.write("/root/new", GOOD);
    let ask = |user: &str, words: &[&str]| world.run_as(user, &[&["ca-tool", "doctor", "--pam"], words].concat());
    assert!(ask("alice", &["/etc/pam.d/sudo", "--user", "alice"]).refused().stderr.contains("Only root can try"));
    assert!(ask("root", &["/root/new"]).refused().stderr.contains("Nobody is named to try it for"));
    assert!(ask("root", &["/root/nowhere", "--user", "alice"]).refused().stderr.contains("cannot be read"));
    assert!(ask("root", &["/root/new", "--user", "nobody-here"]).refused().stderr.contains("There is no user nobody-here"));
    let json = doctor(&world, &["--json"], GOOD);
    assert!(json.ok().stdout.starts_with("[{\"check\":\"pam\",") && json.stdout.contains("\"state\":\"ok\""), "{json}");
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
        world.ssh("alice").agent(&person.agent).run("sudo -n id -u").refused();
    }
    let rsa = world.ca("rsa-2048");
    world.trust(&[&rsa]);
    has(
        &doctor(&world, &[], &GOOD.replace("pam_ussh.so", "pam_ussh.so required_rsa_size=3072")),
        "problem",
        &["none of the CAs"],
    );
    assert_eq!(doctor(&world, &[], GOOD).code, 0);
}

#[test]
fn a_folder_for_temporary_files_that_is_the_hosts_is_not_needed() {
    let world = world();
    world.write("/root/new", GOOD);
    let words = ["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"];
    world.run_with("root", &[("TMPDIR", "/var/tmp/nowhere")], &words).ok();
}
