#!/bin/sh
# The way back of the Ansible role ussh: keeps files as they are, and puts them back unless told in time that all is well.
#
#   way-back.sh begin SECONDS SERVICE FILE...   keeps them; goes back after SECONDS (0: never; way-back/seconds has them
#                                               and may be changed). SERVICE is sshd's
#   way-back.sh reload SERVICE                  sshd reads its configuration again, where it runs
#   way-back.sh end                             all is well
#   way-back.sh undo                            goes back now
#
# Whoever makes the folder "decided" first, end, undo or the clock, has decided.
set -eu
folder=${0%/*}/way-back

main() {
    word=$1
    shift
    case $word in
    begin | reload | end | undo | watch) "$word" "$@" ;;
    *) die "there is no \"$word\"" ;;
    esac
}

begin() {
    seconds=$1 service=$2
    shift 2
    ! under_way || die "another run of this role has not ended here; it goes back by itself, in $(cat "$folder/seconds") seconds at most"
    rm -rf "$folder"
    mkdir -p -m 700 "$folder/saved"
    printf '%s\n' "$seconds" >"$folder/seconds"
    printf '%s\n' "$service" >"$folder/service"
    printf '%s\n' "$@" >"$folder/files"
    for file in "$@"; do
        [ ! -e "$file" ] || { mkdir -p "$folder/saved${file%/*}" && cp -a "$file" "$folder/saved$file"; }
    done
    [ "$seconds" = 0 ] || start_watching
}

# Outside of this login's session, which may end first.
start_watching() {
    if [ -d /run/systemd/system ]; then
        systemd-run --quiet --collect --unit="ussh-way-back-$$" sh "$0" watch
    else
        setsid sh "$0" watch </dev/null >/dev/null 2>&1 &
    fi
}

watch() {
    echo $$ >"$folder/watcher"
    waited=0
    while [ "$waited" -lt "$(cat "$folder/seconds")" ]; do
        sleep 1
        waited=$((waited + 1))
        [ "$(cat "$folder/watcher" 2>/dev/null)" = $$ ] && [ ! -e "$folder/decided" ] || return 0
    done
    decide || return 0
    restore
    log "Ansible did not come back within $waited seconds: files are as before"
    rm "$folder/watcher"
}

end() {
    decide || die "Ansible took longer than $(cat "$folder/seconds" 2>/dev/null) seconds: the host has gone back (raise ussh_way_back)"
    rm -rf "$folder"
}

undo() {
    [ -d "$folder" ] || return 0
    if decide; then restore; else wait_for_the_watcher; fi
    rm -rf "$folder"
}

wait_for_the_watcher() {
    while under_way; do sleep 1; done
}

under_way() { [ -e "$folder/watcher" ] && kill -0 "$(cat "$folder/watcher")" 2>/dev/null; }

decide() { mkdir "$folder/decided" 2>/dev/null; }

# Each file at once, and only those that differ.
restore() {
    sshd=unchanged
    while read -r file; do
        if [ ! -e "$folder/saved$file" ]; then
            [ -e "$file" ] || continue
            rm -f "$file"
        else
            ! same "$folder/saved$file" "$file" || continue
            cp -a "$folder/saved$file" "$file.ussh-way-back"
            mv -f "$file.ussh-way-back" "$file"
        fi
        log "$file is as before"
        case $file in /etc/ssh/*) sshd=changed ;; esac
    done <"$folder/files"
    [ $sshd = unchanged ] || reload "$(cat "$folder/service")"
}

same() { cmp -s "$1" "$2" && [ "$(stat -c %a:%u:%g "$1")" = "$(stat -c %a:%u:%g "$2")" ]; }

reload() {
    if [ -d /run/systemd/system ]; then
        systemctl try-reload-or-restart "$1"
    elif service "$1" status >/dev/null 2>&1; then
        service "$1" reload >/dev/null
    fi
}

log() { logger -t ussh-way-back -p auth.warning "$1" 2>/dev/null || true; }

die() {
    echo "way-back.sh: $1" >&2
    exit 1
}

main "$@"
