#!/bin/bash
# Does what the pages tell somebody to do in a clone: takes the commands out of them and runs them, in a fresh clone of the
# last commit and in a Debian 12 that has git and Rust and little else. README.md's own are all tests and a release build:
# this takes most of an hour, so tests/run.sh leaves it out.
#
#   tests/clone.sh              docs/by-hand.md; README.md's packages; README.md's tests, and CONTRIBUTING.md: each in another one
#   tests/clone.sh PAGE[:N]..   all of these pages, or their Nth block, one after the other in one
#
# Nothing changes on this host but the build folder, which keeps a Debian of 250 MB, and Debian packages that are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/debians/make.sh

main() {
    need_root
    need_packages debootstrap ca-certificates git util-linux iproute2
    need_cargo
    [ -z "$(git status --porcelain)" ] || echo "What is not committed is not in the clone."
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}/clone")
    make_debian bookworm "$folder" ca-certificates git iproute2
    if [ $# -gt 0 ]; then
        do_as_told "$@"
    else
        do_as_told docs/by-hand.md
        do_as_told README.md:2
        do_as_told README.md:1 CONTRIBUTING.md
    fi
    echo "All of it went as told, in $SECONDS s."
}

# In namespaces of its own, which end with it. The network is this host's: cargo and apt-get fetch what they need.
do_as_told() {
    local clone=$folder/pam_ussh toolchain cargo_home=${CARGO_HOME:-~/.cargo}
    toolchain=$(rustc --print sysroot)
    rm -rf "$clone"
    cp /etc/resolv.conf "$folder/root/etc/resolv.conf" # it may have been another one when that was made
    git clone --quiet "file://$PWD" "$clone"
    (
        cd "$clone"
        unshare --mount --pid --uts --ipc --fork --kill-child bash tests/debians/enter.sh "$folder/root" "$clone" "$toolchain" "$cargo_home" -- \
            env -i ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} HOME=/root TERM=dumb LC_ALL=C.UTF-8 CARGO_HOME="$cargo_home" PATH="$toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$cargo_home/bin" \
            tests/clone/follow.sh "$@"
    ) </dev/null || fail "not as told by $*"
}

main "$@"
