#!/bin/bash
# Is this a release? Each item of the checklist, ok or not; the exit code is 0 when all are.
#
#   packaging/release-check.sh [--packages FOLDER] [--quick]
#
# With --packages the packages of that folder (packaging/build.sh makes them) are compared with a second build. --quick
# leaves out the notices, which take half a minute: no release is made of it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
wrong=0
packages=
quick=no

main() {
    arguments "$@"
    echo "Version $version:"
    item "no file is changed or unknown to git" clean
    item "the tag on this commit, if there is one, is v$version" tag
    item "every crate has the workspace's version" crates
    item "Cargo.lock is of this version" lock
    item "CHANGELOG.md has it, with a date, and nothing is unreleased" changelog
    item "debian/changelog has it" debian
    item "the spec has it" spec
    item "no man page is dated later than the release" man_pages
    item "licences stand where README says" licences
    [ $quick = yes ] || item "every crate in the programs has its notice" notices
    item "nothing is left to do: no TODO, FIXME, XXX, dbg!, todo!" nothing_left
    item "every page that a page names is there" links
    [ -z "$packages" ] || item "the packages in $packages are built again byte for byte" reproducible
    [ $wrong = 0 ] || { echo "$wrong of these are not: no release." && exit 1; }
    [ $quick = no ] || { echo "All that is quick is ok." && exit 0; }
    echo "All ok. Tag it: git tag -s v$version"
}

arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --packages) packages=${2:?--packages FOLDER} && shift 2 ;;
            --quick) quick=yes && shift ;;
            *) sed -n '2,7s/^# \?//p' "$0" >&2 && exit 2 ;;
        esac
    done
}

# Runs a check, which says what is wrong and fails.
item() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        printf 'ok      %s\n' "$what"
    else
        printf 'NOT OK  %s\n' "$what"
        [ -z "$said" ] || sed 's/^/            /' <<<"$said"
        wrong=$((wrong + 1))
    fi
}

clean() {
    local changed
    changed=$(git status --porcelain) && [ -z "$changed" ] || { echo "$changed" && return 1; }
}

tag() {
    local tags
    tags=$(git tag --points-at HEAD) || return
    [ -z "$tags" ] || grep -qx "v$version" <<<"$tags" || { echo "$tags" && return 1; }
}

crates() {
    local other
    other=$(git ls-files '*Cargo.toml' | grep -v -e '^Cargo.toml$' -e '^tests/fuzz/' | xargs grep -L '^version.workspace = true')
    [ -z "$other" ] || { echo "$other" && return 1; }
}

lock() {
    cargo metadata --locked --offline --format-version 1 >/dev/null
}

changelog() {
    local unreleased
    grep -qE "^## \[$version\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md || { echo "no section $version" && return 1; }
    unreleased=$(sed -n '/^## \[Unreleased\]/,/^## \[[0-9]/p' CHANGELOG.md | grep -v '^## ' | grep -v '^$')
    [ -z "$unreleased" ] || { echo "$unreleased" && return 1; }
}

debian() {
    head -1 packaging/debian/changelog | grep -E "^[a-z-]+ \($version(-[0-9]+)?\) " >/dev/null || {
        head -1 packaging/debian/changelog && return 1
    }
}

spec() {
    grep -E "^Version: +$version$" packaging/pam_ussh.spec >/dev/null || { grep '^Version' packaging/pam_ussh.spec && return 1; }
}

# Those written by hand. ca-tool's own carry its version.
man_pages() {
    local page failed=0 released
    released=$(sed -n "s/^## \[$version\] - \([0-9]*-[0-9]*\)-.*/\1/p" CHANGELOG.md)
    for page in $(git ls-files '*.8' '*.5'); do
        local dated
        dated=$(date -d "$(sed -n 's/^\.Dd //p' "$page")" +%Y-%m 2>/dev/null) || { echo "$page has no date" && failed=1 && continue; }
        [[ ! $dated > $released ]] || { echo "$page: $dated, the release: $released" && failed=1; }
    done
    return $failed
}

licences() {
    local file failed=0
    for file in LICENSE-MIT LICENSE-APACHE LICENSE-GPL-3.0; do
        [ -s $file ] || { echo "$file is missing" && failed=1; }
    done
    for file in $(git ls-files '*Cargo.toml' | grep -v -e '^Cargo.toml$' -e '^tests/fuzz/'); do
        grep -q '^license = ' "$file" || { echo "$file names no licence" && failed=1; }
    done
    return $failed
}

notices() {
    packaging/notices.sh pam_ussh ussh-session-guard ussh-pam-try && packaging/notices.sh ca-tool
}

nothing_left() {
    ! git grep -nE '\b(TODO|FIXME|XXX)\b|\b(dbg|todo|unimplemented)!\(' -- . ':!packaging/release-check.sh' ':!LICENSE*' ':!tests/fuzz/seeds'
}

links() {
    local page named failed=0
    for page in $(git ls-files '*.md'); do
        for named in $(grep -oE '`(docs|packaging|pam_ussh|tests|ca-tool)/[A-Za-z0-9_./-]+`|`[A-Z]+\.md`' "$page" | tr -d '`' | grep -v NAME); do
            [ -e "$named" ] || [ -e "$(dirname "$page")/$named" ] || { echo "$page names $named" && failed=1; }
        done
    done
    return $failed
}

reproducible() {
    local again
    again=$(mktemp -d) || return
    packaging/build.sh --out "$again" >/dev/null && diff -r "$packages" "$again"
    local code=$?
    rm -r "$again"
    return $code
}

main "$@"
