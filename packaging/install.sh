#!/bin/bash
# Which file goes where: lays out one package below ROOT, from what packaging/programs.sh has gathered.
#
#   packaging/install.sh pam_ussh|ca-tool PROGRAMS ROOT
#
# Where systems differ: $SECURITY_DIR (libpam's modules), $DOC_DIR, $UNIT_DIR (systemd's), $ZSH_DIR. Without them: as on RHEL.
set -euo pipefail

main() {
    [ $# = 3 ] || { echo "usage: packaging/install.sh pam_ussh|ca-tool PROGRAMS ROOT" >&2 && exit 2; }
    programs=$(realpath "$2") root=$(realpath -m "$3")
    cd "$(dirname "$0")/.."
    doc=${DOC_DIR:-/usr/share/doc/$1}
    case $1 in
    pam_ussh) pam_ussh ;;
    ca-tool) ca_tool ;;
    *) echo "no package $1" >&2 && exit 2 ;;
    esac
}

# The module, the guard and pam-try belong together: each asks the others.
pam_ussh() {
    put 644 "$programs/pam_ussh.so" "${SECURITY_DIR:-/usr/lib64/security}/pam_ussh.so"
    put 755 "$programs/ussh-session-guard" /usr/libexec/ussh-session-guard
    put 755 "$programs/ussh-pam-try" /usr/libexec/ussh-pam-try
    local page
    for page in pam_ussh/pam_ussh.8 pam_ussh/session-guard/ussh-session-guard.8 pam_ussh/pam-try/ussh-pam-try.8; do
        put_page $page
    done
    put 644 README.md "$doc/README.md"
    put 644 pam_ussh/PROTOCOL.md "$doc/PROTOCOL.md"
    put 644 "$programs/NOTICES.pam_ussh" "$doc/NOTICES"
    local file
    while read -r file; do
        put 644 "$file" "$doc/$file"
    done < <(find docs -type f | LC_ALL=C sort)
}

ca_tool() {
    put 755 "$programs/ca-tool" /usr/bin/ca-tool
    local page
    for page in "$programs"/man/* ca-tool/ca.toml.5; do
        put_page "$page"
    done
    put 644 "$programs/completion.bash" /usr/share/bash-completion/completions/ca-tool
    put 644 "$programs/completion.zsh" "${ZSH_DIR:-/usr/share/zsh/site-functions}/_ca-tool"
    put 644 "$programs/completion.fish" /usr/share/fish/vendor_completions.d/ca-tool.fish
    put 644 ca-tool/ca.toml /etc/ussh/ca.toml
    local unit
    for unit in packaging/systemd/*.service packaging/systemd/*.timer; do
        put 644 "$unit" "${UNIT_DIR:-/usr/lib/systemd/system}/${unit##*/}"
    done
    put 644 "$programs/NOTICES.ca-tool" "$doc/NOTICES"
}

put() {
    install -D -m "$1" "$2" "$root$3"
}

put_page() {
    local target=$root/usr/share/man/man${1##*.}/${1##*/}
    put 644 "$1" "${target#"$root"}"
    gzip -9nf "$target"
}

main "$@"
