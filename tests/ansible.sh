#!/bin/bash
# What the Ansible role ussh (packaging/ansible) promises, on Debian 12 with its ansible-core 2.14 and on 13 with 2.19:
# logins by a real ssh, a real sudo, and what is in the files afterwards. Each host is a copy of a Debian, in namespaces of
# its own and in memory.
#
#   tests/ansible.sh [12] [13]      both, when none is named
#
# The programs are built, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL. Nothing changes on this
# host but the build folder, which keeps a Debian of 450 MB each, and Debian packages that are missing. Every step is
# checked: the exit code is not 0 when one did not go as told.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/packages/root.sh

# python3-cffi-backend: debootstrap does not see that it provides what ansible needs
in_a_root+=,ansible-core,python3,python3-apt,python3-cffi-backend,iproute2

main() {
    need_root
    need_packages debootstrap debhelper iproute2 util-linux
    need_cargo
    local hosts=("$@")
    [ $# -gt 0 ] || hosts=(12 13)
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/ansible-test
    mkdir -p "$folder"
    make_roots "${hosts[@]}"
    make_packages
    for host in "${hosts[@]}"; do
        run_on "$host"
    done
    echo
    echo "All steps went as told: ${times[*]}."
}

make_packages() {
    build
    export PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool
    rm -rf "$folder/made"
    packaging/build.sh --out "$folder/made" deb >/dev/null
}

# What it mounts and starts ends with it.
run_on() {
    local start=$SECONDS
    printf '\n=== Debian %s\n' "$1"
    unshare --mount --pid --net --uts --ipc --fork --kill-child \
        bash tests/ansible/start.sh "$(root_of "$1")" "$folder/made" inside.sh </dev/null ||
        fail "the role on Debian $1 did not do as told"
    times+=("$1 $((SECONDS - start)) s")
}

main "$@"
