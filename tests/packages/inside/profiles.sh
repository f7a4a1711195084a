#!/bin/bash
# The profiles of pam-auth-update: sudo is theirs, and nothing else is.
set -euo pipefail
. /opt/packages/inside/host.sh

with_password() { as alice bash -c "echo alice-password | sudo -kS $* id"; }
doas_asks_the_module_in() {
    as alice /usr/libexec/ussh-pam-try --service doas --user alice --call "$1" >/dev/null
    logged "pam_ussh(doas:$1): refused"
}
of_common() { /usr/libexec/ussh-pam-try --service "$1" --user alice --call "$2"; }

step "installed: neither profile is chosen"
install_packages
keep_log
people
start_agent
make_a_ca
install -m 644 ca.pub /etc/ssh/trusted_user_ca
install -m 644 revoked_keys /etc/ssh/revoked_keys
cat >/etc/ssh/sshd_config.d/ussh.conf <<<'TrustedUserCAKeys /etc/ssh/trusted_user_ca'
/usr/sbin/sshd
issue -z 7
! grep -r pam_ussh /etc/pam.d || fail "lines name the module"
grep -q '^ussh$' /var/lib/pam/seen || fail "pam-auth-update does not know of the profiles"
cp -a /etc/pam.d /tmp/pam.d

step "ussh: a certificate stands in for the password; without one the password is asked for"
expect 0 pam-auth-update --package --enable ussh
grep -A1 pam_succeed_if /etc/pam.d/common-auth
expect 0 ssh_to_host sudo -k id
says 'uid=0(root)'
expect 0 ssh_to_host sudo -ki id
says 'uid=0(root)'
expect 0 with_password
says 'uid=0(root)'
doas_asks_the_module_in auth

step "ussh-required: without a certificate no sudo, the password or not; root needs none"
expect 0 pam-auth-update --package --remove ussh
follow packaging/README.md debian 1 1
expect 0 ssh_to_host sudo id
expect 1 with_password
says 'Your ssh-agent cannot be asked'
expect 1 with_password -i
says 'Your ssh-agent cannot be asked'
doas_asks_the_module_in account
expect 0 sudo id

step "an expired password is no way around ussh-required: libpam goes no further than to pam_unix then"
chage -d 0 alice
echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
expect 1 as alice sudo -n id
says 'Your ssh-agent cannot be asked'
rm /etc/sudoers.d/alice
expect 1 with_password
says 'Your ssh-agent cannot be asked'
chage -d "$(date +%F)" alice

step "cron, login and chfn do not ask the module"
for service in cron login other; do
    expect 0 of_common $service account
    says 'account PAM_SUCCESS'
    expect 0 of_common $service auth
    says 'asks Password'
done
# Root is not asked anyway; this one runs as the person.
expect 0 as alice /usr/libexec/ussh-pam-try --service chfn --user alice --call account
says 'account PAM_SUCCESS'
! grep -E 'pam_ussh\((cron|login|other|chfn)' $log || fail "the module was asked"

step "words that are added to the lines stay when pam-auth-update runs again, and with an upgrade"
follow packaging/README.md debian 2 2
cp /etc/pam.d/common-auth /tmp/edited
expect 0 pam-auth-update --package
diff -b /tmp/edited /etc/pam.d/common-auth || fail "the words are gone"
cp -a /etc/pam.d /tmp/with-profiles
expect 0 apt-get install -y --no-install-recommends /opt/packages/next/libpam-ussh_*.deb
diff -r /tmp/with-profiles /etc/pam.d || fail "the upgrade has changed PAM"

step "a removal that is refused leaves the profiles as they are: sudo still needs a certificate"
refused_with() {
    expect 100 apt-get remove -y libpam-ussh
    says "libpam-ussh is not removed"
    says "$1"
    expect 0 dpkg --verify libpam-ussh
    for file in common-auth common-account; do
        diff "/tmp/with-profiles/$file" "/etc/pam.d/$file" || fail "the profiles are gone"
    done
    expect 1 with_password
}
echo 'session optional pam_ussh.so' >>/etc/pam.d/common-session
refused_with '/etc/pam.d/common-session:session optional pam_ussh.so'
cp /tmp/with-profiles/common-session /etc/pam.d/
echo 'session optional pam_ussh.so' | tee /etc/pam.d/ussh.save >/etc/ssh/stack
echo '@include ussh.save' >>/etc/pam.d/su
refused_with '/etc/pam.d/ussh.save:session'
cp /tmp/with-profiles/su /etc/pam.d/
echo 'session include /etc/ssh/stack' >>/etc/pam.d/su
refused_with '/etc/ssh/stack:session'
cp /tmp/with-profiles/su /etc/pam.d/
cp /etc/pam.d/ussh.save /tmp/pam.d/ # nothing includes it any more

step "nor does it go on where pam-auth-update leaves the profiles' lines, because it does not know the file again"
sed -i '/^# and here are more per-package modules/d' /etc/pam.d/common-account
expect 100 apt-get remove -y libpam-ussh
says '/etc/pam.d/common-account:account'

step "put in order by pam-auth-update, which keeps the old files: the package's removal takes its profiles out, and leaves PAM as it was"
expect 0 pam-auth-update --package --force
grep -q pam_ussh /etc/pam.d/common-account.pam-old || fail "pam-auth-update has kept nothing"
expect 0 apt-get remove -y libpam-ussh
rm /etc/pam.d/*.pam-old
diff -r /tmp/pam.d /etc/pam.d || fail "PAM is not as it was"
expect 0 with_password
