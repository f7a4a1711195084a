//! Lines that do not ask the list of what is revoked.

use super::rig::{Case, Finding, Mended, doctor, each, host, shell};
use tests::world::World;

#[test]
fn lines_that_let_in_who_is_revoked_are_found() {
    let back = "cp -a /root/etc/pam.d/* /etc/pam.d/";
    each(&[
        Case {
            make: "sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/^account/s/ revoked_keys=[^ ]*//' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/pam.d/sudo line 4: /etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::AsItSays,
        },
        Case {
            // sudo remembers, and then asks its auth stack nothing.
            make: "sed -i '/^account/s/ revoked_keys=[^ ]*//; /^auth/s/sufficient/required/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/pam.d/sudo line 4: /etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::AsItSays,
        },
        Case {
            // Whom su's auth line refuses knows a password.
            make: "sed -i '/^account/s/ revoked_keys=[^ ]*//' /etc/pam.d/su",
            says: ("pam.d", "problem", "/etc/pam.d/su line 5: /etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::AsItSays,
        },
        Case {
            // Not in a block of ours: another one would not take this line away.
            make: "sed -i '/# [BE].* pam_ussh$/d; s/ revoked_keys=[^ ]*//' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/pam.d/sudo line 3: /etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i 's/pam_ussh.so/& group=ops/' /etc/pam.d/sudo; echo 'account required pam_ussh.so group=root' >>/etc/pam.d/sudo",
            says: ("pam.d", "problem", "revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '/^session/s/ revoked_keys=[^ ]*//' /etc/pam.d/sshd",
            says: (
                "pam.d",
                "problem",
                "/etc/pam.d/sshd line 3: /etc/ssh/revoked_keys is not asked, so who is revoked stays in",
            ),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/ end_session//; s/ revoked_keys=[^ ]*//' /etc/pam.d/sshd; sed -i '/RevokedKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("pam.d", "problem", "/etc/ssh/revoked_keys is not asked, so who is revoked gets in"),
            mended: Mended::AsItSays,
        },
    ]);
}

#[test]
fn lines_beside_one_that_refuses_who_is_revoked_are_no_problem() {
    let back = "cp -a /root/etc/pam.d/* /etc/pam.d/";
    let by_another = "/etc/ssh/revoked_keys is not asked; another line refuses who is revoked";
    each(&[
        Case {
            make: "sed -i '/^auth/s/ revoked_keys=[^ ]*//' /etc/pam.d/sudo",
            says: ("pam.d", "warning", by_another),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'account required pam_ussh.so' >>/etc/pam.d/sudo",
            says: ("pam.d", "warning", by_another),
            mended: Mended::By(back),
        },
        Case {
            // su asks its auth stack always.
            make: "sed -i '/^account/s/ revoked_keys=[^ ]*//; /^auth.*pam_ussh/s/sufficient/required/' /etc/pam.d/su",
            says: ("pam.d", "warning", by_another),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/^account/s/ revoked_keys=[^ ]*//' /etc/pam.d/sshd",
            says: ("pam.d", "warning", by_another),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/ end_session//; s/ revoked_keys=[^ ]*//' /etc/pam.d/sshd",
            says: ("pam.d", "warning", "/etc/ssh/revoked_keys is not asked; sshd itself refuses who is revoked"),
            mended: Mended::AsItSays,
        },
    ]);
}

/// As packaging/pam-configs has them: all services have the lines, and sudo alone asks the module.
#[test]
fn a_line_that_all_services_share_is_judged_alike_in_each() {
    let world = host();
    shell(
        &world,
        "for s in sudo sudo-i su sshd; do ca-tool config --pam $s --remove >/root/new; cat /root/new >/etc/pam.d/$s; done
         sed -i '/RevokedKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf
         spare='[success=1 default=ignore] pam_succeed_if.so quiet service notin sudo:sudo-i:doas'
         sed -i \"1i auth $spare\\nauth sufficient pam_ussh.so\" /etc/pam.d/common-auth
         sed -i \"1i account $spare\\naccount required pam_ussh.so revoked_keys=/etc/ssh/revoked_keys\" /etc/pam.d/common-account",
    );
    let (findings, _) = doctor(&world);
    let said: Vec<_> = findings.iter().filter(|it| it.check == "pam.d" && it.state != "ok").map(|it| &it.what).collect();
    let what = "/etc/pam.d/common-auth line 2: /etc/ssh/revoked_keys is not asked; another line refuses who is revoked.";
    assert_eq!(said, [what]);
}

/// Written before there was a list, which then comes.
#[test]
fn what_was_asked_for_stays_in_lines_that_are_written_anew_for_a_list() {
    let world = host();
    put_sshd(
        &world,
        "--option end_session --option session_check=90s --option session_warnings=2m,1m --option auth_info=optional",
    );
    let before = world.read("/etc/pam.d/sshd");
    assert!(before.contains("end_session session_check=90s") && !before.contains("revoked_keys"), "{before}");

    let mends = of("pam.d", &world);
    assert_eq!(mends.len(), 1, "{mends:#?}");
    shell(&world, &mends[0]);
    let expected = before.replace("required  pam_ussh.so", "required  pam_ussh.so revoked_keys=/etc/ssh/revoked_keys");
    assert_eq!(in_order(&world.read("/etc/pam.d/sshd")), in_order(&expected));
    nothing_to_say(&world);
}

#[test]
fn what_was_asked_for_stays_in_lines_that_are_written_anew_for_their_control() {
    let world = host();
    shell(&world, "sed -i 's/^session *required *pam_ussh/session optional pam_ussh/' /etc/pam.d/sshd");
    of("order", &world).iter().for_each(|mend| shell(&world, mend));
    assert_eq!(in_order(&world.read("/etc/pam.d/sshd")), in_order(&world.read("/root/etc/pam.d/sshd")));

    // Its own words, not those of sudo beside it.
    shell(&world, "sed -i '/^account.*pam_ussh/d; s/pam_ussh.so/& group=ops/' /etc/pam.d/sudo-i");
    let mends = of("order", &world);
    assert!(!mends.is_empty());
    mends.iter().for_each(|mend| shell(&world, mend));
    let lines = world.read("/etc/pam.d/sudo-i");
    assert_eq!(lines.matches("pam_ussh.so group=ops ").count(), 2, "{lines}");
    nothing_to_say(&world);
}

/// A service of sshd's by another name is none that `ca-tool config` has lines for.
#[test]
fn no_file_is_written_anew_with_the_words_of_another() {
    let world = host();
    shell(
        &world,
        "sed 's,pam_ussh.so,& sshd_services=sshd:other,; s/:/,/; s/ revoked_keys=[^ ]*//' /etc/pam.d/sshd >/etc/pam.d/other",
    );
    let (findings, _) = doctor(&world);
    let said: Vec<&Finding> = findings.iter().filter(|finding| finding.what.contains("/etc/pam.d/other line")).collect();
    assert!(matches!(said.as_slice(), [one] if one.state == "problem" && one.mend.is_none()), "{findings:#?}");
    shell(&world, "sed -i '/^session.*pam_ussh/d' /etc/pam.d/other");
    assert_eq!(of("order", &world), [""; 0]);
}

/// The file with the block is what is written anew, whichever services include it.
#[test]
fn a_list_that_an_included_file_does_not_ask_is_said_once() {
    let world = host();
    shell(&world, "sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/sudo; echo '@include sudo' >/etc/pam.d/a-console");
    let (findings, _) = doctor(&world);
    let of_pam: Vec<_> = findings.iter().filter(|finding| finding.check == "pam.d").collect();
    let said: Vec<_> = of_pam.iter().filter(|finding| finding.what.contains("revoked_keys is not asked")).collect();
    assert_eq!(said.len(), 1, "{findings:#?}");
    let ok = |name: &str| of_pam.iter().any(|finding| finding.what.starts_with(&format!("{name}: asked in ")));
    assert!(ok("su") && !ok("sudo") && !ok("a-console"), "{findings:#?}");
    shell(&world, said[0].mend.as_ref().expect("a command"));
    shell(&world, "rm /etc/pam.d/a-console");
    nothing_to_say(&world);
}

/// It would lose the word that is misspelt.
#[test]
fn a_block_with_a_word_that_nobody_understands_is_not_written_anew() {
    let world = host();
    shell(&world, "sed -i 's/ revoked_keys=[^ ]*//; /^auth/s/pam_ussh.so/& nonsense/' /etc/pam.d/sudo");
    let (findings, _) = doctor(&world);
    let said = findings.iter().find(|finding| finding.what.contains("revoked_keys is not asked")).expect("it is said");
    assert!(said.state == "problem" && said.mend.is_none(), "{findings:#?}");
}

fn put_sshd(world: &World, options: &str) {
    let config = format!("ca-tool config --pam sshd --whole {options} >/root/new");
    shell(world, &format!("cd /etc/ssh; mv revoked_keys list; {config}; cat /root/new >/etc/pam.d/sshd; mv list revoked_keys"));
}

/// Each line's words in an order of their own.
fn in_order(text: &str) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    lines.iter_mut().for_each(|words| words.sort_unstable());
    lines
}

/// The commands that mend what one check found.
fn of(check: &str, world: &World) -> Vec<String> {
    let findings = doctor(world).0.into_iter();
    findings.filter(|finding| finding.check == check).filter_map(|finding| finding.mend).collect()
}

#[track_caller]
fn nothing_to_say(world: &World) {
    let (findings, code) = doctor(world);
    assert!(code == 0 && findings.iter().all(|finding| finding.state == "ok"), "{findings:#?}");
}
