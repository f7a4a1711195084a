#!/bin/bash
# The next version is installed while a sudo waits for its person and while a session is open: both go on, and the guard of
# the open session, the old version's, has the new module judge its certificate.
set -euo pipefail
. /opt/packages/inside/host.sh

step "a host, with looks every 5 seconds, and time for a finger"
install_packages
set_up_by_the_page
sed -i 's/end_session/& session_check=5s/' /etc/pam.d/sshd
sed -i 's/pam_ussh.so/& sign_timeout=600/' /etc/pam.d/sudo
echo 'journal = "/root/desk/journal.db"' >>/etc/ussh/ca.toml
touch /home/laptop/confirmed
confirm=(-c)
issue -z 7
open_login
guard=$(pgrep -f -n 'ussh-session-guard watch') || fail "no guard watches the session"

step "a sudo waits until the use of the key is confirmed"
rm -f /home/laptop/confirmed /home/laptop/asked
in_login 0 '(sudo -k; sudo id >/tmp/waited 2>&1; echo "code $?" >>/tmp/waited) >/dev/null 2>&1 & true'
until_true test -e /home/laptop/asked
pgrep -x sudo >/dev/null || fail "no sudo waits"

step "the next version is installed; the edited ca.toml stays"
echo 'Dpkg::Options { "--force-confold"; };' >/etc/apt/apt.conf.d/99keep # what a person answers: N
cd "$here/next"
follow docs/runbooks/upgrading.md package 1 1
[ "$(dpkg-query -W -f '${Version}' libpam-ussh)" = 0.1.0-1.next ] || fail "the version is not the next one"
grep -q '^journal' /etc/ussh/ca.toml || fail "the edit is gone"
pgrep -x sudo >/dev/null || fail "the sudo is gone"
grep -q 'pam_ussh.so.*(deleted)' "/proc/$(pgrep -x sudo | head -n 1)/maps" || fail "that sudo does not use the old module"
[[ $(readlink "/proc/$guard/exe") == *'(deleted)' ]] || fail "the guard is not the old one"

step "the sudo that waits is confirmed, and goes on with the old module; another one uses the new"
touch /home/laptop/confirmed
until_true grep -q '^code' /tmp/waited
grep -q 'uid=0(root)' /tmp/waited || fail "$(cat /tmp/waited)"
in_login 0 sudo id

step "the old guard asks the new module: it goes on, and ends the session when its certificate is revoked"
sleep 12
in_login 0 true
! grep -q 'no verdict' $log || fail "the guard has no verdict"
cd /root/desk
expect 0 ca-tool --krl revoked_keys revoke --serial 7 -s ca.pub
cd /root
cp desk/revoked_keys .
follow docs/sshd.md host 1 1
until_true grep -q 'ussh-session-guard.*ended.*reason=refused' $log
until_true test ! -e "/proc/$guard"

step "back to the older version, which answers as before"
cd "$here"
follow docs/runbooks/upgrading.md package 2 2
for package in libpam-ussh ussh-ca-tool; do
    [ "$(dpkg-query -W -f '${Version}' $package)" = 0.1.0-1 ] || fail "the version of $package is not the older one"
    expect 0 dpkg --verify --verify-format=rpm $package
done
grep -q '^journal' /etc/ussh/ca.toml || fail "the edit is gone"
issue -z 8
expect 0 ssh_to_host sudo id
says 'uid=0(root)'
