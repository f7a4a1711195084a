#!/bin/bash
# Gathers in a new folder all that packages hold and that is built first: the four programs, ca-tool's man pages and
# completions, and the notices of other people's work in them.
#
#   packaging/programs.sh FOLDER
#
# Programs are built for release, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL.
set -euo pipefail

main() {
    [ $# = 1 ] || { echo "usage: packaging/programs.sh FOLDER" >&2 && exit 2; }
    folder=$(realpath -m "$1")
    cd "$(dirname "$0")/.."
    mkdir -p "$folder"
    programs
    documents
    packaging/notices.sh pam_ussh ussh-session-guard ussh-pam-try >"$folder/NOTICES.pam_ussh"
    packaging/notices.sh ca-tool >"$folder/NOTICES.ca-tool"
}

programs() {
    if [ -z "${PAM_USSH_SO:-}" ] || [ -z "${USSH_SESSION_GUARD:-}" ] || [ -z "${USSH_PAM_TRY:-}" ] || [ -z "${CA_TOOL:-}" ]; then
        build
    fi
    install -m 644 "$PAM_USSH_SO" "$folder/pam_ussh.so"
    install -m 755 "$USSH_SESSION_GUARD" "$folder/ussh-session-guard"
    install -m 755 "$USSH_PAM_TRY" "$folder/ussh-pam-try"
    install -m 755 "$CA_TOOL" "$folder/ca-tool"
    strip "$folder"/{pam_ussh.so,ussh-session-guard,ussh-pam-try,ca-tool}
}

# In a target folder of their own: with paths that mean nothing on other machines they are other programs to cargo.
build() {
    local target cargo_home=${CARGO_HOME:-$HOME/.cargo}
    target=$(realpath -m "${CARGO_TARGET_DIR:-target}/package-build")
    export CARGO_TARGET_DIR=$target
    export RUSTFLAGS="--remap-path-prefix=$PWD=/usr/src/pam_ussh --remap-path-prefix=$cargo_home=/usr/src/cargo"
    export CFLAGS="-O2 -ffile-prefix-map=$target=/usr/src/target -ffile-prefix-map=$cargo_home=/usr/src/cargo"
    # One at a time: built together they would have each other's features.
    for crate in pam_ussh ussh-session-guard ussh-pam-try ca-tool; do
        cargo build --quiet --locked --release -p $crate
    done
    local release=$target/release
    PAM_USSH_SO=$release/libpam_ussh.so USSH_SESSION_GUARD=$release/ussh-session-guard
    USSH_PAM_TRY=$release/ussh-pam-try CA_TOOL=$release/ca-tool
}

documents() {
    "$folder/ca-tool" manual "$folder/man" 2>/dev/null
    for shell in bash zsh fish; do
        "$folder/ca-tool" completions $shell >"$folder/completion.$shell"
    done
}

main "$@"
