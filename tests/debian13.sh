#!/bin/bash
# Runs the whole rig on Debian 13, with its OpenSSH 10, sudo 1.9.16, PAM 1.7 and pcscd 2.3: every test of run.sh, and the
# demo. Compiled here, run in a Debian of 1.3 GB that debootstrap makes once in the build folder. Nothing else changes
# on this host but Debian packages that are missing. The exit code is 0 when all of it passed.
#
#   tests/debian13.sh                   everything
#   tests/debian13.sh PROGRAM..         only these test programs: sessions, sshd, ca-tool …
#   tests/debian13.sh -- COMMAND..      any command, there
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/debian-packages.sh
. tests/debians/make.sh

main() {
    need_root
    need_packages debootstrap ca-certificates gcc libc6-dev libpam0g-dev libpcsclite-dev pkg-config util-linux iproute2
    need_cargo
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}/debian13")

    make_debian trixie "$folder" "${packages[@]}"
    build
    cargo test --quiet --locked --workspace --no-run
    inside "$@"
}

# In namespaces of its own, which end with it. The compiler and what is compiled stand there where they stand here.
inside() {
    local built toolchain
    built=$(realpath "${CARGO_TARGET_DIR:-target}")
    toolchain=$(rustc --print sysroot)
    export CARGO_TARGET_DIR=$built CARGO_HOME=${CARGO_HOME:-~/.cargo} CARGO_NET_OFFLINE=true
    export PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool PATH=$toolchain/bin:$PATH
    local command=(tests/debian13/rig.sh "$@")
    [ "${1:-}" != -- ] || command=("${@:2}")
    unshare --mount --pid --net --uts --ipc --fork --kill-child bash tests/debians/enter.sh "$folder/root" \
        "$PWD" "$built" "$toolchain" "$CARGO_HOME" -- "${command[@]}"
}

main "$@"
