#!/bin/bash
# Run by debian13.sh in that Debian: these test programs, or all of them and the demo.
set -euo pipefail

main() {
    versions
    local failed=()
    tests/run-tests.sh "$@" || failed+=("tests")
    [ $# -gt 0 ] || tests/demo.sh || failed+=("demo")
    [ ${#failed[@]} = 0 ] || { echo "debian13.sh: failed: ${failed[*]}" && exit 1; }
    echo "All of it passed on Debian $(cat /etc/debian_version), in $SECONDS s."
}

versions() {
    local packages=(libc6 openssh-server sudo libpam-modules pcscd opendoas polkitd softhsm2 yubikey-manager)
    printf 'Debian %s: ' "$(cat /etc/debian_version)"
    dpkg-query -W -f '${Package} ${Version}, ' "${packages[@]}"
    echo
}

main "$@"
