//! What pam_systemd is told: the PAM data `systemd.runtime_max_sec`, read as pam_systemd reads it, by a module in C.

use std::process::Command;

use tempfile::TempDir;

use tests::world::World;

use crate::rig::{Person, world, world_without_guard};

/// pam_systemd.c: pam_get_data, then a C string.
const READER: &str = r#"
#include <security/pam_modules.h>
#include <security/pam_ext.h>
#include <stddef.h>
#include <syslog.h>
int pam_sm_open_session(pam_handle_t *handle, int flags, int argc, const char **argv) {
    const void *limit = NULL;
    int code = pam_get_data(handle, "systemd.runtime_max_sec", &limit);
    pam_syslog(handle, LOG_INFO, "limit=%s", code == PAM_SUCCESS ? (const char *) limit : "none");
    return PAM_SUCCESS;
}
int pam_sm_close_session(pam_handle_t *handle, int flags, int argc, const char **argv) { return PAM_SUCCESS; }
"#;

/// Puts the reader behind the module in sshd's session stack.
fn read_limit_behind(world: &World, options: &str) {
    let folder = TempDir::new().expect("a folder");
    let (source, built) = (folder.path().join("reader.c"), folder.path().join("reader.so"));
    std::fs::write(&source, READER).expect("a file");
    let compiled = Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(&built).arg(&source).arg("-lpam").status();
    assert!(compiled.expect("gcc is there").success(), "the reader does not compile");
    world.install(&built, "/opt/rig/pam_reader.so", 0o755);
    let permit = "auth required pam_permit.so\naccount required pam_permit.so\n";
    world.pam("sshd", &format!("{permit}session required pam_ussh.so {options}\nsession required /opt/rig/pam_reader.so\n"));
}

/// What the reader read in a login with a certificate of this validity.
fn limit(person: &Person<'_>, validity: &str) -> String {
    person.certified(&crate::rig::alice().validity(validity));
    person.world.log();
    person.login().run("true").ok();
    let log = person.world.log();
    let line = log.iter().find_map(|line| line.split_once(" limit="));
    line.unwrap_or_else(|| panic!("the reader was not asked: {log:#?}")).1.to_owned()
}

#[test]
fn pam_systemd_is_told_how_long_the_session_may_last_and_never_a_second_too_long() {
    for world in [world(""), world_without_guard("")] {
        read_limit_behind(&world, "end_session");
        let person = Person::new(&world);
        let seconds: u64 = limit(&person, "-1m:+1h").parse().expect("a number of seconds");
        // From when the certificate was made until the login, at most as long as a loaded machine takes.
        assert!((3000..3600).contains(&seconds), "{seconds}");
        assert_eq!(limit(&person, "always:forever"), "none");
    }
}

#[test]
fn pam_systemd_is_told_nothing_where_the_session_may_go_on() {
    let world = world("");
    let person = Person::new(&world);
    for options in ["", "end_session=no", "end_session=renew"] {
        read_limit_behind(&world, options);
        assert_eq!(limit(&person, "-1m:+1h"), "none", "{options}");
    }
}
