//! Files that pam_ussh reads or is.

use super::rig::{Case, Mended, doctor, each, host, shell};

#[test]
fn files_that_others_can_write_or_that_are_missing_are_found() {
    let install = "install -m 644 ca.pub /etc/ssh/trusted_user_ca";
    let back = "cp -a /root/etc/ssh/trusted_user_ca /etc/ssh/";
    each(&[
        Case {
            make: "chmod 664 /etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "trusted_user_ca is writable by others than root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "chown alice /etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "belongs to uid 1001, not to root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's,pam_ussh.so,& ca_file=/etc/ssh/ours,' /etc/pam.d/sudo; cp /etc/ssh/{trusted_user_ca,ours}; chmod 664 /etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "trusted_user_ca is writable by others than root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "chmod 775 /etc/ssh",
            says: (
                "ca-file",
                "problem",
                "/etc/ssh is writable by others than root: pam_ussh refuses everybody, for the sake of",
            ),
            mended: Mended::AsItSays,
        },
        Case {
            make: "mkdir /etc/ssh/cas; chown alice /etc/ssh/cas; mv /etc/ssh/trusted_user_ca /etc/ssh/cas/; ln -s cas/trusted_user_ca /etc/ssh/",
            says: ("ca-file", "problem", "/etc/ssh/cas belongs to uid 1001"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "mkdir -m 777 /etc/ssh/open; ln -s /etc/ssh/trusted_user_ca /etc/ssh/open/ca; sed -i 's,pam_ussh.so,& ca_file=/etc/ssh/open/ca,' /etc/pam.d/sudo",
            says: ("ca-file", "problem", "/etc/ssh/open is writable by others than root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "mv /etc/ssh/trusted_user_ca /tmp/ca; ln -s /tmp/ca /etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "/tmp is everybody's"),
            mended: Mended::By("rm /etc/ssh/trusted_user_ca; cp -a /root/etc/ssh/trusted_user_ca /etc/ssh/"),
        },
        Case {
            make: "rm /etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "cannot be read"),
            mended: Mended::Elsewhere(install, back),
        },
        Case {
            make: "echo '# none' >/etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "holds no CA's key: everybody is refused"),
            mended: Mended::Elsewhere(install, back),
        },
        Case {
            make: "sed -i '1i ssh-ed25519 AAAA' /etc/ssh/trusted_user_ca",
            says: ("ca-file", "warning", "sshd does not read on behind it"),
            mended: Mended::AsItSays,
        },
        Case {
            // Made by hand: ssh-keygen has no DSA from OpenSSH 10 on.
            make: r"number='\0\0\0\1\5'; key=$(printf '\0\0\0\7ssh-dss'$number$number$number$number | base64 -w0); \
                    echo ssh-dss $key >>/etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "has a key that signs for nobody"),
            mended: Mended::By(back),
        },
        Case {
            make: "ssh-keygen -q -t rsa -b 1024 -N '' -f /root/small; cat /root/small.pub >>/etc/ssh/trusted_user_ca",
            says: ("ca-file", "problem", "has an RSA key of 1024 bits"),
            mended: Mended::By(back),
        },
        Case {
            make: "ssh-keygen -q -t rsa -b 2048 -N '' -f /root/middle; cat /root/middle.pub >>/etc/ssh/trusted_user_ca",
            says: ("ca-file", "warning", "has an RSA key of 2048 bits"),
            mended: Mended::By(back),
        },
        Case {
            make: "cat /root/middle.pub >>/etc/ssh/trusted_user_ca; sed -i 's/pam_ussh.so/& required_rsa_size=3072/' /etc/pam.d/sudo",
            says: ("ca-file", "problem", "has an RSA key of 2048 bits, which pam_ussh refuses below 3072"),
            mended: Mended::By(back),
        },
    ]);
}

#[test]
fn lists_that_cannot_be_relied_on_are_found() {
    let back = "cp -a /root/etc/ssh/revoked_keys /etc/ssh/";
    each(&[
        Case {
            make: "chmod 666 /etc/ssh/revoked_keys",
            says: ("krl", "problem", "revoked_keys is writable by others than root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "rm /etc/ssh/revoked_keys",
            says: ("krl", "problem", "cannot be read, and so everybody is refused"),
            mended: Mended::Elsewhere("ca-tool krl build", back),
        },
        Case {
            make: "truncate -s 20 /etc/ssh/revoked_keys",
            says: ("krl", "problem", "cannot be relied on"),
            mended: Mended::Elsewhere("ca-tool krl build # where the CA's journal is; then bring it here", back),
        },
        Case {
            make: "ca-tool doctor >/dev/null; ssh-keygen -q -t ed25519 -N '' -f /root/flat; cp /root/flat.pub /etc/ssh/revoked_keys",
            says: ("krl", "problem", "has no version, and version 5 was here before"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "truncate -s 20 /etc/ssh/revoked_keys",
            says: ("pam.d", "problem", "refuses everybody for the files that this line names"),
            mended: Mended::By(back),
        },
        Case {
            make: "cp -p /etc/pam.d/sudo /etc/pam.d/sudo-i; truncate -s 20 /etc/ssh/revoked_keys",
            says: ("pam.d", "problem", "sudo-i: refuses everybody, for the same reason"),
            mended: Mended::By(back),
        },
        Case {
            make: "ca-tool doctor >/dev/null; ssh-keygen -q -k -z 4 -f /etc/ssh/revoked_keys",
            says: ("krl", "problem", "is version 4, and version 5 was here before"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/revoked_keys=[^ ]*/& krl_max_age=1s/' /etc/pam.d/sudo; sleep 2",
            says: ("krl", "problem", "krl_max_age allows"),
            mended: Mended::Elsewhere("ca-tool update", "cp -a /root/etc/pam.d/sudo /etc/pam.d/"),
        },
        Case {
            make: "sed -i 's/revoked_keys=[^ ]*/& krl_max_age=1s/' /etc/pam.d/sudo; sed -i 's/revoked_keys=[^ ]*/& krl_max_age=365d/' /etc/pam.d/su; sleep 2",
            says: ("krl", "problem", "krl_max_age allows 1 second"),
            mended: Mended::Elsewhere("ca-tool update", "cp -a /root/etc/pam.d/* /etc/pam.d/"),
        },
        Case {
            make: "printf '\\x7f' | dd status=none of=/etc/ssh/revoked_keys bs=1 seek=24 conv=notrunc",
            says: ("krl", "warning", "is from the future"),
            mended: Mended::Elsewhere("timedatectl set-ntp true", back),
        },
        Case {
            make: "sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/*; truncate -s 20 /etc/ssh/revoked_keys",
            says: ("krl", "problem", "cannot be relied on"),
            mended: Mended::Elsewhere("ca-tool krl build", back),
        },
        Case {
            make: "sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/*; rm /etc/ssh/revoked_keys",
            says: ("krl", "warning", "There is no list of what is revoked"),
            mended: Mended::Elsewhere("ca-tool krl build", back),
        },
        Case {
            make: "sed -i 's/revoked_keys=[^ ]*/& authorized_principals_file=\\/etc\\/ssh\\/who/' /etc/pam.d/sudo",
            says: ("principals", "problem", "/etc/ssh/who cannot be read"),
            mended: Mended::By("echo root >/etc/ssh/who"),
        },
        Case {
            make: "sed -i 's/revoked_keys=[^ ]*/& authorized_principals_file=\\/etc\\/ssh\\/who/' /etc/pam.d/sudo; echo root >/etc/ssh/who; chmod 666 /etc/ssh/who",
            says: ("principals", "problem", "/etc/ssh/who is writable by others than root"),
            mended: Mended::AsItSays,
        },
    ]);
}

#[test]
fn lists_that_are_fetched_are_looked_after() {
    each(&[
        Case {
            make: "ca-tool krl sign -s $(ls /root/ca-* | head -1); ssh-keygen -q -k -z 6 -f /etc/ssh/revoked_keys",
            says: ("update", "warning", "The signature of the revocation list does not count"),
            mended: Mended::By("ca-tool krl sign -s $(ls /root/ca-* | head -1)"),
        },
        Case {
            make: "mkdir -p /etc/ussh /srv; printf '[update]\\nkrl = \"/srv/krl\"\\nmax_age = \"1s\"\\n' >/etc/ussh/ca.toml; sleep 2",
            says: ("update", "problem", "max_age in ca.toml allows"),
            mended: Mended::Elsewhere("ca-tool update", "rm /etc/ussh/ca.toml"),
        },
        Case {
            make: "printf '[update]\\nkrl = \"/srv/krl\"\\n' >/etc/ussh/ca.toml; rm /etc/ssh/revoked_keys",
            says: ("update", "problem", "ca.toml says where /etc/ssh/revoked_keys comes from, and it is not here"),
            mended: Mended::Elsewhere("ca-tool update", "rm /etc/ussh/ca.toml"),
        },
        Case {
            // No line asks for it, and so nothing else says it.
            make: "printf '[update]\\nkrl = \"/srv/krl\"\\n' >/etc/ussh/ca.toml; sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/*; \
                   rm /etc/ssh/revoked_keys; mkdir /etc/ssh/revoked_keys",
            says: ("update", "problem", "ca.toml says where /etc/ssh/revoked_keys comes from, and it cannot be read"),
            mended: Mended::Elsewhere("ca-tool update", "rm /etc/ussh/ca.toml"),
        },
        Case {
            make: "printf '[update]\\nkrl = \"/srv/krl\"\\n' >/etc/ussh/ca.toml; truncate -s 20 /etc/ssh/revoked_keys",
            says: (
                "update",
                "problem",
                "ca.toml says where /etc/ssh/revoked_keys comes from, and it cannot have come from there",
            ),
            mended: Mended::Elsewhere("ca-tool update", "rm /etc/ussh/ca.toml"),
        },
        Case {
            make: "printf 'ca_file = \"/etc/ssh/cas\"\\n[update]\\nca_file = \"/srv/cas\"\\n' >/etc/ussh/ca.toml",
            says: ("update", "problem", "/etc/ssh/cas, by which ca-tool update judges what it fetches, cannot be read"),
            mended: Mended::Elsewhere("install -m 644 ca.pub /etc/ssh/cas", "cp /etc/ssh/trusted_user_ca /etc/ssh/cas"),
        },
        Case {
            make: "cp /etc/ssh/revoked_keys /srv/krl; ca-tool --krl /srv/krl krl sign -s $(ls /root/ca-* | head -1); \
                   cp /srv/krl.sig /etc/ssh/revoked_keys.sig; ssh-keygen -q -k -z 4 -f /etc/ssh/revoked_keys; \
                   printf '[update]\\nkrl = \"/srv/krl\"\\n' >/etc/ussh/ca.toml",
            says: ("update", "warning", "The signature of the revocation list does not count"),
            mended: Mended::AsItSays,
        },
    ]);
}

#[test]
fn that_a_list_is_not_there_is_said_once() {
    let world = host();
    shell(&world, "sed -i 's/ revoked_keys=[^ ]*//' /etc/pam.d/*; rm /etc/ssh/revoked_keys; mkdir -p /etc/ussh");
    let checks = || -> Vec<_> {
        let (findings, _) = doctor(&world);
        findings.into_iter().filter(|it| it.state != "ok" && it.check != "sshd").map(|it| it.check).collect()
    };
    assert_eq!(checks(), ["krl"]);
    world.write("/etc/ussh/ca.toml", "[update]\nkrl = \"/srv/krl\"\n");
    assert_eq!(checks(), ["update"]);
    shell(
        &world,
        "cp -a /root/etc/ssh/revoked_keys /etc/ssh/; cp -a /root/etc/pam.d/* /etc/pam.d/; rm /etc/ssh/trusted_user_ca",
    );
    assert!(checks().contains(&"ca-file".to_owned()) && !checks().contains(&"update".to_owned()), "{:?}", checks());
}

#[test]
fn module_and_guard_that_do_not_belong_together_are_found() {
    each(&[
        Case {
            make: "printf '#!/bin/sh\\necho ussh-session-guard 0.0.1\\n' >/root/guard; chmod 755 /root/guard; mount --bind /root/guard /usr/libexec/ussh-session-guard",
            says: ("installed", "problem", "They belong together"),
            mended: Mended::Elsewhere("apt-get install --reinstall libpam-ussh", "umount /usr/libexec/ussh-session-guard"),
        },
        Case {
            make: "mkdir /root/empty; mount --bind /root/empty /usr/libexec",
            says: ("installed", "problem", "no revocation ends a session"),
            mended: Mended::Elsewhere("apt-get install --reinstall libpam-ussh", "umount /usr/libexec"),
        },
        Case {
            make: "mount --bind /root/empty /usr/libexec",
            says: ("installed", "warning", "PAM cannot be asked anything"),
            mended: Mended::Elsewhere("apt-get install --reinstall libpam-ussh", "umount /usr/libexec"),
        },
        Case {
            make: "sed -i 's/end_session /end_session=renew /' /etc/pam.d/*; mount --bind /root/empty /usr/libexec",
            says: ("installed", "problem", "no revocation ends a session"),
            mended: Mended::Elsewhere("apt-get install --reinstall libpam-ussh", "umount /usr/libexec"),
        },
        Case {
            make: "mount --bind /root/empty $(dirname /usr/lib/*/security/pam_ussh.so)",
            says: ("installed", "problem", "every line that names it refuses"),
            mended: Mended::Elsewhere("apt-get install libpam-ussh", "umount /usr/lib/*/security"),
        },
        Case {
            make: "chmod 666 /usr/lib/*/security/pam_ussh.so",
            says: ("installed", "problem", "pam_ussh.so is writable by others than root"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "mount --bind /bin/false /usr/libexec/ussh-pam-try",
            says: ("pam.d", "warning", "PAM cannot be asked"),
            mended: Mended::By("umount /usr/libexec/ussh-pam-try"),
        },
        Case {
            make: "sed -i 's,pam_ussh.so,/lib/security/pam_ussh.so,' /etc/pam.d/su",
            says: ("installed", "problem", "names /lib/security/pam_ussh.so, which is not there"),
            mended: Mended::By("cp -a /root/etc/pam.d/su /etc/pam.d/"),
        },
    ]);
}

#[test]
fn a_program_that_others_can_write_is_not_run_and_no_other_sees_the_environment() {
    let world = host();
    world.write_as("/root/guard", b"#!/bin/sh\nenv >/root/ran\n", "root", 0o777);
    shell(&world, "mount --bind /root/guard /usr/libexec/ussh-session-guard");
    let look = || world.run_with("root", &[("SECRET", "word")], &["ca-tool", "doctor"]);
    assert!(look().refused().stdout.contains("ussh-session-guard is writable by others than root"));
    world.run(&["test", "-e", "/root/ran"]).refused();
    shell(&world, "chmod 755 /root/guard");
    look().refused();
    let seen = world.read("/root/ran");
    assert!(seen.contains("PATH=") && !seen.contains("SECRET"), "{seen}");
}

#[test]
fn systems_that_are_too_old_are_found() {
    each(&[
        Case {
            make: "echo 5.10.0-28-amd64 >/root/release; mount --bind /root/release /proc/sys/kernel/osrelease",
            says: (
                "versions",
                "problem",
                "Linux 5.10.0-28-amd64 is older than 5.11, which the session guard needs: with end_session",
            ),
            mended: Mended::By("umount /proc/sys/kernel/osrelease"),
        },
        Case {
            make: "sed -i 's/ end_session//' /etc/pam.d/sshd; mount --bind /root/release /proc/sys/kernel/osrelease",
            says: ("versions", "warning", "is older than 5.11, which the session guard needs: do not set end_session"),
            mended: Mended::By("umount /proc/sys/kernel/osrelease"),
        },
        Case {
            make: "printf '#!/bin/sh\\necho OpenSSH_7.4p1 >&2\\n' >/root/ssh; chmod 755 /root/ssh; mount --bind /root/ssh /usr/bin/ssh",
            says: ("versions", "problem", "OpenSSH_7.4p1 does not tell PAM which certificate was used"),
            mended: Mended::By("umount /usr/bin/ssh"),
        },
    ]);
}
