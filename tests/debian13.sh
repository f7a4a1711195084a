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

main() {
    need_root
    need_packages debootstrap ca-certificates gcc libc6-dev libpam0g-dev libpcsclite-dev pkg-config util-linux iproute2
    need_cargo
    folder=${CARGO_TARGET_DIR:-target}/debian13
    mkdir -p "$folder"
    folder=$(realpath "$folder")
    root=$folder/root
    # Anew when the tests need something else of Debian.
    [ "$(cat "$root.packages" 2>/dev/null)" = "${packages[*]}" ] || make_root
    build
    cargo test --quiet --locked --workspace --no-run
    inside "$@"
}

make_root() {
    local new=$folder/new
    echo "Making a Debian 13 in $root ..."
    rm -rf --one-file-system "$new" "$root" "$root.packages"
    debootstrap --variant=minbase trixie "$new" "$(mirror)" >"$folder/log" 2>&1 || no_root
    rm -f "$new/etc/resolv.conf"
    cp /etc/resolv.conf "$new/etc/resolv.conf"
    # Its daemons are wanted for their programs; the rig starts them.
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod 755 "$new/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --kill-child --root="$new" --mount-proc \
        apt-get install --yes --no-install-recommends "${packages[@]}" >>"$folder/log" 2>&1 || no_root
    rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/*
    mv "$new" "$root"
    echo "${packages[*]}" >"$root.packages"
}

no_root() { fail "$(tail "$folder/log")
no Debian 13 was made; all that was said is in $folder/log"; }

# In namespaces of its own, which end with it. The compiler and what is compiled stand there where they stand here.
inside() {
    local built toolchain
    built=$(realpath "${CARGO_TARGET_DIR:-target}")
    toolchain=$(rustc --print sysroot)
    export CARGO_TARGET_DIR=$built CARGO_HOME=${CARGO_HOME:-~/.cargo} CARGO_NET_OFFLINE=true
    export PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool PATH=$toolchain/bin:$PATH
    unshare --mount --pid --net --uts --ipc --fork --kill-child \
        bash tests/debian13/inside.sh "$root" "$PWD" "$built" "$toolchain" "$CARGO_HOME" -- "$@"
}

main "$@"
