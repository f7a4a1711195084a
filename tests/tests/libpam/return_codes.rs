//! Every row of the table of return codes, through real libpam.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use tests::hostile::Between;
use tests::pam::{Certificate, Host, Room, User};

use crate::usual::{ACCEPTED, EXPIRED, IGNORED, MISCONFIGURED, NO_AGENT, UNKNOWN_USER, Usual, Verdict, refused, verdict};

/// The group of the room that alice is in.
const OPS: u32 = 1200;

const NO_CERTIFICATE: Verdict<&str> = refused("no-certificate");

#[test]
fn a_valid_certificate_is_accepted() {
    assert_eq!(Usual::new().verdict(""), ACCEPTED);
}

#[test]
fn who_is_not_in_the_group_is_ignored_with_or_without_a_certificate() {
    let usual = Usual::new();
    assert_eq!(usual.verdict("group=ops"), ACCEPTED);
    assert_eq!(usual.verdict("group=bob"), IGNORED);
    usual.agent.clear();
    assert_eq!(usual.verdict("group=ops"), NO_CERTIFICATE);
    assert_eq!(usual.verdict("group=bob"), IGNORED);
}

#[test]
fn an_expired_certificate_is_told_apart_from_other_refusals() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    usual.hold(&Certificate::valid("-1h:-1m"));
    assert_eq!(usual.verdict(""), EXPIRED);
}

#[test]
fn any_other_certificate_that_is_not_acceptable_is_refused() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for (reason, certificate) in [
        ("not-for-user", Certificate::of("bob")),
        ("no-principals", Certificate::of("")),
        ("not-yet-valid", Certificate::valid("+10m:+1h")),
        ("not-a-user-certificate", Certificate::with("-h")),
        ("unknown-critical-option", Certificate::with("-O critical:launch@example.org=now")),
    ] {
        usual.hold(&certificate);
        assert_eq!(usual.verdict(""), refused(reason));
    }
}

#[test]
fn a_certificate_of_another_ca_is_refused() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    usual.room.trust(&usual.room.key("another-ca", "ed25519"));
    assert_eq!(usual.verdict(""), refused("ca-untrusted"));
}

#[test]
fn an_agent_without_any_certificate_is_refused() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    usual.agent.clear();
    assert_eq!(usual.verdict(""), NO_CERTIFICATE, "nothing in the agent");
    usual.agent.add(&usual.room.key("plain", "ed25519"));
    assert_eq!(usual.verdict(""), NO_CERTIFICATE, "a plain key in the agent");
}

#[test]
fn no_agent_is_told_apart_from_a_refusal() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    assert_eq!(verdict(|| usual.sudo("").without_env("SSH_AUTH_SOCK")), NO_AGENT, "no SSH_AUTH_SOCK");
    let regular_file = usual.room.home(User::ALICE).join("file");
    std::fs::write(&regular_file, "").expect("a file");
    tests::pam::private_to(&regular_file, User::ALICE);
    for socket in [regular_file.to_str().expect("text"), "/nonexistent/agent", "", "agent", "/", &"x".repeat(300)] {
        assert_eq!(verdict(|| usual.sudo("").env("SSH_AUTH_SOCK", socket)), NO_AGENT, "SSH_AUTH_SOCK={socket}");
    }
    let Usual { room, agent, .. } = usual;
    drop(agent);
    assert_eq!(verdict(|| Host::sudo(&room, "")), NO_AGENT, "an agent that ended");
}

#[test]
fn somebody_elses_agent_is_not_asked() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    let agent = usual.room.agent_of(User::BOB, &usual.room.home(User::BOB).join("agent"));
    agent.add(&usual.key);
    assert_eq!(verdict(|| usual.sudo("").env("SSH_AUTH_SOCK", agent.socket())), NO_AGENT);
}

#[test]
fn an_agent_that_talks_to_everybody_is_still_somebody_elses() {
    let usual = Usual::new();
    let open = usual.room.folder().join("home/shared");
    fs::create_dir(&open).expect("a folder");
    fs::set_permissions(&open, Permissions::from_mode(0o777)).expect("chmod");
    let real = usual.room.agent_of(User::ROOT, &usual.room.folder().join("real"));
    real.add(&usual.key);
    for (owner, expected) in [(User::ALICE, ACCEPTED), (User::BOB, NO_AGENT), (User::ROOT, NO_AGENT)] {
        // A real ssh-agent would refuse alice by itself.
        let socket = open.join(owner.name);
        let agent = Between::before(real.socket()).start_as(owner, &socket);
        fs::set_permissions(&socket, Permissions::from_mode(0o777)).expect("chmod");
        assert_eq!(verdict(|| usual.sudo("").env("SSH_AUTH_SOCK", &socket)), expected, "{owner:?}");
        let link = usual.room.home(User::ALICE).join(format!("link-to-{}", owner.name));
        symlink(&socket, &link).expect("a symbolic link");
        assert_eq!(verdict(|| usual.sudo("").env("SSH_AUTH_SOCK", &link)), expected, "{owner:?} through a symbolic link");
        assert_eq!(agent.connections() > 0, owner == User::ALICE, "{owner:?}");
    }
}

#[test]
fn the_way_to_the_socket_is_walked_with_the_users_groups_and_not_with_roots() {
    let usual = Usual::new();
    let folder = usual.room.folder().join("home/of-a-group");
    fs::create_dir(&folder).expect("a folder");
    fs::set_permissions(&folder, Permissions::from_mode(0o750)).expect("chmod");
    let real = usual.room.agent_of(User::ROOT, &usual.room.folder().join("real"));
    real.add(&usual.key);
    let socket = folder.join("agent");
    let _agent = Between::before(real.socket()).start_as(User::ALICE, &socket);
    for (group, expected) in [(OPS, ACCEPTED), (User::ROOT.id, NO_AGENT), (User::BOB.id, NO_AGENT)] {
        chown(&folder, None, Some(group)).expect("chown");
        for caller in ["as=root", "as=alice"] {
            let host = || usual.sudo("").with(caller).env("SSH_AUTH_SOCK", &socket);
            assert_eq!(verdict(host), expected, "group {group}, {caller}");
        }
    }
}

#[test]
fn su_asks_the_callers_agent_for_a_certificate_that_names_the_target() {
    let usual = Usual::new();
    let agent = usual.room.agent_of(User::BOB, &usual.room.home(User::BOB).join("agent"));
    let su = |socket: &Path| {
        let (usual, socket) = (&usual, socket.to_owned());
        move || usual.sudo("").service("su").with("as=bob").with("user=alice").env("SSH_AUTH_SOCK", &socket)
    };
    assert_eq!(verdict(su(agent.socket())), NO_CERTIFICATE, "nothing in the caller's agent");
    agent.add(&usual.key);
    assert_eq!(verdict(su(agent.socket())), ACCEPTED, "the caller's agent");
    assert_eq!(verdict(su(&usual.room.socket())), NO_AGENT, "the target's agent");
    usual.room.certify(&usual.ca, &usual.key, &Certificate::of("bob"));
    agent.clear();
    agent.add(&usual.key);
    assert_eq!(verdict(su(agent.socket())), refused("not-for-user"), "a certificate that names the caller");
}

#[test]
fn the_socket_is_found_in_the_initial_environment_when_the_host_cleared_its_own() {
    let usual = Usual::new();
    assert_eq!(verdict(|| usual.sudo("").with("forget=SSH_AUTH_SOCK")), ACCEPTED);
}

#[test]
fn trouble_with_configuration_or_files_is_told_apart_from_a_refusal() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    assert_eq!(usual.verdict("ca_file=/etc/ssh/nonexistent"), MISCONFIGURED);
    assert_eq!(usual.verdict("authorized_principals_file=/etc/ssh/nonexistent"), MISCONFIGURED);
    assert_eq!(usual.verdict("no_such_option"), MISCONFIGURED);
}

#[test]
fn an_unknown_user_is_told_apart_from_a_refusal() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    for user in ["user=nosuchuser", "user=../alice", "user=Alice"] {
        assert_eq!(verdict(|| usual.sudo("").with(user)), UNKNOWN_USER, "{user}");
    }
}

#[test]
fn setcred_succeeds_whatever_the_certificate() {
    let room = Room::new();
    assert_eq!(Host::sudo(&room, "").call("setcred").code(), "SUCCESS");
    assert_eq!(Host::sudo(&room, "").service("doas").call("setcred").code(), "SUCCESS");
}

#[test]
fn sessions_of_other_services_than_sshd_are_ignored() {
    let room = Room::new();
    for service in ["sudo", "su", "doas", "login"] {
        let answer = Host::sudo(&room, "").service(service).call("open_session,close_session");
        assert_eq!(answer.codes(), ["IGNORE", "IGNORE"], "{service}");
    }
}

#[test]
fn a_session_of_sshd_without_a_certificate_is_refused() {
    let room = Room::new();
    assert_eq!(Host::sudo(&room, "").service("sshd").call("open_session").code(), "PERM_DENIED");
    assert_eq!(
        Host::sudo(&room, "sshd_services=sshd-inside").service("sshd-inside").call("open_session").code(),
        "PERM_DENIED"
    );
    assert_eq!(Host::sudo(&room, "sshd_services=sshd-inside").service("sudo").call("open_session").code(), "IGNORE");
}

#[test]
fn a_session_with_a_configuration_in_error_is_refused() {
    let room = Room::new();
    assert_eq!(Host::sudo(&room, "").call("open_session").code(), "IGNORE");
    assert_eq!(Host::sudo(&room, "end_session=soon").call("open_session").code(), "PERM_DENIED");
}

#[test]
fn all_stacks_can_be_called_in_one_transaction_as_sudo_does() {
    let usual = Usual::new();
    let answer = usual.sudo("").call("authenticate,acct_mgmt,setcred,open_session,close_session");
    assert_eq!(answer.codes(), ["SUCCESS", "SUCCESS", "SUCCESS", "IGNORE", "IGNORE"]);
}

#[test]
fn a_certificate_planted_in_the_pam_environment_of_sudo_is_not_believed() {
    let usual = Usual::new();
    assert_eq!(usual.verdict(""), ACCEPTED);
    usual.agent.clear();
    let line = std::fs::read_to_string(&usual.certificate).expect("the certificate");
    let variable = format!("putenv=SSH_AUTH_INFO_0=publickey {line}");
    assert_eq!(verdict(|| usual.sudo("").with(&variable)), NO_CERTIFICATE);
}

#[test]
fn a_conversation_that_fails_changes_no_decision() {
    let usual = Usual::new();
    for manner in ["conv=fails", "conv=null"] {
        usual.hold(&Certificate::default());
        assert_eq!(usual.sudo("").with(manner).auth().code(), "SUCCESS", "{manner}");
        usual.hold(&Certificate::valid("-1h:-1m"));
        assert_eq!(usual.sudo("").with(manner).auth().code(), "CRED_EXPIRED", "{manner}");
    }
}
