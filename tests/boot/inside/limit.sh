# Sourced: pam_ussh in front of pam_systemd. systemd itself ends the session's scope.

limit_by_systemd() {
    a_certificate_that_never_expires
    behind_pam_systemd
    every_kind_of_session_has_the_limit
    they_end_with_all_that_runs_in_them
    nothing_is_left_where_logind_kills_it
    nothing_else_ends_them
}

a_certificate_that_never_expires() {
    step "A certificate that never expires: its session has no limit."
    sshd_session before end_session
    certificate never
    login never -tt alice@localhost
    note "$(scope never) has RuntimeMaxUSec $(limit never)"
    [ "$(limit never)" = infinity ] || fail "it has a limit"
    log_out never
}

every_kind_of_session_has_the_limit() {
    local seconds=$((20 + 11 * took)) session
    step "A certificate that ends in $seconds seconds: every kind of session has a limit, and sudo works in it."
    sshd_session before end_session
    certificate $seconds
    login terminal -A -tt alice@localhost
    login plain alice@localhost cat
    login forward -N alice@localhost
    login sftp -s alice@localhost sftp
    login master -M -tt alice@localhost
    further_session master
    login left -tt alice@localhost
    leave_behind left 7001
    log_out left
    type_in terminal 'sudo id; echo "code=$?"'
    wait_until screen_has terminal 'code=0'
    grep -F 'uid=0' /run/boot/terminal.out | sed 's/^/   /'
    for session in terminal plain forward sftp master; do
        note "$(printf '%-8s %s has RuntimeMaxUSec %s' $session "$(scope $session)" "$(limit $session)")"
        [ "$(limit $session)" != infinity ] || fail "it has no limit"
    done
}

they_end_with_all_that_runs_in_them() {
    step "They end when it does, with what was left to run in them; logind has forgotten them."
    leave_behind terminal 7002
    local session
    note "alice has left four processes, two of them in a session that is closed already"
    [ "$(left_behind 700 | wc -l)" = 4 ] || fail "they are not four: $(left_behind 700)"
    for session in terminal plain forward sftp master; do ended $session; done
    wait_until further_session_is_gone master
    note "the further session of the connection \"master\" ended, too"
    for session in terminal plain forward sftp master; do
        wait_until forgotten $session
    done
    logged 'Scope reached runtime time limit' -t systemd
    logged 'Removed session' -t systemd-logind
    [ -z "$(left_behind 7002)" ] || fail "these run on: $(left_behind 7002)"
    note "What was left in the session that was closed before runs on, in $(scope left), which is $(sub_state left)."
    [ "$(left_behind 7001 | wc -l)" = 2 ] || fail "it does not: the manual is wrong"
    pkill -u alice -f '^sleep 7001'
}

forgotten() { ! systemctl is-active --quiet "$(scope $1)" && ! loginctl --no-legend list-sessions | grep -q "^ *$(session_of $1) "; }

# The way out is logind's own.
nothing_is_left_where_logind_kills_it() {
    step "With logind's KillUserProcesses=yes a session leaves nothing behind when it is closed, either."
    mkdir -p /etc/systemd/logind.conf.d
    printf '[Login]\nKillUserProcesses=yes\n' >/etc/systemd/logind.conf.d/kill.conf
    systemctl restart systemd-logind
    certificate 3600
    login killed -tt alice@localhost
    leave_behind killed 7006
    log_out killed
    wait_until nothing_runs 7006
    note "it is gone, $(scope killed) is $(systemctl is-active "$(scope killed)" || true)"
    rm /etc/systemd/logind.conf.d/kill.conf
    systemctl restart systemd-logind
}

nothing_else_ends_them() {
    step "Without end_session they stay; the user's slice takes all of it along (docs/runbooks/suspected-theft.md)."
    sshd_session before
    certificate 3600
    login closed -A -tt alice@localhost
    leave_behind closed 7009
    type_in closed "sudo sh -c 'setsid sleep 7010 >/dev/null 2>&1 </dev/null &'"
    wait_until pgrep -f '^sleep 7010'
    log_out closed
    login stolen -A -tt alice@localhost
    leave_behind stolen 7007
    type_in stolen "sudo sh -c 'echo root=\$(id -u); exec sleep 7008'"
    wait_until screen_has stolen 'root=0'
    for left in 7007 7008 7009 7010; do
        pgrep -f "^sleep $left" >/dev/null || fail "sleep $left does not run"
    done
    follow docs/runbooks/suspected-theft.md systemd 1
    wait_until is_gone stolen
    wait_until forgotten stolen
    wait_until nothing_runs 7007
    ! pgrep -f '^sleep 70(08|09|10)' || fail "that runs on"
}

behind_pam_systemd() {
    step "Behind pam_systemd in the stack it is too late: systemd sets no limit."
    sshd_session behind end_session
    certificate 3600
    local start
    start=$(uptime_ms)
    login behind -tt alice@localhost
    took=$((($(uptime_ms) - start) / 1000 + 1)) # the first login of all took longer
    note "$(scope behind) has RuntimeMaxUSec $(limit behind); the login took $took s"
    [ "$(limit behind)" = infinity ] || fail "it has a limit: the manual is wrong"
    log_out behind
}
