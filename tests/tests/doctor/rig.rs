//! A host that was set up by `ca-tool config`, and what the doctor says of it.

use std::fs;

use tests::setting::Person;
use tests::world::{Request, World};

/// Debian's files, and the ones they include.
const PAM: [&str; 10] = [
    "sshd",
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "common-auth",
    "common-account",
    "common-session",
    "common-session-noninteractive",
    "common-password",
];

/// One line of what the doctor says.
#[derive(Clone, Debug)]
pub struct Finding {
    pub check: String,
    pub state: String,
    pub what: String,
    pub mend: Option<String>,
}

/// Something that is wrong.
pub struct Case {
    /// Makes it wrong.
    pub make: &'static str,
    /// What is then said, in part.
    pub says: (&'static str, &'static str, &'static str),
    pub mended: Mended,
}

pub enum Mended {
    /// By the command that is named.
    AsItSays,
    /// Nothing is named: this was tried, and is right.
    By(&'static str),
    /// What is named cannot be run here (it fetches packages, say): it contains this.
    Elsewhere(&'static str, &'static str),
}

/// Module, guard, lines, CA and list, all as they should be.
pub fn host() -> World {
    let world = World::new();
    for name in PAM {
        let lines =
            fs::read_to_string(format!("/etc/pam.d/{name}")).unwrap_or_else(|error| panic!("/etc/pam.d/{name}: {error}"));
        world.write(&format!("/etc/pam.d/{name}"), &lines);
    }
    world.mkdir("/etc/ssh/sshd_config.d", "root", 0o755);
    let config = world.read("/etc/ssh/sshd_config");
    world.write("/etc/ssh/sshd_config", &format!("Include /etc/ssh/sshd_config.d/*.conf\n{config}"));
    world.install_ca_tool();
    world.install_session_guard();
    world.install_pam_try();
    world.run(&["ssh-keygen", "-q", "-k", "-z", "5", "-f", "/etc/ssh/revoked_keys"]).ok();
    drop(Person::new(&world, &Request::new("alice@corp")));
    shell(
        &world,
        "cd /etc/pam.d; for s in sudo sudo-i su sshd; do ca-tool config --pam $s --whole --option end_session >/root/new; cat /root/new >$s; done
         ca-tool config --sshd >/etc/ssh/sshd_config.d/10-ussh.conf
         cp -a /etc /root/etc",
    );
    world
}

#[track_caller]
pub fn shell(world: &World, line: &str) {
    world.run(&["bash", "-e", "-c", &format!("umask 022; {line}")]).ok();
}

/// Everything that is said, and the exit code.
#[track_caller]
pub fn doctor(world: &World) -> (Vec<Finding>, i32) {
    let answer = world.run(&["ca-tool", "doctor", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let findings = findings.as_array().unwrap().iter().map(|finding| Finding {
        check: text(&finding["check"]).unwrap(),
        state: text(&finding["state"]).unwrap(),
        what: text(&finding["what"]).unwrap(),
        mend: text(&finding["mend"]),
    });
    let findings: Vec<_> = findings.collect();
    let twice = findings.iter().enumerate().find(|(at, one)| findings[..*at].iter().any(|other| other.what == one.what));
    assert!(twice.is_none(), "{twice:?} is said twice");
    // A host whose sshd does not start any more is out of reach.
    let writes = |mend: &str| mend.contains(">/etc/ssh/sshd_config") || mend.contains(" /etc/ssh/sshd_config");
    let unasked =
        findings.iter().filter_map(|finding| finding.mend.as_deref()).find(|mend| writes(mend) && !mend.contains("&& sshd -t"));
    assert!(unasked.is_none(), "sshd is not asked whether it understands that: {unasked:?}");
    (findings, answer.code)
}

/// Each is made wrong, seen, mended, and not seen any more. Then the host is as it was.
#[track_caller]
pub fn each(cases: &[Case]) {
    let world = host();
    for case in cases {
        let (check, state, words) = case.says;
        shell(&world, case.make);
        let (findings, code) = doctor(&world);
        let is_meant = |finding: &&Finding| finding.check == check && finding.what.contains(words);
        let finding =
            findings.iter().find(is_meant).unwrap_or_else(|| panic!("{:?}: nobody says {words:?}: {findings:#?}", case.make));
        assert_eq!(finding.state, state, "{finding:?}");
        let problems = findings.iter().any(|finding| finding.state == "problem");
        assert_eq!(code, i32::from(problems), "{findings:#?}");
        match (&case.mended, &finding.mend) {
            (Mended::AsItSays, Some(mend)) => shell(&world, mend),
            (Mended::By(command), None) => shell(&world, command),
            (Mended::Elsewhere(part, command), Some(mend)) if mend.contains(part) => shell(&world, command),
            _ => panic!("{:?}: what mends it? {finding:?}", case.make),
        }
        let (after, _) = doctor(&world);
        assert!(
            !after.iter().any(|finding| is_meant(&finding)),
            "{:?}: not mended by {:?}: {after:#?}",
            case.make,
            finding.mend
        );
        shell(
            &world,
            "rm -rf /var/lib/pam_ussh /etc/{pam.d,ssh,sudoers.d,group}; cp -a /root/etc/{pam.d,ssh,sudoers.d,group} /etc/",
        );
    }
    let (findings, code) = doctor(&world);
    assert!(code == 0 && findings.iter().all(|finding| finding.state != "problem"), "{findings:#?}");
}
