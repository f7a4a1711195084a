#!/bin/bash
# Run by enter.sh with a fresh Debian, whose files stand in for RHEL's: the RPMs in a database of its own, beside a package
# that provides what RHEL 9 does. Their scripts run in there.
#
#   rpm.sh FILES
set -euo pipefail
files=$1
made=$files/opt/packages

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

    here "an edited ca.toml stays when they are installed again"
    echo '# Mine.' >>"$files/etc/ussh/ca.toml"
    expect 0 rpm_there -U --replacepkgs "$made"/pam_ussh-*.rpm "$made"/ussh-ca-tool-*.rpm
    grep -q '^# Mine' "$files/etc/ussh/ca.toml" || fail "the edit is gone"
    expect 0 rpm_there -V pam_ussh

    here "the module is not erased while a line names it"
    cp "$files/etc/pam.d/sudo" "$files/tmp/sudo"
    sed -i '1i account required pam_ussh.so' "$files/etc/pam.d/sudo"
    expect 1 rpm_there -e pam_ussh
    [[ $said == *'pam_ussh is not removed'*'/etc/pam.d/sudo:account required pam_ussh.so'* ]] || fail "$said"
    [ -e "$files/usr/lib64/security/pam_ussh.so" ] || fail "the module is gone"
    mv "$files/etc/pam.d/sudo" "$files/etc/pam.d/sudo.rpmsave"
    echo '@include sudo.rpmsave' >"$files/etc/pam.d/sudo"
    expect 1 rpm_there -e pam_ussh
    [[ $said == *'/etc/pam.d/sudo.rpmsave:account required pam_ussh.so'* ]] || fail "$said"
    mv "$files/etc/pam.d/sudo.rpmsave" "$files/etc/ussh/stack"
    echo 'account include /etc/ussh/stack' >"$files/etc/pam.d/sudo"
    expect 1 rpm_there -e pam_ussh
    [[ $said == *'/etc/ussh/stack:account required pam_ussh.so'* ]] || fail "$said"
    rm "$files/etc/ussh/stack"
    cp "$files/tmp/sudo" "$files/etc/pam.d/sudo"
    rm "$files/tmp/sudo"

    here "without such a line it is, and nothing is left"
    mkdir -m 700 "$files/var/lib/pam_ussh"
    expect 0 rpm_there -e pam_ussh ussh-ca-tool
    rm -rf "$files/etc/ussh/ca.toml.rpmsave" # the edited one
    rmdir "$files/etc/ussh" 2>/dev/null || true
    diff <(printf '%s\n' "$before") <(list) || fail "the host is not as it was"
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

rpm_there() { rpm --root "$files" --dbpath /var/lib/rpm "$@"; }

list() {
    (cd "$files" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run -o -path ./opt/packages -o -path ./var/lib/rpm \) -prune -o -printf '%M %U %G %p %l\n' | LC_ALL=C sort)
}

main
