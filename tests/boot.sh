#!/bin/bash
# Boots a Debian with systemd as its first process, real logind, sshd and pam_ussh.so, and shows there that a session ends
# when its certificate does, and that ussh-update.service fetches lists in its sandbox: in a container on this host's
# kernel, and in a machine with a kernel and a clock of its own.
#
#   tests/boot.sh [container] [machine]      both, when none is named
#
# The programs under test are built, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL. Nothing
# changes on this host but the build folder, which keeps a Debian of 450 MB, and Debian packages that are missing. Every
# step is checked: the exit code is not 0 when one did not go as told.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/boot/root.sh

main() {
    need_root
    need_programs "$@"
    programs_under_test
    make_root
    local kinds=("$@")
    [ $# -gt 0 ] || kinds=(container machine)
    for kind in "${kinds[@]}"; do
        boot "$kind"
    done
    echo
    echo "All steps went as told: ${times[*]}."
}

need_programs() {
    command -v debootstrap >/dev/null || need_packages debootstrap
    case " ${*:-machine} " in *" machine "*) command -v qemu-system-x86_64 >/dev/null || need_packages qemu-system-x86 ;; esac
    need_packages util-linux e2fsprogs
}

programs_under_test() {
    if [ -z "${PAM_USSH_SO:-}" ] || [ -z "${USSH_SESSION_GUARD:-}" ] || [ -z "${USSH_PAM_TRY:-}" ] ||
        [ -z "${CA_TOOL:-}" ]; then
        need_cargo
        build
    fi
    export PAM_USSH_SO=${PAM_USSH_SO:-$module} USSH_SESSION_GUARD=${USSH_SESSION_GUARD:-$session_guard}
    export USSH_PAM_TRY=${USSH_PAM_TRY:-$pam_try} CA_TOOL=${CA_TOOL:-$ca_tool}
    for program in "$PAM_USSH_SO" "$USSH_SESSION_GUARD" "$USSH_PAM_TRY" "$CA_TOOL"; do
        [ -f "$program" ] || fail "there is no $program"
    done
}

# What it mounts and starts ends with it.
boot() {
    local kind=$1 start=$SECONDS
    printf '\n=== %s\n' "$kind"
    unshare --mount --pid --mount-proc --fork --kill-child bash tests/boot/start.sh "$kind" "$root" | show_until_the_end ||
        fail "the $kind did not do as told"
    times+=("$kind $((SECONDS - start)) s")
}

# What the console says from where the test begins; all of it, when that never comes. The last word is the verdict.
show_until_the_end() {
    local line before=() begun=no verdict=
    while IFS= read -r line; do
        line=${line%$'\r'}
        case $begun:$line in
        no:begin) begun=yes ;;
        no:*) before+=("$line") ;;
        yes:'verdict: '*) verdict=${line#*: } begun=over ;;
        yes:*) printf '%s\n' "$line" ;;
        esac
    done
    [ $begun != no ] || printf '%s\n' "${before[@]}"
    [ "$verdict" = 0 ]
}

main "$@"
