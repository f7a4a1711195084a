# Sourced: our guard beside systemd, and where there is nothing but the guard.

guard=/usr/libexec/ussh-session-guard
with_guard='end_session session_warnings=25s,10s session_check=5s revoked_keys=/etc/ssh/revoked_keys'

# The guards that watch; each may have a child that looks at the certificate.
guards() { pgrep -f '(ussh-session-guard|/proc/self/exe) watch' | sort; }
no_guards() { ! pgrep ussh-session >/dev/null; }

ended_by_the_guard() {
    local seconds=$((40 + 12 * took)) session
    step "A guard, and a certificate that ends in $seconds seconds: pam_systemd is not in the stack, or in front of pam_ussh."
    certificate $seconds
    sshd_session without "$with_guard"
    login alone -tt alice@localhost
    login tunnel -N alice@localhost
    sshd_session behind "$with_guard"
    login late -tt alice@localhost
    sshd_session before "$with_guard"
    login both -tt alice@localhost
    for session in alone tunnel late both; do
        note "$(printf '%-8s %s with RuntimeMaxUSec %s' $session "$(scope $session)" "$(limit $session)")"
    done
    [ "$(limit late)" = infinity ] || fail "it has a limit"
    [ "$(limit both)" != infinity ] || fail "it has no limit"
    [ "$(guards | wc -l)" = 4 ] || fail "there should be four guards, and there are $(guards | wc -l)"
    leave_behind alone 7003
    leave_behind both 7004
    for session in alone tunnel late both; do ended $session; done
    warned both
    for session in alone late; do
        warned $session
        screen_has $session 'Your certificate has expired.' || fail "no last word: $(cat /run/boot/$session.out)"
    done
    grep -ao 'Your certificate.*' /run/boot/alone.out | sed 's/^/   alone: /'
    logged 'reason=expired' -t ussh-session-guard
    wait_until no_guards
    note "no guard is left; without pam_systemd these run on: $(left_behind 7003 | xargs)"
    [ "$(left_behind 7003 | wc -l)" = 2 ] || fail "they do not: the manual is wrong"
    note "with both, $(scope both) is $(sub_state both), and these run on: $(left_behind 7004 | xargs)"
    pkill -u alice -f '^sleep 700'
}

warned() {
    screen_has $1 'this session ends with it, in 10 seconds' || fail "no warning: $(cat /run/boot/$1.out)"
}

ended_by_revocation() {
    local before start
    step "A restart of sshd's service ends neither session nor guard."
    sshd_session before "$with_guard"
    certificate 3600
    login kept -tt alice@localhost
    certificate 3600
    login revoked -tt alice@localhost
    leave_behind revoked 7005
    before=$(guards)
    systemctl restart ssh
    sleep 7 # a look at the certificate later
    is_open kept && is_open revoked || fail "the session did not survive"
    [ "$(guards)" = "$before" ] || fail "the guards were $before, and are $(guards)"
    note "guards $(echo $before) in $(cut -d: -f3 /proc/${before%%$'\n'*}/cgroup | tail -n 1)"
    step "One certificate is revoked: its session ends, the other does not."
    echo "serial: $serial" >/run/boot/revoke
    ssh-keygen -q -k -f /etc/ssh/revoked_keys.new -s /root/ca.pub -z 2 /run/boot/revoke
    mv /etc/ssh/revoked_keys.new /etc/ssh/revoked_keys
    start=$(uptime_ms)
    wait_until is_gone revoked
    note "it ended $(($(uptime_ms) - start)) ms later, with a look every 5 s"
    grep -ao 'Your certificate.*' /run/boot/revoked.out | sed 's/^/   revoked: /'
    logged 'reason=refused' -t ussh-session-guard
    is_open kept || fail "so did the other"
    note "$(scope revoked) is $(sub_state revoked), limited to $(limit revoked), and in it run on: $(left_behind 7005 | xargs)"
    a_revoked_certificate_opens_no_session
    log_out kept
    wait_until no_guards
}

a_revoked_certificate_opens_no_session() {
    local said
    said=$("${laptop[@]}" ssh "${ssh_options[@]}" alice@localhost echo in 2>&1) && fail "it does: $said"
    note "a new login with it: $(tail -n 1 <<<"$said")"
    logged 'reason=revoked' -t sshd
}
