//! A daemon of root's talks to somebody afar. What it has in SSH_AUTH_SOCK is the agent of whoever started it.

use tests::pam::Host;

use crate::usual::{ACCEPTED, IGNORED, NO_AGENT, Usual, Verdict, reason, verdict};

/// Started by root, not setuid, asking about alice; her agent in its environment.
fn daemon<'a>(usual: &'a Usual, options: &str) -> Host<'a> {
    usual.sudo(options).service("daemon").with("as=root")
}

#[test]
fn a_program_of_roots_asks_the_users_agent_but_not_for_somebody_afar() {
    let usual = Usual::new();
    assert_eq!(verdict(|| daemon(&usual, "")), ACCEPTED);
    assert_eq!(verdict(|| daemon(&usual, "").with("rhost=client.example.org")), NO_AGENT);
    assert_eq!(verdict(|| usual.sudo("").with("rhost=host.example.org")), ACCEPTED, "sudo says where it runs, too");
}

#[test]
fn sshd_is_never_taken_for_the_persons_own_program() {
    let usual = Usual::new();
    // Some sshd do not tell their auth stack what was completed so far: nothing, to it.
    const NOTHING_YET: Verdict<&str> = ["IGNORE", "AUTHINFO_UNAVAIL", "no-certificate no-agent"];
    for sshd in [|usual| daemon(usual, "").service("sshd"), |usual| daemon(usual, "sshd_services=daemon")] {
        let (auth, account) = (sshd(&usual).auth(), sshd(&usual).account());
        let reasons = format!("{} {}", reason(&auth), reason(&account));
        assert_eq!([auth.code(), account.code(), &reasons], NOTHING_YET);
    }
    assert_eq!(verdict(|| daemon(&usual, "sshd_services=sshd")), ACCEPTED);
}

#[test]
fn the_environment_that_a_daemon_was_started_with_is_not_the_persons() {
    let usual = Usual::new();
    assert_eq!(verdict(|| usual.sudo("").with("forget=SSH_AUTH_SOCK")), ACCEPTED);
    assert_eq!(verdict(|| daemon(&usual, "").with("forget=SSH_AUTH_SOCK")), NO_AGENT);
}

#[test]
fn a_member_is_a_member_when_a_source_of_groups_is_out_of_reach() {
    let usual = Usual::new();
    assert_eq!(usual.verdict("group=ops"), ACCEPTED);
    usual.room.write("nsswitch.conf", "passwd: files\ngroup: files\ninitgroups: nosuchsource\n");
    assert_eq!(usual.verdict("group=ops"), ACCEPTED, "and not ignored");
    assert_eq!(usual.verdict("group=bob"), IGNORED);
}
