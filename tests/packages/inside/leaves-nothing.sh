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
mkdir -p /usr/lib/pam.d
cp -a /etc/pam.conf /tmp/
for file in /etc/pam.d/one /etc/pam.conf /usr/lib/pam.d/one /etc/ussh/one /etc/ussh/inner /etc/pam.d/one.bak; do
    echo 'auth required pam_ussh.so' >$file
    case $file in
    *.bak) echo "@include $file" >/etc/pam.d/two ;;
    /etc/ussh/one) echo "auth substack $file" >/etc/pam.d/two ;;
    /etc/ussh/inner)
        echo 'auth include /etc/ussh/outer' >/etc/pam.d/two
        echo "auth include $file" >/etc/ussh/outer
        ;;
    esac
    expect 1 /var/lib/dpkg/info/libpam-ussh.prerm remove
    says "$file:auth required"
    rm -f $file /etc/pam.d/two /etc/ussh/outer
done
mv /tmp/pam.conf /etc/
[ -n "$(ls /usr/lib/pam.d)" ] || rmdir /usr/lib/pam.d

step "comments and copies do not stand in the way; removed, ca.toml stays"
echo 'auth required pam_ussh.so' | tee /etc/pam.d/sudo~ /etc/pam.d/sudo.{bak,orig,save,dpkg-old} >/dev/null
echo '# auth required pam_ussh.so' >/etc/pam.d/one
expect 0 apt-get remove -y libpam-ussh ussh-ca-tool
rm /etc/pam.d/one /etc/pam.d/sudo~ /etc/pam.d/sudo.{bak,orig,save,dpkg-old}
[ -e /etc/ussh/ca.toml ] || fail "ca.toml went with remove"
[ -e /var/lib/pam_ussh ] || fail "the module has forgotten which list was the newest"
grep -q 'disable --now ussh-update.timer' /tmp/systemctl || fail "the timer is still on"
rm /usr/sbin/systemctl

step "purged, nothing is left"
expect 0 apt-get purge -y libpam-ussh ussh-ca-tool
list_files >/tmp/after
diff /tmp/before /tmp/after || fail "the host is not as it was"
