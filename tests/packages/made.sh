# Sourced by packages.sh: makes the packages, and looks at them from outside.

# In $folder/made: the packages, the next version of the Debian ones, and a system for RPM's.
make_packages() {
    echo "Making the packages, twice ..."
    rm -rf "$folder/made" "$folder/again"
    build_elsewhere &
    packaging/build.sh --out "$folder/made" >/dev/null
    wait $! || fail "the second build failed"
    diff -r "$folder/made" "$folder/again" || fail "the same source gave other packages"
    # Both lie on one file system, which has one order.
    tar -tzf "$folder"/made/*.tar.gz | tr / '\001' | LC_ALL=C sort -c || fail "the source is not in the order of its names"
    lintian --fail-on error,warning "$folder"/made/*.deb 2>"$folder/lintian" ||
        fail "lintian does not like the Debian packages"
    rpmlint --config packaging/rpmlint.toml "$folder"/made/*.rpm packaging/pam_ussh.spec >"$folder/rpmlint" ||
        fail "$(cat "$folder/rpmlint")"
    grep -q ' 0 errors, 0 warnings' "$folder/rpmlint" || fail "$(cat "$folder/rpmlint")"
    hold_what_is_written deb
    hold_what_is_written rpm
    notices_name_all_that_is_in_the_programs
    next_version
    rhel_offers
}

# Another host name, folder, owner, umask, language, time zone, and, as far as programs ask libc, another day.
build_elsewhere() {
    local elsewhere=$folder/elsewhere/much/further/away
    rm -rf "$folder/elsewhere"
    mkdir -p "$elsewhere" "$folder/elsewhere/tmp"
    git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'ls -d "$@" 2>/dev/null' - | tar -c -T - | tar -xC "$elsewhere"
    touch -d '2001-02-03' "$elsewhere"/packaging/* "$elsewhere"/README.md
    mkdir "$elsewhere/target"
    touch "$elsewhere/target/of-another-day"
    chmod -R go= "$elsewhere"
    chown -R nobody "$elsewhere"
    without_git_it_is_not_guessed_what_is_source "$elsewhere"
    # Debian 13's would turn the timer on.
    mkdir "$folder/elsewhere/bin"
    printf '#!/bin/sh\necho "dh_installsystemd was called"\nexit 1\n' >"$folder/elsewhere/bin/dh_installsystemd"
    chmod 755 "$folder/elsewhere/bin/dh_installsystemd"
    (
        umask 077
        PATH=$folder/elsewhere/bin:$PATH
        unset SOURCE_DATE_EPOCH
        TZ=Pacific/Apia LC_ALL=C LANG=tr_TR.UTF-8 TMPDIR=$folder/elsewhere/tmp \
            unshare --uts bash -c 'hostname elsewhere && exec "$@"' - "$elsewhere/packaging/build.sh" --out "$folder/again" >/dev/null
    )
    rm -rf "$folder/elsewhere"
}

# As where git refuses a folder because it is somebody else's.
without_git_it_is_not_guessed_what_is_source() {
    local said
    mkdir "$1/.git"
    said=$("$1/packaging/build.sh" --out "$folder/again" 2>&1) && fail "packages were made of what git does not know"
    [[ $said == *"git does not say what belongs to the source"* ]] || fail "$said"
    rmdir "$1/.git"
}

# A crate that can panic has the path of its source in the program.
notices_name_all_that_is_in_the_programs() {
    local program crate package seen=0
    for program in "$PAM_USSH_SO" "$USSH_SESSION_GUARD" "$USSH_PAM_TRY" "$CA_TOOL"; do
        package=libpam-ussh
        [ "$program" != "$CA_TOOL" ] || package=ussh-ca-tool
        dpkg-deb --fsys-tarfile "$folder/made/$package"_*.deb | tar -xO "./usr/share/doc/$package/NOTICES.gz" | zcat >"$folder/notices"
        sed '1,/^-----/d' "$folder/notices" | tr -s '\n ' ' ' >"$folder/notices.texts"
        grep -q '^std [0-9]' "$folder/notices" || fail "NOTICES of $package says nothing of Rust's own library"
        for crate in $(strings -a "$program" | grep -oE 'registry/src/[^/]*/[^/]*' | sed 's|.*/||' | sort -u); do
            seen=$((seen + 1))
            # ssh-key-0.7.0-rc.11 is there as ssh-key 0.7.0-rc.11: with its licence, and over a text.
            crate=$(sed -E 's/-([0-9]+\.[0-9]+\.[0-9].*)$/ \1/' <<<"$crate")
            grep -qF "$crate: " "$folder/notices" || fail "NOTICES of $package says nothing of $crate"
            grep -qF " $crate" "$folder/notices.texts" || fail "NOTICES of $package has no licence's text for $crate"
        done
    done
    [ "$seen" -gt 20 ] || fail "only $seen crates were seen in the programs"
    grep -q '^SQLite, ' "$folder/notices" || fail "NOTICES of $package says nothing of SQLite"
}

# The same programs once more as 0.1.0-2, with another example of ca.toml.
next_version() {
    local package tree=$folder/tree
    mkdir "$folder/made/next"
    for package in "$folder"/made/*.deb; do
        rm -rf "$tree"
        dpkg-deb -R "$package" "$tree"
        sed -i 's/^Version: .*/&.next/' "$tree/DEBIAN/control"
        [ ! -e "$tree/etc/ussh/ca.toml" ] || echo '# Of the next version.' >>"$tree/etc/ussh/ca.toml"
        dpkg-deb -Znone --root-owner-group -b "$tree" "$folder/made/next" >/dev/null
    done
    rm -rf "$tree"
}

# A package without files that provides what a RHEL 9 does, no more: what needs more cannot be installed beside it.
rhel_offers() {
    local top=$folder/rhel
    rm -rf "$top"
    mkdir -p "$top"
    {
        printf 'Name: what-rhel-9-offers\nVersion: 9\nRelease: 1\nSummary: What RHEL 9 offers\nLicense: MIT\nBuildArch: noarch\n'
        grep -v '^#' tests/packages/rhel9.provides | sed 's/^/Provides: /'
        printf '%%description\nWhat RHEL 9 offers.\n%%files\n'
    } >"$top/offers.spec"
    rpmbuild -bb --define "_topdir $top" "$top/offers.spec" >"$top/log" 2>&1 || fail "$(cat "$top/log")"
    cp "$top"/RPMS/noarch/*.rpm "$folder/made/next/"
}
