//! `ca-tool config`, on files as several distributions have them. Debian's own, with real sudo, su and sshd, are in the rig.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice, clippy::unwrap_used)]

mod room;

use std::path::{Path, PathBuf};

use room::{Done, Room};

const SUDO: &str = "# BEGIN pam_ussh
auth     sufficient                   pam_ussh.so
account  [success=1 default=ignore]   pam_rootok.so
account  required                     pam_ussh.so
# END pam_ussh
";

fn files(distribution: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pam.d").join(distribution)
}

fn config(room: &Room, root: &Path, words: &[&str]) -> Done {
    let root = ["--root", root.to_str().unwrap()];
    room.ca_tool(&[["config"].as_slice(), words, &root].concat())
}

/// A root of one's own, with one pam.d file.
fn root_with(room: &Room, service: &str, text: &str) -> PathBuf {
    let root = room.path("root");
    std::fs::create_dir_all(root.join("etc/pam.d")).unwrap();
    std::fs::write(root.join("etc/pam.d").join(service), text).unwrap();
    root
}

#[test]
fn the_lines_stand_in_front_of_what_every_distribution_has() {
    let room = Room::new();
    for (distribution, file) in [
        ("rhel", "etc/pam.d/sudo"),
        ("rhel", "etc/pam.d/su"),
        ("rhel", "etc/pam.d/sshd"),
        ("suse", "usr/lib/pam.d/sudo"),
        ("suse", "usr/lib/pam.d/sudo-i"),
        ("suse", "etc/pam.d/sshd"),
    ] {
        let root = files(distribution);
        let service = Path::new(file).file_name().unwrap().to_str().unwrap();
        let block = config(&room, &root, &["--pam", service]).done().stdout;
        let whole = config(&room, &root, &["--pam", service, "--whole"]).done();
        let shipped = std::fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(whole.stdout, format!("{block}{shipped}"), "{file}");
        assert!(block.starts_with("# BEGIN pam_ussh\n") && block.ends_with("# END pam_ussh\n"), "{block}");
        assert_eq!(
            whole.stderr.contains("is the distribution's: write to /etc/pam.d"),
            file.starts_with("usr"),
            "{}",
            whole.stderr
        );
        assert!(whole.stderr.contains(&format!("For /etc/pam.d/{service}:")), "{}", whole.stderr);

        assert_eq!(whole.stderr.contains("auth_info=optional"), service == "sshd", "{}", whole.stderr);

        // And back, to the byte.
        let mine = root_with(&room, service, &whole.stdout);
        assert_eq!(config(&room, &mine, &["--pam", service, "--whole"]).done().stdout, whole.stdout, "again");
        assert_eq!(config(&room, &mine, &["--pam", service, "--remove"]).done().stdout, shipped);
    }
}

#[test]
fn root_is_asked_for_nothing_by_su_and_doas() {
    let room = Room::new();
    let lines = SUDO.replace("auth ", "auth     sufficient                   pam_rootok.so\nauth ");
    for service in ["su", "doas"] {
        assert_eq!(config(&room, &root_with(&room, service, ""), &["--pam", service]).done().stdout, lines);
    }
}

#[test]
fn a_service_that_includes_another_gets_that_ones_lines_and_none_of_its_own() {
    let room = Room::new();
    for (service, base) in [("sudo-i", "sudo"), ("su-l", "su")] {
        let whole = config(&room, &files("rhel"), &["--pam", service, "--whole"]).done();
        assert_eq!(whole.stdout, std::fs::read_to_string(files("rhel").join("etc/pam.d").join(service)).unwrap());
        assert!(whole.stderr.contains(&format!("includes {base}, whose lines count here too")), "{}", whole.stderr);
        assert_eq!(config(&room, &files("rhel"), &["--pam", service]).done().stdout, "");
    }
    // As Debian includes, and with what was put there before.
    for text in ["@include sudo\n", "-auth substack sudo\n-account include sudo # lines\n"] {
        for text in [text.to_owned(), format!("{SUDO}{text}")] {
            let root = root_with(&room, "sudo-i", &text);
            let whole = config(&room, &root, &["--pam", "sudo-i", "--whole"]).done().stdout;
            assert_eq!(whole, text.replace(SUDO, ""), "{text}");
        }
    }
    for text in ["auth include sudo\naccount required pam_unix.so\n", "# @include sudo\n", "@include common-auth\n"] {
        let half = root_with(&room, "sudo-i", text);
        assert!(config(&room, &half, &["--pam", "sudo-i"]).done().stdout.contains("account  required"), "{text}");
    }
    let own = format!("{}auth include sudo\naccount include sudo\n", SUDO.replace("# END", "@include sudo\n# END"));
    let own = own.replace("auth include sudo\naccount include sudo\n", "auth required pam_unix.so\n");
    let root = root_with(&room, "sudo-i", &own);
    assert_eq!(config(&room, &root, &["--pam", "sudo-i"]).done().stdout, SUDO, "what is in the block is not theirs");
}

#[test]
fn an_option_goes_to_the_lines_that_it_belongs_to() {
    let room = Room::new();
    let options = ["end_session", "session_warnings=10m", "auth_info=optional", "group=ops", "ca_file=/etc/ssh/a b]"];
    let words: Vec<_> = options.iter().flat_map(|option| ["--option", option]).collect();
    let lines = |service| config(&room, &files("rhel"), &[&["--pam", service], words.as_slice()].concat()).done().stdout;
    assert_eq!(
        lines("sudo").lines().filter(|line| line.contains("pam_ussh.so")).collect::<Vec<_>>(),
        [
            r"auth     sufficient                   pam_ussh.so group=ops [ca_file=/etc/ssh/a b\]]",
            r"account  required                     pam_ussh.so group=ops [ca_file=/etc/ssh/a b\]]",
        ]
    );
    assert_eq!(
        lines("sshd").lines().filter(|line| line.contains("pam_ussh.so")).collect::<Vec<_>>(),
        [
            r"account  required  pam_ussh.so auth_info=optional group=ops [ca_file=/etc/ssh/a b\]]",
            r"session  required  pam_ussh.so end_session session_warnings=10m auth_info=optional group=ops [ca_file=/etc/ssh/a b\]]",
        ]
    );
}

#[test]
fn the_list_of_what_is_revoked_is_named_where_there_is_one() {
    let room = Room::new();
    let root = root_with(&room, "sudo", "");
    std::fs::create_dir_all(root.join("etc/ssh")).unwrap();
    std::fs::write(root.join("etc/ssh/revoked_keys"), "").unwrap();
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["config", "--pam", "sudo", "--root"]).arg(&root);
    let lines = Done::of(command).done().stdout;
    assert_eq!(lines.matches("pam_ussh.so revoked_keys=/etc/ssh/revoked_keys\n").count(), 2, "{lines}");

    // A name from where somebody stands says nothing to libpam.
    std::fs::write(root.join("krl"), "").unwrap();
    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["config", "--pam", "sudo", "--krl", "krl", "--root"]).arg(&root);
    let lines = Done::of(command).done().stdout;
    assert!(lines.contains(&format!("revoked_keys={}\n", room.path("krl").display())), "{lines}");

    let mut command = room.program(env!("CARGO_BIN_EXE_ca-tool"));
    command.args(["config", "--pam", "sudo", "--option", "revoked_keys=/srv/krl", "--root"]).arg(&root);
    let lines = Done::of(command).done().stdout;
    assert_eq!((lines.matches("revoked_keys=/srv/krl\n").count(), lines.matches("revoked_keys=").count()), (2, 2), "{lines}");
}

#[test]
fn a_word_that_libpam_would_cut_is_a_mistake_of_usage() {
    let room = Room::new();
    let long = format!("authorized_principals={}", "a,".repeat(500));
    for word in ["group=a#b", "group=a\nauth", "group=a\x1b", "group=a\\", "group=a\\b", "", &long] {
        let done = config(&room, &files("rhel"), &["--pam", "sudo", "--option", word]);
        assert_eq!(done.code, 2, "{word:?}: {done:?}");
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn lines_of_pam_ussh_and_pam_wheel_that_somebody_wrote_by_hand_are_pointed_out() {
    let room = Room::new();
    let old = "auth [success=1 default=ignore] /lib/security/pam_ussh.so ca_file=/etc/ssh/ca\n# auth required pam_ussh.so\nauth required pam_wheel.so\n";
    let root = root_with(&room, "sudo", old);
    let done = config(&room, &root, &["--pam", "sudo", "--whole"]).done();
    assert_eq!(done.stdout, format!("{SUDO}{old}"));
    assert_eq!(done.stderr.matches("not between the marks").count(), 1, "{}", done.stderr);
    assert!(
        done.stderr.contains("ca_file=/etc/ssh/ca") && done.stderr.contains("not asked for their group"),
        "{}",
        done.stderr
    );
    let root = root_with(&room, "sudo", "auth required pam_ussh.so \x1b[2J\nauth required pam_wheel.so \x1b[2J\n");
    let done = config(&room, &root, &["--pam", "sudo"]).done();
    assert!(done.stderr.contains("not asked for their group") && !done.stderr.contains('\x1b'), "{done:?}");
    let quiet = config(&room, &files("rhel"), &["--pam", "sudo", "--whole"]).done();
    assert!(!quiet.stderr.contains("not between the marks"), "{}", quiet.stderr);
}

#[test]
fn half_a_block_and_no_file_are_refused() {
    let room = Room::new();
    let root = root_with(&room, "sudo", "# BEGIN pam_ussh\nauth required pam_unix.so\n");
    config(&room, &root, &["--pam", "sudo", "--whole"]).refused("one stands there without the other");
    config(&room, &root, &["--pam", "sudo", "--remove"]).refused("one stands there without the other");
    config(&room, &root, &["--pam", "doas", "--whole"]).refused("There is no file for doas");
    assert!(config(&room, &root, &["--pam", "doas"]).done().stderr.contains("There is no /etc/pam.d/doas"));
    std::fs::write(root.join("etc/pam.d/su"), b"auth required pam_unix.so # \xe4\n").unwrap();
    config(&room, &root, &["--pam", "su", "--whole"]).refused("is no text");
    let elsewhere = room.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("sudo"), "x\n").unwrap();
    let done = config(&room, &root, &["--pam", "sudo", "--whole", "--pam-d", elsewhere.to_str().unwrap()]).done();
    assert_eq!(done.stdout, format!("{SUDO}x\n"));
}

#[test]
fn one_thing_is_asked_for_at_a_time() {
    let room = Room::new();
    for words in
        [[].as_slice(), &["--sshd", "--host"], &["--pam", "cron"], &["--sshd", "--whole"], &["--ssh", "--option", "quiet"]]
    {
        assert_eq!(config(&room, &files("rhel"), words).code, 2, "{words:?}");
    }
}

#[test]
fn sshd_takes_what_it_reads_first_and_so_what_stands_in_front_is_pointed_out() {
    let room = Room::new();
    let root = root_with(&room, "sshd", "");
    let ssh = root.join("etc/ssh");
    std::fs::create_dir_all(ssh.join("sshd_config.d")).unwrap();
    let include = "Include /etc/ssh/sshd_config.d/*.conf\n";
    let notes = |config_text: &str, drop_in: (&str, &str)| {
        std::fs::write(ssh.join("sshd_config"), config_text).unwrap();
        std::fs::write(ssh.join("sshd_config.d").join(drop_in.0), drop_in.1).unwrap();
        let done = config(&room, &root, &["--sshd", "--option", "ca_file=/etc/ssh/ca"]).done();
        std::fs::remove_file(ssh.join("sshd_config.d").join(drop_in.0)).unwrap();
        assert_eq!(done.stdout, "TrustedUserCAKeys /etc/ssh/ca\nUsePAM yes\nAllowAgentForwarding yes\n");
        done.stderr
    };
    let fine = notes(&format!("# usepam no\nUsePAM yes\n{include}UsePAM no\n"), ("50-cloud.conf", "UsePAM no\n"));
    assert!(!fine.contains("first") && fine.contains("For /etc/ssh/sshd_config.d/10-ussh.conf:"), "{fine}");
    assert!(notes(&format!("usepam no\n{include}"), ("x", "")).contains("sshd_config sets UsePAM first"));
    assert!(notes(&format!("trustedusercakeys=/other\n{include}"), ("x", "")).contains("sets TrustedUserCAKeys first"));
    assert!(notes(include, ("01-a.conf", "UsePAM no\n")).contains("01-a.conf sets UsePAM first"));
    assert!(notes(&format!("Match User a\n{include}"), ("x", "")).contains("counts there alone"));
    let none = notes("UsePAM yes\n", ("x", ""));
    assert!(none.contains("does not include") && none.contains("For /etc/ssh/sshd_config:"), "{none}");
    let others = notes("Include /etc/ssh/sshd_config.d/50-*.conf\n", ("x", ""));
    assert!(others.contains("does not include"), "{others}");
    for include in ["include sshd_config.d/*.conf\n", "Include /etc/ssh/first \"/etc/ssh/sshd_config.d/*.conf\"\n"] {
        assert!(notes(include, ("x", "")).contains("For /etc/ssh/sshd_config.d/10-ussh.conf:"), "{include}");
    }
}

#[test]
fn sshd_reads_the_paths_as_they_are() {
    let room = Room::new();
    let root = root_with(&room, "sshd", "");
    let words = ["--sshd", "--option", "ca_file=/etc/ssh/a b", "--option", "revoked_keys=/a", "--option", "revoked_keys=/b"];
    let done = config(&room, &root, &words).done();
    assert!(done.stdout.starts_with("TrustedUserCAKeys \"/etc/ssh/a b\"\nRevokedKeys /a\n"), "{}", done.stdout);
    assert!(done.stderr.contains("sshd reads one RevokedKeys alone"), "{}", done.stderr);
    room.key("key", "ed25519");
    let told = room.write("sshd_config", format!("HostKey {}\n{}", room.path("key").display(), done.stdout));
    // Where no sshd was started yet there is no /run/sshd.
    let judge = format!("mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -T -f {}", told.display());
    let told = room.ok("unshare", &["--mount", "sh", "-c", &judge]);
    for line in ["trustedusercakeys /etc/ssh/a b", "revokedkeys /a"] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    let none = config(&room, &root, &["--sshd"]).done();
    assert!(none.stderr.contains("There is no list of what is revoked"), "{}", none.stderr);
    assert_eq!(config(&room, &root, &["--sshd", "--option", "ca_file=/etc/ssh/a\"b"]).code, 2);
}

#[test]
fn ssh_brings_the_agent_to_this_host_and_to_no_other() {
    let room = Room::new();
    let root = root_with(&room, "sudo", "");
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    std::fs::write(root.join("etc/hosts"), format!("127.0.1.1 {name}.example.org {name}\n192.0.2.1 other\n")).unwrap();
    let lines = config(&room, &root, &["--ssh"]).done().stdout;
    room.write("ssh_config", lines);
    for (host, forward) in [(name.as_str(), "yes"), (&format!("{name}.example.org"), "yes"), ("other", "no")] {
        let told = room.ok("ssh", &["-G", "-F", "ssh_config", host]);
        assert!(told.contains(&format!("\nforwardagent {forward}\n")), "{host}: {told}");
    }
}

#[test]
fn a_host_is_told_how_its_keys_get_certificates_and_which_ca_the_clients_trust() {
    let room = Room::new();
    let root = root_with(&room, "sudo", "");
    let ssh = root.join("etc/ssh");
    config(&room, &root, &["--host"]).refused("has no keys");
    std::fs::create_dir_all(&ssh).unwrap();
    let ca = room.key("ca", "ed25519");
    room.ok("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", ssh.join("ssh_host_ed25519_key").to_str().unwrap()]);
    std::fs::write(ssh.join("somebodys_key.pub"), "").unwrap();
    let before = config(&room, &root, &["--host"]).done();
    assert!(!before.stdout.contains("somebodys"), "{}", before.stdout);
    assert!(before.stderr.contains("Not there yet: /etc/ssh/ssh_host_ed25519_key-cert.pub"), "{}", before.stderr);
    assert!(
        before
            .stdout
            .ends_with("HostKey /etc/ssh/ssh_host_ed25519_key\nHostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n")
    );

    // The command that it names, as it stands there.
    let sign = before.stdout.lines().find_map(|line| line.strip_prefix("#   ca-tool ")).unwrap();
    let sign = sign.replace("-s CA", &format!("-s {}", ca.display()));
    let public = ssh.join("ssh_host_ed25519_key.pub");
    let words: Vec<_> =
        sign.split(' ').map(|word| if word.ends_with(".pub") { public.to_str().unwrap() } else { word }).collect();
    room.ca_tool(&words).done();
    let after = config(&room, &root, &["--host"]).done();
    assert!(!after.stderr.contains("Not there yet"), "{}", after.stderr);
    let key: Vec<_> = room.read("ca.pub").split(' ').take(2).map(str::to_owned).collect();
    let known = after.stdout.lines().find(|line| line.contains("@cert-authority")).unwrap();
    assert!(known.ends_with(&key.join(" ")), "{known}");
}

#[test]
fn sudoers_gets_what_this_sudo_understands() {
    let room = Room::new();
    let lines = config(&room, &files("rhel"), &["--sudoers"]).done().stdout;
    assert!(lines.contains("Defaults pam_acct_mgmt\n") && lines.contains("env_keep -= \"SSH_AUTH_SOCK\"\n"), "{lines}");
    room.write("sudoers", lines);
    room.ok("/usr/sbin/visudo", &["-c", "-s", "-f", "sudoers"]);
    // One that knows less.
    let visudo = room.write("visudo", "#!/bin/sh\n! grep -q noninteractive_auth \"$4\"\n");
    std::fs::set_permissions(&visudo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = room.command(&["config", "--sudoers"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", visudo.parent().unwrap().display()));
    let done = Done::of(command).done();
    assert!(!done.stdout.contains("noninteractive_auth") && done.stdout.contains("Defaults pam_acct_mgmt\n"), "{done:?}");
    assert!(done.stderr.contains("does not know it, so it is left out: Defaults noninteractive_auth"), "{done:?}");
}

#[test]
fn json_has_the_same_text() {
    let room = Room::new();
    let plain = config(&room, &files("suse"), &["--pam", "sudo", "--whole"]).done();
    let json = config(&room, &files("suse"), &["--pam", "sudo", "--whole", "--json"]).done();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["text"].as_str(), json["file"].as_str()), (Some(plain.stdout.as_str()), Some("/etc/pam.d/sudo")));
    assert!(json["notes"][0].as_str().unwrap().contains("is the distribution's"));
}
