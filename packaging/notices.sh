#!/bin/bash
# Prints whose work the programs of these crates hold besides ours, and under which licence: each crate that cargo links
# into them, with the licence files that came with it. Files that are the same are printed once.
#
#   packaging/notices.sh CRATE...
#
# A crate without a licence that is known here ends it: its text must be found first.
set -euo pipefail

main() {
    cd "$(dirname "$0")/.."
    texts=$(mktemp -d)
    trap 'rm -rf "$texts"' EXIT
    printf 'Parts of other people in %s.\n\nCrates, and Rust itself:\n\n' "$(printf '%s, ' "$@" | sed 's/, $//')"
    crates "$@" | while read -r name version licence; do
        printf '%s %s: %s\n' "$name" "$version" "$licence"
        keep_texts "$name" "$version" "$licence"
    done
    rust
    print_texts
}

# `NAME VERSION LICENCE` a line; not ours, and not what runs at build time alone.
crates() {
    local crate
    for crate in "$@"; do
        cargo tree --quiet --locked -p "$crate" -e normal,no-proc-macro --prefix none --no-dedupe --format '{p} {l}'
    done | grep -v ' (/' | sed 's/^\([^ ]*\) v\([^ ]*\) /\1 \2 /' | LC_ALL=C sort -u
}

# Each text once, by its digest, with the names of those it belongs to.
keep_texts() {
    local name=$1 version=$2 licence=$3 folder file found=no
    folder=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$name-$version")
    [ -d "$folder" ] || fail "the source of $name $version is not in cargo's folder: cargo fetch"
    for file in "$folder"/*; do
        [[ ${file##*/} =~ ^(LICEN[CS]E|License|license|licence|COPYING|COPYRIGHT|NOTICE|UNLICENSE) ]] && [ -f "$file" ] || continue
        keep "$name $version" "$file"
        found=yes
    done
    if [ $found = no ]; then
        [ "$licence" = MIT ] || fail "$name $version ($licence) has no licence file: find its text"
        keep "$name $version (its authors are in its Cargo.toml: $(authors "$folder"))" LICENSE-MIT
    fi
    # The C library in it is nobody's: https://www.sqlite.org/copyright.html
    [ "$name" != libsqlite3-sys ] || echo "SQLite, in $name: public domain"
}

keep() {
    local digest
    digest=$(tr -d '\r' <"$2" | sha256sum | cut -d' ' -f1)
    tr -d '\r' <"$2" >"$texts/$digest.text"
    echo "$1" >>"$texts/$digest.names"
}

authors() {
    sed -n '/^authors/,/]/p' "$1/Cargo.toml" | grep -o '"[^"]*"' | tr -d '"' | paste -sd, | sed 's/,/, /g'
}

# std is linked into all of them.
rust() {
    local doc
    echo "std $(rustc --version | cut -d' ' -f2): MIT OR Apache-2.0"
    doc=$(rustc --print sysroot)/share/doc/rust
    [ -e "$doc/COPYRIGHT-library.html" ] || doc=/usr/share/doc/rustc
    if [ -e "$doc/COPYRIGHT-library.html" ]; then
        sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' "$doc/COPYRIGHT-library.html" |
            sed '/^[[:space:]]*$/N;/^[[:space:]]*\n[[:space:]]*$/D' >"$texts/std"
        keep "std" "$texts/std"
    else
        keep "std" LICENSE-MIT
    fi
}

print_texts() {
    local names
    for names in $(for file in "$texts"/*.names; do printf '%s %s\n' "$(head -n 1 "$file" | tr ' ' _)" "$file"; done | LC_ALL=C sort | cut -d' ' -f2); do
        printf '\n%s\n' "--------------------------------------------------------------------------------"
        LC_ALL=C sort -u "$names" | paste -sd, | sed 's/,/, /g' | fold -s -w 100
        printf '%s\n\n' "--------------------------------------------------------------------------------"
        cat "${names%.names}.text"
    done
}

fail() {
    printf 'packaging/notices.sh: %s\n' "$*" >&2
    exit 1
}

main "$@"
