//! What is read from pam.d is what libpam reads there.

use super::{SUDO, check, person, world};
use tests::setting::{assert_root, sudo};
use tests::world::Request;

/// sudo is the oracle: what check reads from pam.d is what libpam reads.
#[test]
fn lines_are_read_as_libpam_reads_them() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp"));
    world.mkdir("/etc/ssh/with ] blank", "root", 0o755);
    let ca = world.read("/etc/ssh/trusted_user_ca");
    world.write("/etc/ssh/with ] blank/ca", &ca);
    world.run(&["rm", "/etc/ssh/trusted_user_ca"]).ok();
    let included =
        "-ACCOUNT [success=ok default=bad] pam_ussh.so [ca_file=/etc/ssh/with \\] blank/ca] \\\n max_validity=2h # x \\\n";
    for include in ["account include certificates", "account substack certificates", "@include certificates"] {
        world.write("/etc/pam.d/certificates", included);
        world.pam("sudo", &format!("auth required pam_permit.so\n{include}\nsession required pam_permit.so\n"));
        check(&world, "alice", &[]).ok();
        assert_root(&sudo(&world, "alice", person.agent.socket()));
        world.write("/etc/pam.d/certificates", &included.replace("2h", "2m"));
        let answer = check(&world, "alice", &[]);
        assert!(answer.refused().stderr.contains("is valid for"), "{answer}");
        sudo(&world, "alice", person.agent.socket()).refused();
    }
    // libpam passes over a comment there before 1.7, and ends the line at it since.
    world.write("/etc/pam.d/certificates", &included.replace("\n max", "\n # more\n max"));
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("inside a line that a backslash continues"), "{answer}");
}

/// sudo is the oracle here, too.
#[test]
fn no_acceptance_is_said_where_sudo_refuses_for_the_auth_line_or_the_file() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp"));
    let strict = "auth required pam_ussh.so authorized_principals=ops user_principal=no";
    let rest = "account required pam_ussh.so\nsession required pam_permit.so\n";
    let broken = "libpam does not understand /etc/pam.d/sudo line";
    let missing = "which is not there: libpam refuses whoever gets that far";
    world.mkdir("/opt/folder.so", "root", 0o755);
    world.write("/opt/text.so", "text");
    for (lines, says) in [
        (format!("{strict}\n{rest}"), "pam_ussh refuses sudo to alice"),
        (format!("{strict}\nauth required pam_unix.so\n{rest}"), "pam_ussh refuses sudo to alice"),
        (format!("auth sufficient pam_ussh.so\naccount required\n{rest}"), broken),
        (SUDO.replace("account required", "account requird"), broken),
        (SUDO.replace("account required", "account [success=ok defalt=bad]"), broken),
        (format!("account [] pam_permit.so\n{SUDO}"), broken),
        (format!("account [success=1\u{a0}default=ignore] pam_permit.so\n{SUDO}"), broken),
        (SUDO.replace("account", "account [success=2 default=ignore] pam_permit.so\naccount"), broken),
        (SUDO.replace('\n', "\r\n"), "a carriage return"),
        (format!("\r\n{SUDO}"), "a carriage return"),
        (format!("account required pam_ush.so\n{SUDO}"), missing),
        // The dash keeps it out of the log alone.
        (format!("-account required pam_ush.so\n{SUDO}"), missing),
        (format!("account [success=ok default=die] /lib/pam_ush.so\n{SUDO}"), missing),
        (format!("account required /opt/folder.so\n{SUDO}"), missing),
        (format!("account required /opt/text.so\n{SUDO}"), missing),
        (format!("auth required pam_ush.so\n{SUDO}"), missing),
        (format!("{SUDO}session required pam_ush.so\n"), missing),
        (format!("{SUDO}session required /lib/pam_ussh.so\n"), missing),
    ] {
        world.pam("sudo", &lines);
        sudo(&world, "alice", person.agent.socket()).refused();
        let answer = check(&world, "alice", &[]);
        assert!(answer.refused().stderr.contains(says), "{lines}: {answer}");
        assert!(!answer.stdout.contains("pam_ussh accepts"), "{lines}: {answer}");
    }
    // Nobody gets that far, or it does not decide.
    world.mkdir("/opt/private", "root", 0o700);
    world.run(&["sh", "-c", "cp /lib/*/security/pam_permit.so /opt/private/"]).ok();
    for lines in [
        format!("account optional pam_ush.so\n{SUDO}"),
        format!("account [success=1 default=ignore] pam_permit.so\naccount requisite pam_deny.so\n{SUDO}"),
        SUDO.replace("account", "auth required pam_ush.so\naccount"),
        format!("account required /opt/private/pam_permit.so\n{SUDO}"),
    ] {
        world.pam("sudo", &lines);
        assert_root(&sudo(&world, "alice", person.agent.socket()));
        check(&world, "alice", &[]).ok();
    }
    // libpam writes services small.
    check(&world, "alice", &["--service", "SUDO"]).ok();
    // A password helps here.
    world.pam("sudo", &format!("{}\nauth required pam_unix.so\n{rest}", strict.replace("required", "sufficient")));
    assert!(check(&world, "alice", &[]).ok().stdout.contains("a password is asked for as well"));
}

/// What is read from a control is what libpam makes of it.
#[test]
fn a_missing_module_refuses_under_the_controls_under_which_sudo_refuses() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp"));
    for (control, refuses) in [
        ("[success=ok]", true),
        ("[success = ok default = die]", true),
        ("[success=okdefault=die]", true),
        ("[success=okdefault=ignore]", false),
        ("[default=ok]", true),
        ("[default=done]", true),
        ("[module_unknown=ignore module_unknown=die default=ignore]", true),
        ("[module_unknown=die default=ignore module_unknown=ignore]", false),
        ("[default=ignore default=die]", false),
        ("[default=die default=ignore]", true),
        ("[default=reset]", false),
        ("[default=1]", false),
        ("[default=2]", true),
        ("[default=3]", true),
        ("optional", false),
        ("requisite", true),
    ] {
        let lines = format!("account {control} pam_ush.so\naccount required pam_permit.so\n{SUDO}");
        world.pam("sudo", &lines);
        let (done, answer) = (sudo(&world, "alice", person.agent.socket()), check(&world, "alice", &[]));
        assert_eq!((done.code != 0, answer.code != 0), (refuses, refuses), "{control}: {done} {answer}");
    }
}
