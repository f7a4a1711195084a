#!/bin/bash
# Installed, installed again and purged: the host is as it was before.
set -euo pipefail
. /opt/packages/inside/host.sh
. /opt/packages/inside/lines.sh

step "both packages are installed, with what they need"
list_files >/tmp/before
[ "$(grep -c /usr/bin/ /tmp/before)" -gt 100 ] || fail "that is no list of files"
install_packages
for program in /usr/lib/*/security/pam_ussh.so /usr/libexec/ussh-session-guard /usr/libexec/ussh-pam-try /usr/bin/ca-tool; do
    [ "$(stat -c '%U:%G' "$program")" = root:root ] || fail "$program is not root's"
done
expect 0 ca-tool --version
expect 0 dpkg --verify libpam-ussh ussh-ca-tool
[ -z "$said" ] || fail "$said"

step "no line of PAM names the module yet, and the timer is off"
[ -z "$(grep -rl pam_ussh /etc/pam.d)" ] || fail "$(grep -r pam_ussh /etc/pam.d)"
[ -z "$(find /etc/systemd -name 'ussh-*')" ] || fail "$(find /etc/systemd -name 'ussh-*')"

# What the module remembers, and what of systemctl is called.
mkdir /var/lib/pam_ussh
note_systemctl

step "installed once more, an edited ca.toml stays, and the timer is left alone"
echo '# Mine.' >>/etc/ussh/ca.toml
expect 0 apt-get install -y --reinstall --no-install-recommends /opt/packages/*.deb
grep -q '^# Mine' /etc/ussh/ca.toml || fail "the edit is gone"
[ -e /var/lib/pam_ussh ] || fail "the module has forgotten which list was the newest"
! grep ussh-update /tmp/systemctl || fail "the timer is turned on or off"

step "removal is refused wherever libpam finds a line"
removal_is_refused_wherever_libpam_finds_a_line '' /var/lib/dpkg/info/libpam-ussh.prerm remove

step "comments, copies, a FIFO and files that include each other do not stand in the way; removed, ca.toml stays"
lines_that_do_not_stand_in_the_way
expect 0 timeout 300 apt-get remove -y libpam-ussh ussh-ca-tool
without_these_lines
[ -e /etc/ussh/ca.toml ] || fail "ca.toml went with remove"
[ -e /var/lib/pam_ussh ] || fail "the module has forgotten which list was the newest"
grep -q 'disable --now ussh-update.timer' /tmp/systemctl || fail "the timer is still on"
rm /usr/sbin/systemctl

step "purged, nothing is left"
expect 0 apt-get purge -y libpam-ussh ussh-ca-tool
list_files >/tmp/after
diff /tmp/before /tmp/after || fail "the host is not as it was"
