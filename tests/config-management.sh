#!/bin/bash
# What docs/config-management.md says of Puppet and cloud-init, taken from the page and run on a Debian 12 with Debian's own
# puppet-agent and cloud-init: what they say before, the host afterwards, and a second run.
#
#   tests/config-management.sh [puppet] [cloud-init]      both, when none is named
#
# The programs are built, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL. Nothing changes on this
# host but the build folder, which keeps a Debian of 500 MB, and Debian packages that are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/packages/root.sh

# python3-cffi-backend: debootstrap does not see that it provides what cloud-init needs
in_a_root+=,puppet-agent,cloud-init,python3-cffi-backend,iproute2,apt-utils

main() {
    need_root
    need_packages debootstrap debhelper iproute2 util-linux
    need_cargo
    local tools=("$@")
    [ $# -gt 0 ] || tools=(puppet cloud-init)
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/config-management-test
    mkdir -p "$folder"
    make_roots 12
    build
    export PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool
    packaging/build.sh --out "$folder/made" deb >/dev/null
    for tool in "${tools[@]}"; do
        printf '\n=== %s\n' "$tool"
        unshare --mount --pid --net --uts --ipc --fork --kill-child \
            bash tests/ansible/start.sh "$(root_of 12)" "$folder/made" "$tool.sh" </dev/null || fail "$tool did not do as told"
    done
    echo
    echo "All steps went as told."
}

main "$@"
