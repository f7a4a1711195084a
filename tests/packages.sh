#!/bin/bash
# Builds the packages twice, which must give the same bytes, and does with them what an administrator does, on Debian 12
# and 13 and in an RPM database: install, set up by the documented commands, upgrade while people work, remove, purge.
#
#   tests/packages.sh [12] [13] [rpm]      all, when none is named
#   tests/packages.sh roots                only makes the Debians for it
#
# The programs are built, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL. Nothing changes on this
# host but the build folder, which keeps a Debian of 200 MB each, and Debian packages that are missing. Every step is
# checked: the exit code is not 0 when one did not go as told.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/packages/made.sh
. tests/packages/holds.sh
. tests/packages/root.sh

main() {
    need_root
    need_packages debootstrap debhelper lintian rpm rpmlint binutils iproute2 util-linux
    local hosts=("$@")
    [ $# -gt 0 ] || hosts=(12 13 rpm)
    folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/packages-test
    mkdir -p "$folder"
    if [ "${hosts[*]}" = roots ]; then
        make_roots 12 13
        return
    fi
    need_cargo
    programs_under_test
    make_roots "${hosts[@]}" &
    make_packages
    wait $! || fail "no root could be made"
    all_at_once "${hosts[@]}"
    echo
    echo "All steps went as told, in $SECONDS s."
}

programs_under_test() {
    build
    export PAM_USSH_SO=$module USSH_SESSION_GUARD=$session_guard USSH_PAM_TRY=$pam_try CA_TOOL=$ca_tool
    for program in "$PAM_USSH_SO" "$USSH_SESSION_GUARD" "$USSH_PAM_TRY" "$CA_TOOL"; do
        [ -f "$program" ] || fail "there is no $program"
    done
}

# Most of their time somebody waits. Each is shown as a whole.
all_at_once() {
    local host pids=() failed=()
    for host in "$@"; do
        run_on "$host" >"$folder/$host.out" 2>&1 &
        pids+=($!)
    done
    for host in "$@"; do
        wait "${pids[0]}" || failed+=("$host")
        pids=("${pids[@]:1}")
        cat "$folder/$host.out"
    done
    [ ${#failed[@]} = 0 ] || fail "not as told on ${failed[*]}"
}

# Each script on a fresh copy of the root. What it mounts and starts ends with it.
run_on() {
    local host=$1 script scripts=(leaves-nothing works upgrade profiles)
    [ "$host" != rpm ] || scripts=(rpm)
    for script in "${scripts[@]}"; do
        printf '\n=== %s: %s\n' "$host" "$script"
        unshare --mount --pid --net --uts --ipc --fork --kill-child \
            bash tests/packages/enter.sh "$(root_of "$host")" "$folder/made" "$script" </dev/null ||
            fail "$script on $host did not go as told"
    done
}

main "$@"
