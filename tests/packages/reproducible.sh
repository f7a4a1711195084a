#!/bin/bash
# Compiles everything twice from nothing, in different folders, under another umask, language, time zone and number of jobs,
# and compares the packages byte by byte. Takes two cold release builds, so tests/run.sh leaves it out; tests/packages.sh
# compares what is packed around programs that are compiled already.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/prepare.sh

need_root # for need_packages
need_packages debhelper rpm
need_cargo
folder=$(mktemp -d "${TMPDIR:-/tmp}/pam_ussh.XXXXXX")
trap 'rm -rf "$folder"' EXIT
unset PAM_USSH_SO USSH_SESSION_GUARD USSH_PAM_TRY CA_TOOL RUSTFLAGS CFLAGS CARGO_TARGET_DIR

# As a release is built: from what git has.
copy() {
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'ls -d "$@" 2>/dev/null' - | tar -c -T - | tar -xC "$1"
}

# Both now: somebody may work here meanwhile.
copy "$folder/one"
copy "$folder/another/folder/further/away"
echo "Building once ..."
"$folder/one/packaging/build.sh" --out "$folder/packages" >/dev/null
sha256sum "$folder"/packages/*

echo "Building again ..."
(
    umask 077
    CARGO_BUILD_JOBS=1 TZ=Pacific/Apia LC_ALL=C LANG=tr_TR.UTF-8 HOME=$HOME USER=somebody \
        "$folder/another/folder/further/away/packaging/build.sh" --out "$folder/again" >/dev/null
)
diff -r "$folder/packages" "$folder/again" || fail "the same source gave other packages"
echo "The same bytes."
