#!/bin/sh
# krl-no-older.sh NEW OLD: whether NEW is a list that sshd takes, and no older one than OLD, which may not be there.
set -eu

main() {
    ssh-keygen -Q -l -f "$1" >/dev/null 2>&1 || ssh-keygen -l -f "$1" >/dev/null 2>&1 || [ ! -s "$1" ] ||
        die "this is no list of what is revoked"
    [ -e "$2" ] || return 0
    new=$(version "$1")
    old=$(version "$2")
    [ "${new:-0}" -ge "${old:-0}" ] ||
        die "this list has version ${new:-none}, and the host has $old: an older list would take revocations back"
}

# Nothing for a flat list of keys.
version() { ssh-keygen -Q -l -f "$1" 2>/dev/null | sed -n 's/^# KRL version //p'; }

die() {
    echo "$1" >&2
    exit 1
}

main "$@"
