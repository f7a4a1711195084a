//! Lines of pam.d.

use super::rig::{Case, Mended, each};

#[test]
fn lines_that_nobody_understands_are_found() {
    let back = "cp -a /root/etc/pam.d/* /etc/pam.d/";
    each(&[
        Case {
            make: "sed -i 's/pam_ussh.so/& cafile=\\/etc\\/ssh\\/ca/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "(\"cafile=/etc/ssh/ca\" is wrong), and refuses everybody"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i 's/pam_ussh.so.*/pam_ussh.so krl_max_age=1d/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "pam_ussh does not understand its options"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i 's/pam_ussh.so/& group=nobodys/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "there is no group \"nobodys\""),
            mended: Mended::Elsewhere("groupadd nobodys", back),
        },
        Case {
            // Who runs the doctor need not be in the group.
            make: "sed -i 's/pam_ussh.so/& group=ops ca_file=\\/nowhere/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "refuses everybody for the files that this line names"),
            mended: Mended::By(back),
        },
        Case {
            make: "echo 'auth required' >>/etc/pam.d/sudo",
            says: ("pam.d", "problem", "no module, and refuses whoever gets that far"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '/pam_ussh/s/required/requird/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "\"requird\" is no control such as \"required\", and refuses whoever gets that far"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i account required pam_ush.so' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/pam.d/sudo line 1 names pam_ush.so, which is not there: libpam refuses"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i account [success=ok] pam_ush.so' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "/etc/pam.d/sudo line 1 names pam_ush.so, which is not there: libpam refuses"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i 's/$/\\r/' /etc/pam.d/sudo",
            says: ("pam.d", "problem", "a carriage return, as at the end of Windows' lines, is part of a word there"),
            mended: Mended::By("sed -i 's/\\r$//' /etc/pam.d/sudo"),
        },
    ]);
}

#[test]
fn ways_round_the_lines_are_found() {
    let back = "cp -a /root/etc/pam.d/* /etc/pam.d/";
    each(&[
        Case {
            make: "sed -i '/^account.*pam_ussh/d' /etc/pam.d/sudo",
            says: ("order", "problem", "sudo asks in auth alone"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "cp /root/etc/pam.d/sudo /root/etc/pam.d/common-account /etc/pam.d/; ca-tool config --pam sudo-i --remove >/root/new; cat /root/new >/etc/pam.d/sudo-i",
            says: ("order", "problem", "sudo asks for a certificate and sudo-i does not"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/^account *required *pam_ussh/account sufficient pam_ussh/' /etc/pam.d/sudo",
            says: ("order", "problem", "lets everybody go on whom pam_ussh refuses"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i account sufficient pam_unix.so' /etc/pam.d/sudo",
            says: ("order", "problem", "whom pam_unix.so accepts, pam_ussh in"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i account [success=2 default=ignore] pam_localuser.so' /etc/pam.d/sudo",
            says: ("order", "problem", "whom pam_localuser.so accepts, pam_ussh in"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '/pam_rootok/d' /etc/pam.d/sudo",
            says: ("order", "warning", "root's own sudo, as in cron jobs, is refused"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '/pam_rootok/d; 1i account substack spare' /etc/pam.d/sudo; echo 'account sufficient pam_rootok.so' >/etc/pam.d/spare",
            says: ("order", "warning", "root's own sudo, as in cron jobs, is refused"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '1i account required pam_ussh.so' /etc/pam.d/common-account; echo '@include common-account' >/etc/pam.d/login",
            says: ("order", "problem", "the console, cron and others include this file"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "echo 'auth required pam_ussh.so' >/etc/pam.d/vlock",
            says: ("order", "warning", "vlock finds an agent at most by accident"),
            mended: Mended::By("rm /etc/pam.d/vlock"),
        },
    ]);
}

#[test]
fn sshds_lines_in_the_wrong_place_are_found() {
    let back = "cp -a /root/etc/pam.d/* /etc/pam.d/";
    each(&[
        Case {
            make: "sed -i '/^session.*pam_ussh/d' /etc/pam.d/sshd",
            says: ("order", "problem", "has no session line that is required"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i 's/^session *required *pam_ussh/session optional pam_ussh/' /etc/pam.d/sshd",
            says: ("order", "problem", "has no session line that is required"),
            mended: Mended::AsItSays,
        },
        Case {
            make: "sed -i '1i session sufficient pam_permit.so' /etc/pam.d/sshd",
            says: ("order", "problem", "whom pam_permit.so accepts, pam_ussh in"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i session required pam_env.so user_readenv=1' /etc/pam.d/sshd",
            says: ("order", "problem", "it could name another certificate"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i session optional pam_systemd.so' /etc/pam.d/sshd",
            says: ("order", "warning", "logind is not told when the session ends"),
            mended: Mended::By(back),
        },
        Case {
            make: "sed -i '1i session required pam_selinux.so open env_params' /etc/pam.d/sshd",
            says: ("order", "warning", "the guard starts in the person's domain"),
            mended: Mended::By(back),
        },
    ]);
}
