#!/bin/bash
# Installed, installed again and purged: the host is as it was before.
set -euo pipefail
. /opt/packages/inside/host.sh

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

step "installed once more, an edited ca.toml stays"
echo '# Mine.' >>/etc/ussh/ca.toml
expect 0 apt-get install -y --reinstall --no-install-recommends /opt/packages/*.deb
grep -q '^# Mine' /etc/ussh/ca.toml || fail "the edit is gone"


step "removed, it stays as well; purged, nothing is left"
expect 0 apt-get remove -y libpam-ussh ussh-ca-tool
[ -e /etc/ussh/ca.toml ] || fail "ca.toml went with remove"
expect 0 apt-get purge -y libpam-ussh ussh-ca-tool
list_files >/tmp/after
diff /tmp/before /tmp/after || fail "the host is not as it was"
