//! All the commands that the doctor names, run one after the other as somebody would who copies them.

use crate::rig::{doctor, host, shell};
use tests::world::World;

/// Those that edit a file by `sed`.
fn run_edits(world: &World, check: &str) -> usize {
    let (findings, _) = doctor(world);
    let of_check = findings.into_iter().filter(|finding| finding.check == check).filter_map(|finding| finding.mend);
    let edits: Vec<_> = of_check.filter(|mend| mend.starts_with("sed ")).collect();
    edits.iter().for_each(|mend| shell(world, mend));
    edits.len()
}

#[test]
fn bad_lines_of_the_ca_file_go_and_the_good_ones_stay() {
    let world = host();
    let file = "/etc/ssh/trusted_user_ca";
    let good = world.read(file);
    world.write(file, &format!("ssh-ed25519 AAAA\nnonsense\n{good}# end\n"));
    assert_eq!(run_edits(&world, "ca-file"), 1);
    assert_eq!(world.read(file), format!("{good}# end\n"));
}

#[test]
fn a_file_that_two_services_include_spares_root_afterwards() {
    let world = host();
    shell(&world, "sed -i /pam_rootok/d /etc/pam.d/sudo; printf '%s include sudo\\n' auth account session >/etc/pam.d/sudo-i");
    world.run(&["sudo", "id", "-u"]).refused();
    assert_eq!(run_edits(&world, "order"), 1);
    for words in [&["sudo", "id", "-u"][..], &["sudo", "-i", "id", "-u"]] {
        assert_eq!(world.run(words).ok().stdout, "0\n");
    }
    assert_eq!(run_edits(&world, "order"), 0);
}

#[test]
fn two_lines_of_one_file_both_spare_root_afterwards() {
    let world = host();
    shell(&world, "sed -i '/pam_rootok/d; /^account.*pam_ussh/a account required pam_ussh.so quiet' /etc/pam.d/sudo");
    world.run(&["sudo", "id", "-u"]).refused();
    assert_eq!(run_edits(&world, "order"), 2);
    assert_eq!(world.run(&["sudo", "id", "-u"]).ok().stdout, "0\n");
    assert_eq!(run_edits(&world, "order"), 0);
    // Included, from a file with a blank in its name.
    shell(
        &world,
        "cd /etc/pam.d; sed '/pam_rootok/d; /quiet/d' sudo >'common-our lines'
         printf '%s include [/etc/pam.d/common-our lines]\n' auth account session >sudo",
    );
    world.run(&["sudo", "id", "-u"]).refused();
    assert_eq!(run_edits(&world, "order"), 1);
    assert_eq!(world.run(&["sudo", "id", "-u"]).ok().stdout, "0\n");
}

#[test]
fn that_pam_rootok_spares_nobody_from_where_it_stands_is_seen() {
    let world = host();
    let spare = "account [success=1 default=ignore] pam_rootok.so";
    shell(&world, &format!("sed -i '/pam_rootok/i {spare}' /etc/pam.d/sudo"));
    world.run(&["sudo", "id", "-u"]).refused();
    assert_eq!(run_edits(&world, "order"), 1);
    assert_eq!(world.run(&["sudo", "id", "-u"]).ok().stdout, "0\n");
}

#[test]
fn only_the_modules_lines_are_taken_out_of_a_file_that_others_include() {
    let world = host();
    let lines = "auth required pam_unix.so\naccount required pam_unix.so\n# end\n";
    let ours = "auth required pam_ussh.so\n-ACCOUNT required pam_ussh.so\n";
    world.write("/etc/pam.d/system-auth", &format!("{ours}{lines}"));
    world.write("/etc/pam.d/login", "auth include system-auth\naccount include system-auth\n");
    assert_eq!(run_edits(&world, "order"), 2);
    assert_eq!(world.read("/etc/pam.d/system-auth"), lines);
}

/// Paths, groups and people's names come from files: none of them is a command.
#[test]
fn words_of_files_are_words_for_a_shell() {
    let world = host();
    shell(
        &world,
        r#"d="/etc/ssh/it's ] mine"; mkdir "$d"; cp /etc/ssh/trusted_user_ca "$d/ca"
           sed -i "s,pam_ussh.so,& [ca_file=/etc/ssh/it's \\\\] mine/ca]," /etc/pam.d/sudo"#,
    );
    assert_eq!(doctor(&world).1, 0, "{:#?}", doctor(&world).0);
    let mends = |check: &str| -> Vec<String> {
        let (findings, _) = doctor(&world);
        findings.into_iter().filter(|finding| finding.check == check).filter_map(|finding| finding.mend).collect()
    };
    shell(&world, r#"d="/etc/ssh/it's ] mine"; chmod 777 "$d"; sed -i '1i nonsense' "$d/ca"; chmod 666 "$d/ca""#);
    assert!(!doctor(&world).0.iter().any(|finding| finding.what.contains("mine/ca: ")), "it is not ok");
    let files = mends("ca-file");
    assert_eq!(files.len(), 3, "{files:?}");
    files.iter().for_each(|mend| shell(&world, mend));
    assert_eq!(mends("ca-file"), [""; 0]);
    shell(&world, "sed -i '/^account.*pam_ussh/d' /etc/pam.d/sudo");
    mends("order").iter().for_each(|mend| shell(&world, mend));
    let lines = world.read("/etc/pam.d/sudo");
    assert_eq!(lines.matches(r"[ca_file=/etc/ssh/it's \] mine/ca]").count(), 2, "{lines}");

    shell(&world, r#"sed -i 's,pam_ussh.so,& group=x;touch${IFS}/root/ran,' /etc/pam.d/sudo"#);
    let groups: Vec<_> = mends("pam.d").into_iter().filter(|mend| mend.starts_with("groupadd")).collect();
    assert_eq!(groups, ["groupadd 'x;touch${IFS}/root/ran'"]);

    shell(&world, "printf 'auth required pam_ussh.so group=\\x1b[2J\\n' >/etc/pam.d/su");
    let answer = world.run(&["ca-tool", "doctor"]);
    assert!(answer.stdout.contains(r"there is no group") && !answer.stdout.contains('\x1b'), "{answer}");
}

#[test]
fn lines_that_would_lock_people_out_are_not_put_in_place() {
    let world = host();
    shell(&world, "sed -i '/^account.*pam_ussh/d' /etc/pam.d/sudo; echo 'account required pam_deny.so' >>/etc/pam.d/sudo");
    let before = world.read("/etc/pam.d/sudo");
    let mends: Vec<_> = doctor(&world).0.into_iter().filter(|it| it.check == "order").filter_map(|it| it.mend).collect();
    let answer = world.run(&["bash", "-e", "-c", &mends[0]]);
    assert!(answer.refused().stderr.contains("Do not put /etc/pam.d/sudo.new in place."), "{answer}");
    assert_eq!(world.read("/etc/pam.d/sudo"), before);
}

#[test]
fn sshd_config_is_left_alone_where_it_reads_drop_ins() {
    let world = host();
    let before = world.read("/etc/ssh/sshd_config");
    shell(&world, "rm /etc/ssh/sshd_config.d/10-ussh.conf; mv /etc/ssh/trusted_user_ca '/etc/ssh/other ca'");
    shell(&world, "sed -i 's,pam_ussh.so,& [ca_file=/etc/ssh/other ca],' /etc/pam.d/{sudo,sudo-i,su,sshd}");
    let (findings, _) = doctor(&world);
    let mends: Vec<_> =
        findings.iter().filter(|finding| finding.check == "sshd").filter_map(|finding| finding.mend.as_ref()).collect();
    assert!(!mends.is_empty(), "{findings:#?}");
    mends.iter().for_each(|mend| shell(&world, mend));
    assert_eq!(world.read("/etc/ssh/sshd_config"), before);
    let drop_in = world.read("/etc/ssh/sshd_config.d/10-ussh.conf");
    assert!(drop_in.contains("TrustedUserCAKeys \"/etc/ssh/other ca\"\nRevokedKeys /etc/ssh/revoked_keys\n"), "{drop_in}");
}

#[test]
fn what_sshd_is_told_by_the_way_stays() {
    let world = host();
    let drop_in = "/etc/ssh/sshd_config.d/10-ussh.conf";
    let told = "TrustedUserCAKeys /etc/ssh/trusted_user_ca\nRevokedKeys /etc/ssh/theirs\nPermitRootLogin no\n\
                AuthorizedPrincipalsFile /etc/ssh/people/%u\nUsePAM yes\nAllowAgentForwarding no\n";
    world.write(drop_in, told);
    shell(&world, "cp /etc/ssh/revoked_keys /etc/ssh/theirs");
    let says = || world.run(&["sshd", "-T"]).ok().stdout.clone();
    let before = says();
    let (findings, _) = doctor(&world);
    let of_sshd = findings.into_iter().filter(|finding| finding.check == "sshd").filter_map(|finding| finding.mend);
    of_sshd.for_each(|mend| shell(&world, &mend));
    assert_eq!(says(), before.replace("allowagentforwarding no", "allowagentforwarding yes"));
}

#[test]
fn a_word_that_is_misspelt_is_in_no_command() {
    let world = host();
    shell(&world, "sed -i 's/revoked_keys=/revoked_key=/' /etc/pam.d/sudo");
    let (findings, _) = doctor(&world);
    assert!(
        findings.iter().any(|finding| finding.what.contains("\"revoked_key=/etc/ssh/revoked_keys\" is wrong")),
        "{findings:#?}"
    );
    let said = findings.iter().filter_map(|finding| finding.mend.as_ref());
    assert_eq!(said.filter(|mend| mend.contains("revoked_key=")).count(), 0, "{findings:#?}");
}

#[test]
fn who_typed_sudo_is_a_word_for_a_shell() {
    let world = host();
    shell(&world, "sed -i '/^account.*pam_ussh/d' /etc/pam.d/sudo");
    let answer = world.run_with("root", &[("SUDO_USER", "CORP\\alice")], &["ca-tool", "doctor"]);
    assert!(answer.stdout.contains(r"--user 'CORP\alice' "), "{answer}");
    let answer = world.run_with("root", &[("SUDO_USER", "root")], &["ca-tool", "doctor"]);
    assert!(answer.stdout.contains("--user alice "), "{answer}");
}
