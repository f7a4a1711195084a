# Sourced by packages.sh: small Debians in the build folder, made once by debootstrap.

# What the packages ask for, and what is set up with them.
in_a_root=openssh-server,openssh-client,sudo,libpcsclite1,libpam-runtime,curl,ca-certificates,procps

root_of() {
    case $1 in
    12 | rpm) echo "$folder/bookworm" ;;
    13) echo "$folder/trixie" ;;
    *) fail "usage: tests/packages.sh [12] [13] [rpm]" ;;
    esac
}

make_roots() {
    local host
    for host in "$@"; do
        make_root "$(root_of "$host")"
    done
}

make_root() {
    local root=$1
    [ ! -e "$root" ] || return 0
    echo "Making a Debian in $root ..."
    rm -rf "$root.new"
    debootstrap --variant=minbase --include=$in_a_root "${root##*/}" "$root.new" "$(mirror)" >"$root.log" 2>&1 ||
        fail "$(tail "$root.log")
debootstrap failed; all it said is in $root.log"
    rm -rf "$root.new"/var/cache/apt/*
    mv "$root.new" "$root"
}
