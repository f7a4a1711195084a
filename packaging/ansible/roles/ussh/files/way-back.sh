#!/bin/sh
# The way back of the Ansible role ussh: keeps files as they are, and puts them back unless told in time that all is well.
#
#   way-back.sh begin SECONDS SERVICE LIST FILE...   keeps the files, and whether ussh-update.timer runs; goes back after
#                                                    SECONDS (0: never; way-back/seconds has them and may be changed).
#                                                    SERVICE is sshd's, LIST the file that is the revocation list
#   way-back.sh reload SERVICE                       sshd reads its configuration again, where it runs
#   way-back.sh end                                  all is well
#   way-back.sh undo                                 goes back now, and says what is not as before
#
# Whoever makes the folder "decided" first, end, undo or the clock, has decided.
set -eu
here=${0%/*}
folder=$here/way-back
timer=ussh-update.timer

main() {
    word=$1
    shift
    case $word in
    begin | reload | end | undo | watch) "$word" "$@" ;;
    *) die "there is no \"$word\"" ;;
    esac
}

begin() {
    seconds=$1 service=$2 list=$3
    shift 3
    ! under_way || die "another run of this role has not ended here; it goes back by itself, in $(cat "$folder/seconds") seconds at most"
    rm -rf "$folder"
    mkdir -p -m 700 "$folder/saved"
    printf '%s\n' "$seconds" >"$folder/seconds"
    printf '%s\n' "$service" >"$folder/service"
    { echo "$list" && { readlink -f "$list" || true; }; } >"$folder/lists"
    timer_now >"$folder/timer"
    for file in "$@"; do keep "$file"; done
    [ "$seconds" = 0 ] || start_watching
}

# Of a link, also the file that it leads to: some tasks write through it, some replace it.
keep() {
    printf '%s\n' "$1" >>"$folder/files"
    ! there "$1" || { mkdir -p "$folder/saved${1%/*}" && cp -a "$1" "$folder/saved$1"; }
    [ -L "$1" ] && target=$(readlink -f "$1") || return 0
    keep "$target"
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
    [ ! -e "$folder/newer" ] || echo "the newer revocation list stays"
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
        ! same "$folder/saved$file" "$file" || continue
        if is_newer_list "$file"; then
            : >"$folder/newer"
            log "$file stays: it is newer than the list that was there before"
            continue
        fi
        put_back "$file"
        log "$file is as before"
        case $file in /etc/ssh/*) sshd=changed ;; esac
    done <"$folder/files"
    timer_as_before || log "$timer is not as before"
    [ $sshd = unchanged ] || reload "$(cat "$folder/service")"
}

put_back() {
    if there "$folder/saved$1"; then
        cp -a "$folder/saved$1" "$1.ussh-way-back"
        mv -fT "$1.ussh-way-back" "$1"
    else
        rm -f "$1"
    fi
}

# pam_ussh remembers the newest version that it has met, and for an older one refuses everybody.
is_newer_list() {
    grep -qxF "$1" "$folder/lists" && there "$folder/saved$1" && [ -e "$1" ] &&
        ! sh "$here/krl-no-older.sh" "$folder/saved$1" "$1" 2>/dev/null
}

same() { [ "$(what "$1")" = "$(what "$2")" ] && { [ -L "$1" ] || [ ! -e "$1" ] || cmp -s "$1" "$2"; }; }

# Kind, mode, owner, and where a link leads; nothing for what is not there.
what() { stat -c %f:%u:%g "$1" 2>/dev/null && readlink "$1"; }

there() { [ -e "$1" ] || [ -L "$1" ]; }

timer_as_before() {
    before=$(cat "$folder/timer")
    [ "$(timer_now)" != "$before" ] || return 0
    case $before in "enabled "*) able=enable ;; *) able=disable ;; esac
    case $before in *" active") run=start ;; *) run=stop ;; esac
    systemctl --quiet $able $timer && systemctl $run $timer && log "$timer is as before"
}

# Whether it is turned on, and whether it runs; nothing without systemd.
timer_now() {
    [ ! -d /run/systemd/system ] || echo "$(systemctl is-enabled $timer 2>/dev/null) $(systemctl is-active $timer 2>/dev/null)"
}

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
