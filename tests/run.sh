#!/bin/bash
# Builds everything and runs every test, on real sshd, sudo and ssh-agent in private namespaces. Nothing changes on this
# host but the build folder and Debian packages that are missing. The exit code is 0 when all of it passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. tests/prepare.sh
. tests/debian-packages.sh

cargo_deny_version=0.20.2

failed=()
summary=()
declare -A started
said=${CARGO_TARGET_DIR:-target}/said

main() {
    need_root
    need_packages "${packages[@]}" "${package_tools[@]}"
    need_cargo
    check "format" cargo fmt --all --check
    release & # most of it is one processor's work
    check "clippy" cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
    wait
    check "module" cargo build --quiet --locked --release -p pam_ussh
    check "session guard" cargo build --quiet --locked --release -p ussh-session-guard
    check "ussh-pam-try" cargo build --quiet --locked --release -p ussh-pam-try
    local built
    built=$(realpath "${CARGO_TARGET_DIR:-target}")
    export PAM_USSH_SO=$built/release/libpam_ussh.so USSH_SESSION_GUARD=$built/release/ussh-session-guard
    export USSH_PAM_TRY=$built/release/ussh-pam-try CA_TOOL=$built/debug/ca-tool
    # Tests and demo wait most of their time, so something that computes goes beside them.
    start package-roots nice tests/packages.sh roots
    start fuzz-build nice tests/fuzz/run.sh build
    check "tests" tests/run-tests.sh
    check "fuzz build" finish fuzz-build
    check "package roots" finish package-roots
    start demo tests/demo.sh
    start packages nice tests/packages.sh
    check "fuzz" nice tests/fuzz/run.sh 6
    check_dependencies
    check "demo" finish demo
    check "packages" finish packages
    sum_up
}

# Beside clippy, which has another folder. What it says is said again by the checks.
release() {
    for package in pam_ussh ussh-session-guard ussh-pam-try; do
        cargo build --locked --release -p "$package" || return
    done >/dev/null 2>&1
}

# start NAME COMMAND..: beside what comes next.
start() {
    mkdir -p "$said"
    "${@:2}" >"$said/$1" 2>&1 </dev/null &
    started[$1]=$!
}

# Waits for what was started by this name, and shows what it said.
finish() {
    local code=0
    wait "${started[$1]}" || code=$?
    cat "$said/$1"
    return $code
}

# Runs one part; the rest runs even when it fails.
check() {
    local name=$1 start=$SECONDS verdict=ok
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    "$@" || { verdict=FAILED && failed+=("$name"); }
    summary+=("$(printf '%-25s %-6s %4d s' "$name" $verdict $((SECONDS - start)))")
}

# Advisories come from a git repository that not every machine reaches; the summary says when they were not checked.
check_dependencies() {
    check "licences, bans, sources" cargo_deny licenses bans sources
    if timeout 30 git ls-remote -q https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
        check "advisories" cargo_deny advisories
    else
        summary+=("advisories                NOT CHECKED: https://github.com/RustSec/advisory-db cannot be reached")
    fi
}

# cargo-deny comes into the build folder when it is nowhere else.
cargo_deny() {
    local tools=${CARGO_TARGET_DIR:-target}/tools
    command -v cargo-deny >/dev/null || PATH="$PATH:$(realpath -m "$tools")/bin"
    command -v cargo-deny >/dev/null || cargo install --quiet --locked --root "$tools" "cargo-deny@$cargo_deny_version" || return
    cargo deny --workspace check "$@"
}

sum_up() {
    printf '\n=== Summary\n'
    printf '%s\n' "${summary[@]}"
    [ ${#failed[@]} = 0 ] || fail "failed: ${failed[*]}"
    echo "All that ran passed, in $SECONDS s."
}

main
