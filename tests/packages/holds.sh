# Sourced by packages.sh: what the packages of a kind hold and ask for is what holds.deb or holds.rpm says, no more and no
# less. `docs/*` and `man1/*` stand for all files there. Debian's folders are left out when they are 755 and root's.

hold_what_is_written() { # deb|rpm
    diff <(expected "$1" | LC_ALL=C sort -u) <("has_$1" | LC_ALL=C sort -u) ||
        fail "these packages (>) do not hold what tests/packages/holds.$1 says (<)"
}

expected() {
    local line
    rm -rf "$folder/man"
    "$CA_TOOL" manual "$folder/man" 2>/dev/null
    grep -v '^#' "tests/packages/holds.$1" | while IFS= read -r line; do
        case $line in
        *'/docs/*') find docs -type f | sed "s|^|${line%docs/\*}|" ;;
        *'/man1/*') find "$folder/man" -type f -printf "${line%\*}%f.gz\n" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

has_deb() {
    local deb package multiarch
    multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
    for deb in "$folder"/made/*.deb; do
        package=$(dpkg-deb -f "$deb" Package)
        {
            dpkg-deb -c "$deb" | awk '{ print $1, $2, substr($6, 2) }'
            dpkg-deb -I "$deb" conffiles 2>/dev/null | sed 's/^/conffile /'
            dpkg-deb -f "$deb" Depends Recommends | sed -E 's/ \([^)]*\)//g'
        } | sed "s/^/$package /"
    done | grep -v ' drwxr-xr-x root/root ' | sed "s|/$multiarch/|/MULTIARCH/|"
}

has_rpm() {
    local rpm package
    for rpm in "$folder"/made/*.rpm; do
        package=$(rpm -qp --qf '%{NAME}' "$rpm")
        {
            rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]' "$rpm"
            rpm -qp --qf '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' "$rpm" | grep '^[cgmn]' || true
            # What rpm finds by itself has brackets.
            rpm -qp --requires "$rpm" | grep -v '(' | sed 's/^/needs /'
            rpm -qp --recommends "$rpm" | sed 's/^/wants /'
        } | sed "s/^/$package /"
    done
}
