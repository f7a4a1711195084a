//! What sshd and sudo are told beside PAM.

use super::rig::{Case, Mended, each};

#[test]
fn what_sshd_is_told_otherwise_is_found() {
    each(&[
        Case {
            make: "sed -i 's/UsePAM yes/UsePAM no/' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "problem", "sshd does not use PAM"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/TrustedUserCAKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "problem", "sshd takes no certificates"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/other; sed -i 's,trusted_user_ca,other.pub,' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "warning", "which are others"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/RevokedKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "warning", "sshd does not ask /etc/ssh/revoked_keys"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/RevokedKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf; sed -i '/pam_ussh/d' /etc/pam.d/sshd",
            says: (
                "sshd",
                "problem",
                "sshd does not ask /etc/ssh/revoked_keys (RevokedKeys is not set), so who is revoked gets in",
            ),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/RevokedKeys/d; /TrustedUserCAKeys/d' /etc/ssh/sshd_config.d/10-ussh.conf; sed -i '/pam_ussh/d' /etc/pam.d/sshd",
            says: ("sshd", "warning", "sshd does not ask /etc/ssh/revoked_keys (RevokedKeys is not set)."),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's,revoked_keys,nowhere,' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "problem", "is not there: sshd refuses every key"),
            mended: Mended::Elsewhere("then bring it here, as /etc/ssh/nowhere", "cp /etc/ssh/revoked_keys /etc/ssh/nowhere"),
        },
        Case { make: "rmdir /run/sshd", says: ("sshd", "warning", "sshd cannot be asked now"), mended: Mended::AsItSays },
        Case {
            // In front of the drop-ins; and a path that is more than one word to a shell and to sshd.
            make: "cd /etc/ssh; mkdir \"it's a\"; cp trusted_user_ca \"it's a/c\\\\a\"; ssh-keygen -q -t ed25519 -N '' -f third; \
                   sed -i \"s,pam_ussh.so,& [ca_file=/etc/ssh/it's a/c\\\\\\\\a],\" /etc/pam.d/{su,sudo,sudo-i,sshd}; \
                   sed -i '1i TrustedUserCAKeys /etc/ssh/third.pub' sshd_config",
            says: ("sshd", "warning", "which are others"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/Forwarding yes/Forwarding no/' /etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "warning", "sshd lets no agent come along"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'UsePAM no' >/etc/ssh/sshd_config.d/00-first.conf",
            says: ("sshd", "problem", "sshd does not use PAM"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo Nonsense >>/etc/ssh/sshd_config.d/10-ussh.conf",
            says: ("sshd", "problem", "sshd does not understand its configuration"),
            mended: Mended::By("sed -i '/Nonsense/d' /etc/ssh/sshd_config.d/10-ussh.conf"),
        },
    ]);
}

#[test]
fn what_sudo_is_told_otherwise_is_found() {
    each(&[
        Case {
            make: "echo 'Defaults !pam_acct_mgmt' >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "problem", "!pam_acct_mgmt"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'Defaults:alice !pam_acct_mgmt' >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "problem", "!pam_acct_mgmt"),
            mended: Mended::By("rm /etc/sudoers.d/old"),
        },
        Case {
            make: "echo 'Defaults env_keep += \"SSH_AUTH_SOCK\"' >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "warning", "hands the agent"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'Defaults env_keep = \"SSH_AUTH_SOCK\"' >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "warning", "hands the agent"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'Defaults pam_service=other' >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "warning", "asks the PAM service \"other\""),
            mended: Mended::By("rm /etc/sudoers.d/old"),
        },
        Case {
            make: "echo nonsense >/etc/sudoers.d/old; chmod 440 /etc/sudoers.d/old",
            says: ("sudoers", "problem", "sudo does not understand its rules"),
            mended: Mended::Elsewhere("visudo", "rm /etc/sudoers.d/old"),
        },
    ]);
}
