# Sourced: a Debian to try things in, made once by debootstrap in the build folder.

# In FOLDER/root, with these packages; anew when it had others. What was said is in FOLDER/log.
make_debian() {
    local release=$1 folder=$2 new=$2/new root=$2/root
    shift 2
    mkdir -p "$folder"
    [ "$(cat "$root.packages" 2>/dev/null)" != "$*" ] || return 0
    echo "Making a Debian ($release) in $root ..."
    rm -rf --one-file-system "$new" "$root" "$root.packages"
    debootstrap --variant=minbase "$release" "$new" "$(mirror)" >"$folder/log" 2>&1 || no_debian "$folder"
    rm -f "$new/etc/resolv.conf"
    cp /etc/resolv.conf "$new/etc/resolv.conf"
    # Its daemons are wanted for their programs.
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod 755 "$new/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --kill-child --root="$new" --mount-proc \
        apt-get install --yes --no-install-recommends "$@" >>"$folder/log" 2>&1 || no_debian "$folder"
    rm -rf "$new"/var/cache/apt/*
    mv "$new" "$root"
    echo "$*" >"$root.packages"
}

no_debian() { fail "$(tail "$1/log")
no Debian was made; all that was said is in $1/log"; }
