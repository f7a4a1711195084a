#!/bin/bash
# Runs in the booted Debian, as root, and says on its console what it does. The exit code is not 0 when a step did not go
# as told. The host is its own laptop: people log in over the loopback.
set -euo pipefail
export SYSTEMD_COLORS=0
kind=$1
cd /opt/boot
. ./say.sh
. ./page.sh
. ./system.sh
. ./login.sh
. ./limit.sh
. ./guard.sh
. ./clock.sh
. ./update.sh
. ./way_back.sh
. ./doctor.sh

main() {
    printf '\nbegin\n'
    set_up
    without_guard limit_by_systemd
    ended_by_the_guard
    ended_by_revocation
    fetched_by_systemd
    timer_on_the_way_back
    examined_under_systemd
    [ "$kind" = machine ] || return 0
    forwards_and_back
    backwards
    asleep
}

main
