//! Module options on real pam.d lines: those of the old pam-ussh, and those that do not exist.

use tests::setting::{Person, assert_logged, assert_refused, assert_root, auth, world_without_timestamps};
use tests::world::{CA_FILE, Request, Session, World};

const NOT_SET_UP: &str =
    "pam_ussh is not set up correctly here. Tell this host's administrator; the reason is in the system log.";

/// alice, logged in, with a certificate that names her and `deploy`.
fn logged_in(world: &World) -> (Person<'_>, Session<'_>) {
    let person = Person::new(world, &Request::new("alice@corp").principals("alice,deploy"));
    let alice = world.ssh("alice").agent(&person.agent).open();
    (person, alice)
}

#[test]
fn ca_file_names_another_file() {
    let world = world_without_timestamps();
    let (_person, mut alice) = logged_in(&world);
    world.mkdir("/etc/ussh", "root", 0o755);
    world.write("/etc/ussh/ca.pub", &world.read(CA_FILE));
    world.write(CA_FILE, &world.read(&world.ca("ed25519").key().public()));
    world.pam("sudo", &auth("ca_file=/etc/ussh/ca.pub"));
    assert_root(&alice.run("sudo id -u"));
    world.pam("sudo", &auth(""));
    assert_refused(&alice.run("sudo id -u"), "is signed by a CA that this host does not trust");
}

#[test]
fn authorized_principals_must_hold_one_of_the_certificates() {
    let world = world_without_timestamps();
    let (_person, mut alice) = logged_in(&world);
    world.pam("sudo", &auth("authorized_principals=admins,deploy"));
    assert_root(&alice.run("sudo id -u"));
    for others in ["admins", "admins,deploy2", "Deploy"] {
        world.pam("sudo", &auth(&format!("authorized_principals={others}")));
        assert_refused(&alice.run("sudo id -u"), "names no principal that is authorized here");
    }
}

#[test]
fn an_authorized_principals_file_must_name_one_of_the_certificates() {
    let world = world_without_timestamps();
    let (_person, mut alice) = logged_in(&world);
    let options = "authorized_principals_file=/etc/ssh/principals/%u";
    world.pam("sudo", &auth(options));
    world.mkdir("/etc/ssh/principals", "root", 0o755);
    world.write("/etc/ssh/principals/alice", "# who may sudo\nadmins\n  deploy # the pipeline\n");
    assert_root(&alice.run("sudo id -u"));
    world.write("/etc/ssh/principals/alice", "admins\n#deploy\n");
    assert_refused(&alice.run("sudo id -u"), "names no principal that is authorized here");
    // Both lists count together.
    world.pam("sudo", &auth(&format!("{options} authorized_principals=deploy")));
    assert_root(&alice.run("sudo id -u"));
}

#[test]
fn members_of_the_group_are_checked_and_others_ignored() {
    let world = world_without_timestamps();
    // What is ignored is decided by the lines after it: alone, sudo refuses.
    let then = |next| {
        format!("auth required pam_ussh.so group=ops\n{next}account required pam_permit.so\nsession required pam_permit.so\n")
    };
    let person = Person::new(&world, &Request::new("x@corp").principals("alice,mallory"));
    let mut member = world.ssh("alice").agent(&person.agent).open();
    let mut other = world.ssh("mallory").agent(&person.agent).open();
    world.pam("sudo", &then("auth required pam_permit.so\n"));
    assert_root(&member.run("sudo id -u"));
    assert_logged(&world, &["accepted", "user=\"alice\""]);
    assert_root(&other.run("sudo id -u"));
    assert_logged(&world, &["ignored", "group=\"ops\"", "user=\"mallory\""]);
    person.renew(&Request::new("x@corp").principals("nobody-here"));
    assert_refused(&member.run("sudo id -u"), "does not name alice as a principal");
    assert_root(&other.run("sudo id -u"));
    world.pam("sudo", &then(""));
    assert_refused(&other.run("sudo id -u"), "");
}

#[test]
fn the_old_options_work_together_on_one_line() {
    let world = world_without_timestamps();
    let (person, mut alice) = logged_in(&world);
    world.mkdir("/etc/ssh/principals", "root", 0o755);
    world.write("/etc/ssh/principals/all", "admins\n");
    let line = "ca_file=/etc/ssh/trusted_user_ca authorized_principals=deploy \
                authorized_principals_file=/etc/ssh/principals/all group=ops";
    world.pam("sudo", &auth(line));
    assert_root(&alice.run("sudo id -u"));
    person.renew(&Request::new("alice@corp").principals("alice"));
    assert_refused(&alice.run("sudo id -u"), "names no principal that is authorized here");
}

#[test]
fn an_option_that_is_not_known_refuses() {
    let world = world_without_timestamps();
    let (_person, mut alice) = logged_in(&world);
    let unknown = [
        "colour=red",
        "cafile=/etc/ssh/trusted_user_ca",
        "ca_files=/etc/ssh/trusted_user_ca",
        "Debug",
        "authorised_principals=deploy",
        "revoked_key=/etc/ssh/revoked_keys",
        "authinfo=require",
        "end-session",
    ];
    for option in unknown {
        world.pam("sudo", &auth(""));
        assert_root(&alice.run("sudo id -u"));
        world.log();
        world.pam("sudo", &auth(option));
        assert_refused(&alice.run("sudo id -u"), NOT_SET_UP);
        assert_logged(&world, &["pam_ussh(sudo:auth): refused ", "reason=configuration", option, "unknown option"]);
        world.pam(
            "sudo",
            &auth(option).replace("auth required pam_ussh", "auth sufficient pam_permit.so\naccount required pam_ussh"),
        );
        assert_refused(&alice.run("sudo id -u"), NOT_SET_UP);
        assert_logged(&world, &["pam_ussh(sudo:account): refused ", "reason=configuration", "unknown option"]);
    }
}

#[test]
fn an_option_with_a_bad_value_refuses() {
    let world = world_without_timestamps();
    let (_person, mut alice) = logged_in(&world);
    let bad = [
        "ca_file",
        "ca_file=",
        "ca_file=relative",
        "timeout=0",
        "timeout=-1",
        "timeout=soon",
        "sign_timeout=",
        "max_validity=0",
        "required_rsa_size=512",
        "user_principal=maybe",
        "user_principal=no",
        "debug=2",
        "force_command=allow",
        "accepted_algorithms=ssh-dss",
        "ca_signature_algorithms=ssh-rsa",
        "group=nosuchgroup",
        "quiet quiet",
        "revoked_keys=/etc/ssh/no_such_list",
        "krl_max_age=1h",
        "auth_info=optionally",
        "end_session=later",
    ];
    for option in bad {
        world.pam("sudo", &auth(""));
        assert_root(&alice.run("sudo id -u"));
        world.log();
        world.pam("sudo", &auth(option));
        let answer = alice.run("sudo id -u");
        answer.refused();
        assert_logged(&world, &["pam_ussh(sudo:auth): refused ", "reason=configuration"]);
    }
}
