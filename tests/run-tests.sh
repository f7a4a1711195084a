#!/bin/bash
# Runs every test of the workspace, as `cargo test --workspace` does, but several test programs at once: most of their
# time is somebody waiting, for a login, a certificate's end, a finger. Prints a line for each program, all that it said
# when it failed, and how many there were. The exit code is 0 when every test passed.
#
#   tests/run-tests.sh [PROGRAM..]      only these: sessions, sshd, ca-tool …
#
# The programs under test are taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

at_once=${TESTS_AT_ONCE:-3}
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-4}

# What takes longest starts first, so that nothing long runs alone at the end.
longest=(libpam sessions sshd init pkcs11 parity other_hosts key_types krl guides)

main() {
    said=$(mktemp -d)
    trap 'rm -rf "$said"' EXIT
    programs "$@" >"$said/programs" || exit 1
    [ -s "$said/programs" ] || { echo "no such test program: $*" >&2 && exit 1; }
    export said
    export -f run
    xargs --arg-file "$said/programs" --max-procs "$at_once" --max-lines=1 bash -c 'run "$@"' -
    local code=$?
    [ $# -gt 0 ] || examples || code=1 # in the documentation
    sum_up || code=1
    exit $code
}

# Builds the test programs; prints "FOLDER PROGRAM" for each, the longest first.
programs() {
    local built name
    # What the compiler says goes to the terminal.
    built=$(cargo test --locked --workspace --no-run --message-format=json-render-diagnostics |
        grep -E '"profile":\{[^}]*"test":true\}' |
        sed -E 's|.*"manifest_path":"([^"]*)/Cargo.toml".*"executable":"([^"]*)".*|\1 \2|') || return
    for name in "${@:-${longest[@]}}"; do
        grep -E "/$name-[0-9a-f]*\$" <<<"$built"
    done
    [ $# -gt 0 ] || grep -vE "/($(IFS='|' && echo "${longest[*]}"))-[0-9a-f]*\$" <<<"$built"
}

# run FOLDER PROGRAM: as cargo does it, in the folder of its package.
run() {
    local name=${2##*/} start=$SECONDS verdict=ok
    name="${1##*/}: ${name%-*}"
    cd "$1" || return
    "$2" >"$said/${2##*/}.log" 2>&1 </dev/null || verdict=FAILED
    [ $verdict = ok ] || cat "$said/${2##*/}.log"
    printf '%-6s %4d s  %-40s %s\n' $verdict $((SECONDS - start)) "$name" \
        "$(sed -n 's/^test result: [^.]*\. \([0-9]* passed; [0-9]* failed\).*/\1/p' "$said/${2##*/}.log")"
    [ $verdict = ok ]
}

# Those in the documentation, which cargo builds one by one.
examples() {
    cargo test --quiet --locked --workspace --doc >"$said/examples.log" 2>&1 || { cat "$said/examples.log" && false; }
}

# Every program must have said how many tests it has run, and none may have left one out.
sum_up() {
    awk -v programs="$(wc -l <"$said/programs")" '
        /^test result: / { said += FILENAME !~ /examples.log$/; passed += $4; failed += $6; ignored += $8; left_out += $12 }
        END { printf "%d test programs: %d tests passed, %d failed, %d ignored, %d left out\n", programs, passed, failed, ignored, left_out
              exit failed + ignored + left_out > 0 || said < programs }' "$said"/*.log
}

main "$@"
