//! Who a certificate must name: the user, lists on the line, files in sshd's format.

use std::fs;

use tests::pam::{Certificate, User};

use crate::usual::{ACCEPTED, MISCONFIGURED, Usual, Verdict, refused, verdict};

const UNLISTED: Verdict<&str> = refused("no-authorized-principal");

const FILE: &str = "user_principal=no authorized_principals_file=/etc/ssh/principals";

#[test]
fn the_user_must_be_a_principal_unless_the_line_says_that_only_the_lists_count() {
    let usual = Usual::with(&Certificate::of("ops,alice"));
    usual.room.write("ssh/principals", "ops\n");
    for options in ["", "authorized_principals=ops", "user_principal=no authorized_principals=ops", FILE] {
        assert_eq!(usual.verdict(options), ACCEPTED, "ops,alice with {options}");
    }
    usual.hold(&Certificate::of("ops"));
    for options in ["", "authorized_principals=ops", "authorized_principals_file=/etc/ssh/principals"] {
        assert_eq!(usual.verdict(options), refused("not-for-user"), "ops with {options}");
    }
    for options in ["user_principal=no authorized_principals=ops", FILE] {
        assert_eq!(usual.verdict(options), ACCEPTED, "ops with {options}");
    }
    usual.hold(&Certificate::of("alice"));
    assert_eq!(usual.verdict(""), ACCEPTED, "alice");
    for options in ["authorized_principals=ops", "user_principal=no authorized_principals=ops", FILE] {
        assert_eq!(usual.verdict(options), UNLISTED, "alice with {options}");
    }
}

#[test]
fn without_the_user_and_without_a_list_nobody_could_be_meant() {
    let usual = Usual::new();
    assert_eq!(usual.verdict("user_principal=yes"), ACCEPTED);
    assert_eq!(usual.verdict("user_principal=no authorized_principals=alice"), ACCEPTED);
    assert_eq!(usual.verdict("user_principal=no"), MISCONFIGURED);
}

#[test]
fn both_lists_count_together() {
    let usual = Usual::new();
    usual.room.write("ssh/principals", "dev\n");
    let options = "user_principal=no authorized_principals=ops,db authorized_principals_file=/etc/ssh/principals";
    for (principal, expected) in
        [("ops", ACCEPTED), ("db", ACCEPTED), ("dev", ACCEPTED), ("web", UNLISTED), ("web,db", ACCEPTED)]
    {
        usual.hold(&Certificate::of(principal));
        assert_eq!(usual.verdict(options), expected, "{principal}");
    }
}

#[test]
fn names_are_compared_exactly() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for principal in ["Alice", "alic", "alicea", "*", "al*", "?lice"] {
        usual.hold(&Certificate::of(principal));
        assert_eq!(usual.verdict(""), refused("not-for-user"), "{principal}");
    }
}

#[test]
fn the_file_is_read_as_sshd_reads_it() {
    let usual = Usual::with(&Certificate::of("ops"));
    for (line, expected) in [
        ("ops", ACCEPTED),
        ("other\nops\n", ACCEPTED),
        ("\t  ops", ACCEPTED),
        ("ops \t ", ACCEPTED),
        ("ops # the team", ACCEPTED),
        ("ops#the team", ACCEPTED),
        ("# ops", UNLISTED),
        ("o#ps", UNLISTED),
        ("", UNLISTED),
        ("\n\n", UNLISTED),
        ("ops other", UNLISTED),
        ("OPS", UNLISTED),
        ("ops*", UNLISTED),
        ("ops\r", UNLISTED),
        ("ops,other", UNLISTED),
    ] {
        usual.room.write("ssh/principals", format!("{line}\n"));
        assert_eq!(usual.verdict(FILE), expected, "{line:?}");
    }
}

#[test]
fn options_in_front_of_a_principal_are_honoured() {
    let usual = Usual::with(&Certificate::of("ops"));
    for (line, expected) in [
        ("restrict ops", ACCEPTED),
        ("no-pty,no-port-forwarding ops", ACCEPTED),
        ("restrict\tops", ACCEPTED),
        ("environment=\"A=b c\" ops", ACCEPTED),
        ("expiry-time=\"20990101Z\" ops", ACCEPTED),
        ("expiry-time=\"20200101Z\" ops", refused("principals-line-expired")),
        ("expiry-time=\"20200101Z\" ops\nops", refused("principals-line-expired")), // the first line that names a principal decides
        ("cert-authority ops", refused("principals-line-denies")),
        ("principals=\"ops\" ops", refused("principals-line-denies")),
        ("from=\"192.0.2.0/24\" ops", refused("principals-line-from")), // the address cannot be known under sudo
        ("nonsense ops", UNLISTED),
        ("nonsense ops\nops", ACCEPTED), // a line in error is skipped
        ("command=\"/bin/true\" ops", refused("force-command")),
    ] {
        usual.room.write("ssh/principals", format!("{line}\n"));
        assert_eq!(usual.verdict(FILE), expected, "{line:?}");
    }
}

#[test]
fn an_expiry_time_in_local_time_is_the_hosts_whatever_the_persons_time_zone() {
    let usual = Usual::with(&Certificate::of("ops"));
    let utc = |when: &str| tests::pam::run(std::process::Command::new("date").args(["-u", "+%Y%m%d%H%M", "-d", when]));
    for (when, expected) in [("3 hours", ACCEPTED), ("3 hours ago", refused("principals-line-expired"))] {
        usual.room.write("ssh/principals", format!("expiry-time=\"{}\" ops\n", utc(when).trim()));
        for zone in ["UTC0", "WEST12", "EAST-12"] {
            assert_eq!(verdict(|| usual.sudo(FILE).env("TZ", zone)), expected, "{when}, TZ={zone}");
        }
    }
}

#[test]
fn restrictions_of_a_line_that_only_sshd_can_enforce_can_be_ignored() {
    let usual = Usual::with(&Certificate::of("ops"));
    usual.room.write("ssh/principals", "from=\"192.0.2.0/24\" ops\n");
    assert_eq!(usual.verdict(FILE), refused("principals-line-from"));
    assert_eq!(usual.verdict(&format!("{FILE} source_address=ignore")), ACCEPTED);
    usual.room.write("ssh/principals", "command=\"/bin/true\" ops\n");
    assert_eq!(usual.verdict(FILE), refused("force-command"));
    assert_eq!(usual.verdict(&format!("{FILE} force_command=ignore")), ACCEPTED);
}

#[test]
fn the_files_name_may_hold_tokens() {
    let usual = Usual::with(&Certificate::of("ops"));
    let room = &usual.room;
    let home = room.etc("home-of-alice");
    fs::create_dir(&home).expect("a folder");
    let entry = |user: User, home: &str| format!("{0}:x:{1}:{1}::{home}:/bin/sh\n", user.name, user.id);
    room.write("passwd", entry(User::ROOT, "/root") + &entry(User::ALICE, "/etc/home-of-alice") + &entry(User::BOB, "/"));
    for (file, option) in [
        ("ssh/for-alice", "/etc/ssh/for-%u"),
        ("ssh/for-1001", "/etc/ssh/for-%U"),
        ("home-of-alice/principals", "%h/principals"),
        ("ssh/100%", "/etc/ssh/100%%"),
        ("ssh/alice-%u", "/etc/ssh/%u-%%u"),
    ] {
        let option = format!("user_principal=no authorized_principals_file={option}");
        assert_eq!(usual.verdict(&option), MISCONFIGURED, "{option} before the file is there");
        let path = room.write(file, "ops\n");
        assert_eq!(usual.verdict(&option), ACCEPTED, "{option}");
        fs::remove_file(path).expect("rm");
    }
    for token in ["/etc/ssh/%k", "/etc/ssh/%", "principals", "%u"] {
        let option = format!("user_principal=no authorized_principals_file={token}");
        assert_eq!(usual.verdict(&option), MISCONFIGURED, "{token}");
    }
}
