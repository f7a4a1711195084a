//! The pam.d files of docs/other-hosts.md: fenced blocks whose first line is three backticks, `pam` and the service.

use tests::world::World;

const PAGE: &str = include_str!("../../../docs/other-hosts.md");

/// Debian's, but for pam_systemd and pam_cap, which need more of a host than the rig has.
const COMMON: [(&str, &str); 4] = [
    (
        "common-auth",
        "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
    ),
    (
        "common-account",
        "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n",
    ),
    ("common-session", "session required pam_permit.so\nsession required pam_unix.so\n"),
    ("common-session-noninteractive", "session required pam_permit.so\nsession required pam_unix.so\n"),
];

/// Sets `service` up as the page says, beside Debian's common files.
#[track_caller]
pub fn follow(world: &World, service: &str) {
    let start = format!("```pam {service}\n");
    let (_, rest) = PAGE.split_once(&start).unwrap_or_else(|| panic!("the page has no {start}"));
    let (lines, _) = rest.split_once("```").expect("the block ends");
    assert!(!rest.contains(&start), "the page has two files for {service}");
    for (name, lines) in COMMON {
        world.pam(name, lines);
    }
    world.pam(service, lines);
}

#[test]
fn every_file_on_the_page_is_tried() {
    let services: Vec<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("```pam ")).collect();
    assert_eq!(services, ["su", "doas", "polkit-1", "login"], "write a test for each");
    assert!(!PAGE.lines().any(|line| line.starts_with("```") && line != "```" && !line.starts_with("```pam ")));
}
