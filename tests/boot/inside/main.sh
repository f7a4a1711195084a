#!/bin/bash
# Runs in the booted Debian, as root, and says on its console what it does. The exit code is not 0 when a step did not go
# as told. The host is its own laptop: people log in over the loopback.
set -euo pipefail
kind=$1
cd /opt/boot
. ./say.sh
. ./system.sh
. ./login.sh
. ./limit.sh

main() {
    echo begin
    set_up
    limit_by_systemd
}

main
