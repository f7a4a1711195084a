# Sourced: docs/updating.md under systemd. The service is as it is shipped, with its sandbox; curl is nobody in it.

fetched_by_systemd() {
    step "What the CA publishes comes by ussh-update.service, over https (docs/updating.md)"
    publish
    web_server
    cat >/etc/ussh/ca.toml <<'END'
[update]
krl = "https://localhost/revoked_keys"
ca_file = "https://localhost/trusted_user_ca"
cacert = "/etc/ssl/web.pem"
max_age = "2d"
END
    follow docs/updating.md systemd 1 >/run/boot/timer
    grep -q 'Trigger: ' /run/boot/timer || fail "the timer does not run: $(cat /run/boot/timer)"
    cmp /srv/ussh/trusted_user_ca /etc/ssh/trusted_user_ca
    cmp /srv/ussh/revoked_keys /etc/ssh/revoked_keys
    [ "$(stat -c '%U %a' /etc/ssh/revoked_keys)" = "root 644" ] || fail "$(stat /etc/ssh/revoked_keys)"
    wait_until in_the_log 'updated version=.* file="/etc/ssh/revoked_keys" from="https://localhost/revoked_keys"'
    note "$(journalctl --no-pager --quiet -o cat SYSLOG_FACILITY=10 -t ca-tool | tail -n 1)"
    systemctl start ussh-update.service
    wait_until in_the_log 'unchanged version=.* file="/etc/ssh/revoked_keys"'

    step "The service writes nowhere else than its unit says"
    local folder
    block docs/updating.md 'ini drop-in' 1 >/run/boot/drop-in
    folder=$(sed -n 's/^ReadWritePaths=-//p' /run/boot/drop-in)
    mkdir -p "$folder"
    sed -i "1i krl = \"$folder/revoked_keys\"" /etc/ussh/ca.toml
    ! systemctl start ussh-update.service 2>/dev/null || fail "it wrote to $folder"
    wait_until in_the_log 'not-updated reason=.*Read-only file system'
    edited_as_the_page_says
    systemctl start ussh-update.service
    cmp /srv/ussh/revoked_keys "$folder/revoked_keys"
}

# An editor wants a terminal, finds comments between which the lines belong, and cannot be in /run, which may be noexec.
edited_as_the_page_says() {
    printf '#!/bin/sh\nsed -i "2r /run/boot/drop-in" "$1"\n' >/root/editor
    chmod 755 /root/editor
    SYSTEMD_EDITOR=/root/editor script -qec "$(block docs/updating.md 'sh systemd' 2)" /dev/null
}

publish() {
    mkdir -p /srv/ussh /etc/ussh
    cp /root/ca.pub /srv/ussh/trusted_user_ca
    ca-tool ca-file sign -s /root/ca /srv/ussh/trusted_user_ca 2>/dev/null
    echo 'serial: 4711' >/root/published
    cp /etc/ssh/revoked_keys /srv/ussh/ # the next version of it: pam_ussh remembers the one that it has seen
    ca-tool --krl /srv/ussh/revoked_keys krl update --no-journal -s /root/ca.pub /root/published 2>/dev/null
    ca-tool --krl /srv/ussh/revoked_keys krl sign -s /root/ca 2>/dev/null
}

web_server() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -keyout /root/web.key -out /etc/ssl/web.pem 2>/dev/null
    chmod 644 /etc/ssl/web.pem
    systemd-run --quiet --unit=web --working-directory=/srv/ussh \
        openssl s_server -accept 443 -key /root/web.key -cert /etc/ssl/web.pem -WWW
    wait_until answers
}

answers() { (: </dev/tcp/127.0.0.1/443) 2>/dev/null; }

in_the_log() { journalctl --no-pager --quiet -o cat SYSLOG_FACILITY=10 -t ca-tool | grep -q "$1"; }
