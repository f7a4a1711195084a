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
}
