#!/bin/bash
# Builds the Debian and RPM packages of pam_ussh and ca-tool, and the source they are built from. The same source gives the
# same bytes: wherever it lies, and whatever the time, the umask, the language and the time zone are.
#
#   packaging/build.sh [--out FOLDER] [deb] [rpm]      both into target/packages, when none is named
#
# The programs are built for release, or taken from $PAM_USSH_SO, $USSH_SESSION_GUARD, $USSH_PAM_TRY and $CA_TOOL.
set -euo pipefail

main() {
    read_arguments "$@"
    cd "$(dirname "$0")/.."
    need_programs
    settle_what_could_differ
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    copy_source
    packaging/programs.sh "$scratch/programs"
    export USSH_PROGRAMS=$scratch/programs
    for kind in "${kinds[@]}"; do
        "make_$kind"
    done
    ls -l "$out"
}

read_arguments() {
    out='' kinds=()
    while [ $# -gt 0 ]; do
        case $1 in
        --out) out=$(realpath -m "${2:?--out needs a folder}") && shift ;;
        deb | rpm) kinds+=("$1") ;;
        *) fail "usage: packaging/build.sh [--out FOLDER] [deb] [rpm]" ;;
        esac
        shift
    done
    [ ${#kinds[@]} -gt 0 ] || kinds=(deb rpm)
}

need_programs() {
    local missing=()
    for kind in "${kinds[@]}"; do
        case $kind in
        deb) command -v dh >/dev/null || missing+=(debhelper) ;;
        rpm) command -v rpmbuild >/dev/null || missing+=("rpmbuild (Debian: rpm, others: rpm-build)") ;;
        esac
    done
    [ ${#missing[@]} = 0 ] || fail "please install $(printf '%s, ' "${missing[@]}" | sed 's/, $//')"
}

# The time is that of the newest entry of debian/changelog.
settle_what_could_differ() {
    umask 022
    export LC_ALL=C.UTF-8 TZ=UTC
    local date
    date=$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)
    SOURCE_DATE_EPOCH=$(date -d "$date" +%s)
    export SOURCE_DATE_EPOCH
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    out=${out:-$(realpath -m "${CARGO_TARGET_DIR:-target}/packages")}
    mkdir -p "$out"
}

# What git knows as it stands now, or all of an unpacked release.
copy_source() {
    source=$scratch/pam_ussh-$version
    mkdir "$source"
    if [ -e .git ]; then
        # Where it takes this for no repository, it looks for one further up.
        local top
        top=$(git rev-parse --show-toplevel 2>&1) && [ "$top" = "$(pwd -P)" ] ||
            fail "git does not say what belongs to the source, and not all that lies here does. It says: $top"
        git ls-files -z --cached | xargs -0 sh -c 'ls -d "$@" 2>/dev/null' - | tar -c -T - | tar -xC "$source"
    else
        tar -c --exclude=./target . | tar -xC "$source"
    fi
    # git keeps no other modes.
    find "$source" -type f -perm /111 -exec chmod 755 {} + -o -type f -exec chmod 644 {} + -o -type d -exec chmod 755 {} +
    tar -C "$scratch" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "${source##*/}" |
        gzip -9n >"$out/${source##*/}.tar.gz"
}

make_deb() {
    cp -a "$source/packaging/debian" "$source/debian"
    # -d: Rust is rustup's here, as Debian 12's own is too old.
    (cd "$source" && dpkg-buildpackage -b -d -us -uc >"$scratch/log" 2>&1) || fail "$(cat "$scratch/log")"
    install -m 644 "$scratch"/*.deb "$out"
}

make_rpm() {
    mkdir "$scratch/SOURCES"
    cp "$out/${source##*/}.tar.gz" "$scratch/SOURCES"
    # What Fedora's and RHEL's rpmbuild have as defaults, for other systems' too.
    rpmbuild -bb --nodeps --define "_topdir $scratch" --define '_buildhost localhost' --define '_libdir /usr/lib64' \
        --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
        --define '_build_id_links none' --define 'debug_package %{nil}' --define '_binary_payload w19.zstdio' \
        packaging/pam_ussh.spec >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    find "$scratch/RPMS" -name '*.rpm' -exec install -m 644 -t "$out" {} +
}

fail() {
    printf 'packaging/build.sh: %s\n' "$*" >&2
    exit 1
}

main "$@"
