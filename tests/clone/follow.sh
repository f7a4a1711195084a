#!/bin/bash
# Run by clone.sh in a clone, in a Debian of its own: the commands of these pages that are for a clone, in their order.
set -euo pipefail

main() {
    # apt-get and dpkg ask, and the reader says yes.
    echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/yes
    export DEBIAN_FRONTEND=noninteractive
    local page commands
    for page in "$@"; do
        commands=$(commands_of "$page")
        [ -n "$commands" ] || { echo "clone.sh: $page has no commands for a clone" && exit 1; }
        printf '\n=== %s\n%s\n\n' "$page" "$commands"
        bash -euxc "$commands"
        what_came_of "$page"
    done
}

commands_of() {
    awk '$0 == "```sh clone" { inside = 1; next } /^```/ { inside = 0 } inside' "$1"
}

# What the page says there is now.
what_came_of() {
    case $1 in
    README.md) ls target/packages/{libpam-ussh,ussh-ca-tool}_*.deb target/packages/{pam_ussh,ussh-ca-tool}-*.rpm ;;
    docs/by-hand.md) ls target/release/{libpam_ussh.so,ussh-session-guard,ussh-pam-try,ca-tool} ;;
    esac
}

main "$@"
