#!/bin/bash
# Run by enter.sh with a fresh Debian, whose files stand in for RHEL's: the RPMs in a database of its own, beside a package
# that provides what RHEL 9 does. Their scripts run in there.
#
#   rpm.sh FILES
set -euo pipefail
files=$1
made=$files/opt/packages
. tests/packages/inside/lines.sh

main() {
    here "they need nothing that RHEL 9 does not have, and leave every file as it was"
    rpm_there --initdb
    mkdir -p "$files/usr/lib64/security" # RHEL's package pam brings it
    before=$(list)
    expect 0 rpm_there -i "$made"/next/what-rhel-9-offers-*.rpm
    expect 0 rpm_there -i "$made"/pam_ussh-*.rpm "$made"/ussh-ca-tool-*.rpm
    expect 0 rpm_there -V pam_ussh ussh-ca-tool
    [ -z "$said" ] || fail "$said"

    here "all is root's, and the module answers"
    local other
    other=$(rpm_there -q --qf '[%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]' pam_ussh ussh-ca-tool | grep -v '^root:root ') && fail "$other"
    mkdir "$files/tmp/pam.d"
    echo 'account required /usr/lib64/security/pam_ussh.so ca_file=/missing' >"$files/tmp/pam.d/ask"
    expect 0 chroot "$files" /usr/libexec/ussh-pam-try --confdir /tmp/pam.d --service ask --user root --call account
    [[ $said == *'account PAM_SERVICE_ERR'* ]] || fail "$said"
    expect 0 chroot "$files" ca-tool --version
    rm -r "$files/tmp/pam.d"

    here "installed again while a line names the module: an edited ca.toml, the timer, and what the module remembers stay"
    cp "$files/etc/pam.d/sudo" "$files/tmp/sudo"
    sed -i '1i account required pam_ussh.so' "$files/etc/pam.d/sudo"
    echo '# Mine.' >>"$files/etc/ussh/ca.toml"
    mkdir "$files/var/lib/pam_ussh"
    note_systemctl
    expect 0 rpm_there -U --replacepkgs "$made"/pam_ussh-*.rpm "$made"/ussh-ca-tool-*.rpm
    grep -q '^# Mine' "$files/etc/ussh/ca.toml" || fail "the edit is gone"
    [ -e "$files/var/lib/pam_ussh" ] || fail "the module has forgotten which list was the newest"
    ! grep ussh-update "$files/tmp/systemctl" || fail "the timer is turned off"
    expect 0 rpm_there -V pam_ussh

    here "the module is not erased while a line names it"
    expect 1 rpm_there -e pam_ussh
    [[ $said == *'pam_ussh is not removed'*'/etc/pam.d/sudo:account required pam_ussh.so'* ]] || fail "$said"
    [ -e "$files/usr/lib64/security/pam_ussh.so" ] || fail "the module is gone"
    cp "$files/tmp/sudo" "$files/etc/pam.d/sudo"
    removal_is_refused_wherever_libpam_finds_a_line "$files" "${rpm_there[@]}" -e pam_ussh
    both_scripts_look_alike

    here "comments, copies, a FIFO and files that include each other do not stand in the way, and nothing is left"
    lines_that_do_not_stand_in_the_way
    expect 0 timeout 300 "${rpm_there[@]}" -e pam_ussh ussh-ca-tool
    without_these_lines
    grep -q 'disable --now ussh-update.timer' "$files/tmp/systemctl" || fail "the timer is still on"
    rm "$files"/tmp/{sudo,systemctl} "$files/usr/sbin/systemctl"
    rm -rf "$files/etc/ussh/ca.toml.rpmsave" # the edited one
    rmdir "$files/etc/ussh" 2>/dev/null || true
    diff <(printf '%s\n' "$before") <(list) || fail "the host is not as it was"
}

both_scripts_look_alike() {
    diff <(how_it_looks packaging/debian/libpam-ussh.prerm) <(how_it_looks packaging/pam_ussh.spec) ||
        fail "Debian's script and RPM's do not look at the same files"
    [ "$(how_it_looks packaging/pam_ussh.spec | grep -c '() [({]$')" = 3 ] || fail "the functions have other names now"
}

how_it_looks() {
    local name
    for name in pam_files included named_in; do sed -n "/^$name() /,/^[)}]\$/p" "$1"; done
}

# systemd does not run here.
note_systemctl() {
    printf '#!/bin/sh\necho "$*" >>/tmp/systemctl\n' >"$files/usr/sbin/systemctl"
    chmod 755 "$files/usr/sbin/systemctl"
    touch "$files/tmp/systemctl"
}

here() { printf -- '- %s\n' "$*"; }

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

expect() {
    local wanted=$1 code=0
    shift
    said=$("$@" 2>&1) || code=$?
    [ $code = "$wanted" ] || fail "exit code $code instead of $wanted: $*
$said"
}

rpm_there=(rpm --root "$files" --dbpath /var/lib/rpm)
rpm_there() { "${rpm_there[@]}" "$@"; }

list() {
    (cd "$files" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run -o -path ./opt/packages -o -path ./var/lib/rpm \) -prune -o -printf '%M %U %G %p %l\n' | LC_ALL=C sort)
}

main
