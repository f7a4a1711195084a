#!/bin/bash
# A host set up by docs/sshd.md: a certificate opens logins and sudo, until it expires or is revoked. Then the packages are
# removed, which they refuse while PAM's lines name the module.
set -euo pipefail
. /opt/packages/inside/host.sh

# sshd closes a session after its client has gone.
no_guard() { ! pgrep -f /usr/libexec/ussh-session-guard; }

step "installed, and set up by the page's commands"
install_packages
set_up_by_the_page

step "ca-tool doctor finds nothing wrong with it"
expect 0 ca-tool doctor
printf '%s\n' "$said" | sed 's/^/    /'

step "alice logs in with ssh -A, and sudo asks her agent"
issue -z 7
expect 0 ssh_to_host sudo id
says 'uid=0(root)'
logged 'pam_ussh(sshd:session): accepted'
logged 'pam_ussh(sudo:account): accepted'
until_true no_guard

step "while she is logged in her agent gets an expired certificate: sudo refuses"
open_login
in_login 0 sudo id
pgrep -f ussh-session-guard >/dev/null || fail "no guard watches her session"
cd /root/desk
ssh-keygen -q -s ca -I alice@corp -z 8 -n alice -V -2h:-1h -O permit-agent-forwarding alice.pub
into_agent alice-cert.pub
in_login 1 sudo id
says expired
logged 'reason=expired'

step "she gets a new one, which is revoked while she is logged in: sudo refuses, and no other login opens"
issue -z 9
in_login 0 sudo id
cd /root/desk
expect 0 ca-tool --krl revoked_keys revoke --serial 9 -s ca.pub
cd /root
cp desk/revoked_keys .
follow docs/sshd.md host 1 1
in_login 1 sudo id
says revoked
expect 255 ssh_to_host true
exec {login_in}>&-

step "the packages are not removed while lines name the module, and the lines still work"
expect 100 apt-get remove -y libpam-ussh
says 'libpam-ussh is not removed'
says '/etc/pam.d/sudo:account'
expect 0 dpkg --verify libpam-ussh
issue -z 10
expect 0 ssh_to_host sudo id

step "the lines are taken out, and they are purged; the journal and what is in /etc/ssh stay"
cp /etc/pam.d/sudo /etc/pam.d/sudo.dpkg-old # no program reads that
for service in sshd sudo sudo-i; do
    expect 0 bash -c "ca-tool config --pam $service --remove >/root/$service && cat /root/$service >/etc/pam.d/$service"
done
expect 0 apt-get purge -y libpam-ussh ussh-ca-tool
[ ! -e /var/lib/pam_ussh ] || fail "/var/lib/pam_ussh is still there"
[ -e /var/lib/ussh/journal.db ] || fail "the journal is gone"
[ -e /etc/ssh/trusted_user_ca ] && [ -e /etc/ssh/revoked_keys ] || fail "/etc/ssh has lost files that are not the packages'"
