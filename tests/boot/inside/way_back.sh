# Sourced: what the way back of the Ansible role does with ussh-update.timer. It runs when this begins, and when it ends.

timer_on_the_way_back() {
    step "The Ansible role's way back turns ussh-update.timer on again, or off"
    cp -r role /run/boot/
    timer_is enabled active
    way_back begin 0 ssh /etc/ssh/revoked_keys /etc/ssh/revoked_keys
    systemctl --quiet disable --now $timer
    timer_is disabled inactive
    way_back undo
    timer_is enabled active

    note "by its clock, too"
    way_back begin 1000 ssh /etc/ssh/revoked_keys /etc/ssh/revoked_keys
    wait_until [ -e /run/boot/role/way-back/watcher ]
    systemctl --quiet disable --now $timer
    echo 0 >/run/boot/role/way-back/seconds # time flies
    wait_until way_back_is_over
    timer_is enabled active

    note "and off, where it was off"
    systemctl --quiet disable --now $timer
    way_back begin 0 ssh /etc/ssh/revoked_keys /etc/ssh/revoked_keys
    systemctl --quiet enable --now $timer
    way_back undo
    timer_is disabled inactive

    note "and is content where there is none"
    mv $unit /run/boot/
    systemctl daemon-reload
    way_back begin 0 ssh /etc/ssh/revoked_keys /etc/ssh/revoked_keys
    way_back undo
    mv /run/boot/$timer $unit
    systemctl daemon-reload
    systemctl --quiet enable --now $timer
}
timer=ussh-update.timer
unit=/usr/lib/systemd/system/$timer

way_back() { sh /run/boot/role/way-back.sh "$@"; }

way_back_is_over() { [ -e /run/boot/role/way-back/decided ] && [ ! -e /run/boot/role/way-back/watcher ]; }

timer_is() {
    [ "$(systemctl is-enabled $timer || true) $(systemctl is-active $timer || true)" = "$*" ] ||
        fail "$timer is $(systemctl is-enabled $timer || true), $(systemctl is-active $timer || true)"
}
