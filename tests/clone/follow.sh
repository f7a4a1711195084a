#!/bin/bash
# Run by clone.sh in a clone, in a Debian of its own: the commands of these pages that are for a clone, in their order.
set -euo pipefail

main() {
    # apt-get and dpkg ask, and the reader says yes.
    echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/yes
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    local block commands
    for block in "$@"; do
        commands=$(commands_of "${block%:*}" "${block#*:}")
        [ -n "$commands" ] || fail "$block: there are no such commands for a clone"
        printf '\n=== %s\n%s\n\n' "$block" "$commands"
        bash -euxc "$commands"
        what_came_of "$block"
    done
    [ -z "$(git status --porcelain)" ] || fail "the clone is changed: $(git status --short)"
}

commands_of() {
    awk -v wanted="$2" -v page="$1" '
        $0 == "```sh clone" { inside = 1; number++; next }
        /^```/ { inside = 0 }
        inside && (wanted == page || wanted == number)' "$1"
}

# What the page says there is now.
what_came_of() {
    case $1 in
    README.md | README.md:2) ls target/packages/{libpam-ussh,ussh-ca-tool}_*.deb target/packages/{pam_ussh,ussh-ca-tool}-*.rpm ;;
    docs/by-hand.md) ls target/release/{libpam_ussh.so,ussh-session-guard,ussh-pam-try,ca-tool} ;;
    esac
}

fail() {
    echo "clone.sh: $*" >&2
    exit 1
}

main "$@"
