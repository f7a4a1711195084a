#!/bin/bash
# Does with a real authselect what packaging/README.md says of it, and asks real libpam and sudo what came of it. No Debian
# has authselect: give its source (1.2.6 is RHEL 9's; newer ones, too), which is compiled and run in a Debian 12 of its own.
#
#   tests/authselect.sh SOURCE
#
# Nothing changes on this host but the build folder, which keeps a Debian of 600 MB, and Debian packages that are missing.
# Every step is checked: the exit code is not 0 when one did not go as told.
set -euo pipefail
[ $# = 1 ] && [ -f "$1/configure.ac" ] || { sed -n '2,5s/^# \?//p' "$0" >&2 && exit 2; }
source=$(realpath "$1")
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/debians/make.sh

# What the packages ask for and what is set up with them; then what authselect is made with, and what its profiles name.
packages=(
    openssh-server openssh-client sudo opendoas libpcsclite1 libpam-runtime curl ca-certificates procps
    gcc make autoconf automake libtool gettext autopoint pkg-config libpopt-dev libselinux1-dev libcmocka-dev git
    libpam-sss libpam-pwquality
)

main() {
    need_root
    need_packages debootstrap debhelper ca-certificates git iproute2 util-linux gcc libc6-dev libpam0g-dev libpcsclite-dev pkg-config
    need_cargo
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}/authselect")
    make_debian bookworm "$folder" "${packages[@]}"
    build
    rm -rf "$folder/made"
    PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool \
        packaging/build.sh --out "$folder/made" deb >/dev/null
    cp -a "$source" "$folder/made/authselect"
    unshare --mount --pid --net --uts --ipc --fork --kill-child \
        bash tests/packages/enter.sh "$folder/root" "$folder/made" authselect </dev/null || fail "not as told"
    echo "All steps went as told, in $SECONDS s."
}

main
