#!/bin/bash
# The features of packaging/authselect, in a profile that a real authselect makes. Run by tests/authselect.sh.
set -euo pipefail
. /opt/packages/inside/host.sh

make_authselect() {
    cd /opt/packages/authselect
    expect 0 autoreconf -if
    expect 0 ./configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var
    expect 0 make
    expect 0 make install
    expect 0 ldconfig
    cd /
}

# As Fedora and RHEL have them.
services() {
    local service
    for service in sudo doas crond chfn; do
        printf '%s include system-auth\n' auth account password session >"/etc/pam.d/$service"
    done
}

with_password() { as alice bash -c 'echo alice-password | sudo -kS id'; }
auth_of() { /usr/libexec/ussh-pam-try --service "$1" --user alice --call auth; }

step "authselect is compiled, and the host is its own"
make_authselect
expect 0 authselect select sssd with-faillock --force
services
expect 0 authselect check
expect 0 authselect current --raw
says sssd

step "with people, a CA, and the module"
keep_log
people
start_agent
install_packages
make_a_ca
install -m 644 ca.pub /etc/ssh/trusted_user_ca
install -m 644 revoked_keys /etc/ssh/revoked_keys
echo 'TrustedUserCAKeys /etc/ssh/trusted_user_ca' >/etc/ssh/sshd_config.d/ussh.conf
/usr/sbin/sshd
issue -z 7
expect 0 with_password
expect 1 as alice sudo -k id

step "the page's profile: a certificate stands in for the password, and nobody but root gets sudo without one"
install -D -m 644 $here/packaging/authselect /usr/share/pam_ussh/authselect # where the RPM has it
follow packaging/README.md authselect 1 1
expect 0 authselect check
expect 0 authselect current --raw
says 'custom/ussh '
for feature in with-faillock with-ussh with-ussh-required; do says " $feature"; done
grep pam_ussh.so /etc/pam.d/system-auth
expect 0 ssh_to_host sudo -k id
says 'uid=0(root)'
expect 1 with_password
says 'Your ssh-agent cannot be asked'
expect 0 sudo id

step "others do not ask the module, whoever runs them: crond as root, chfn as alice"
expect 0 auth_of crond
says 'asks Password'
expect 0 as alice /usr/libexec/ussh-pam-try --service chfn --user alice --call account
says 'account PAM_SUCCESS'
! grep -E 'pam_ussh\((crond|chfn)' $log || fail "the module was asked"
expect 0 as alice /usr/libexec/ussh-pam-try --service doas --user alice --call account
logged 'pam_ussh(doas:account): refused'

step "the page's revocation list"
follow packaging/README.md authselect 2 2
expect 0 authselect check
expect 0 ssh_to_host sudo -k id
cd /root/desk
expect 0 ca-tool --krl revoked_keys revoke --serial 7
install -m 644 revoked_keys /etc/ssh/revoked_keys
expect 1 ssh_to_host sudo -k id
logged 'reason=revoked'
issue -z 8
expect 0 ssh_to_host sudo -k id

step "the page's way back: the password counts again, and so does a certificate"
follow packaging/README.md authselect 3 3
expect 0 with_password
says 'uid=0(root)'
expect 0 ssh_to_host sudo -k id
expect 0 authselect disable-feature with-ussh
! grep pam_ussh /etc/pam.d/system-auth || fail "the lines are still there"
expect 1 ssh_to_host sudo -k id
says 'a password is required'
expect 0 authselect check
