# Sourced: pam_ussh in front of pam_systemd. systemd itself ends the session's scope.

limit_by_systemd() {
    a_certificate_that_never_expires
    behind_pam_systemd
    every_kind_of_session_has_the_limit
    they_end_with_all_that_runs_in_them
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
    local seconds=$((20 + 10 * took)) session
    step "A certificate that ends in $seconds seconds: every kind of session has a limit, and sudo works in it."
    sshd_session before end_session
    certificate $seconds
    login terminal -A -tt alice@localhost
    login plain alice@localhost cat
    login forward -N alice@localhost
    login sftp -s alice@localhost sftp
    login master -M -tt alice@localhost
    further_session master
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
    type_in terminal 'nohup sleep 7001 & setsid sleep 7002 & echo "left=$?"'
    wait_until screen_has terminal 'left=0'
    local session
    for session in terminal plain forward sftp master; do ended $session; done
    wait_until further_session_is_gone master
    note "the further session of the connection \"master\" ended, too"
    wait_until forgotten
    left_behind | grep . && fail "these run on"
    note "nothing of alice's runs"
    logged "$(scope terminal): " -t systemd
    logged 'Removed session' -t systemd-logind
}

forgotten() { ! loginctl --no-legend list-sessions | grep -q alice; }

# What of the person's runs on, but for their own service manager.
left_behind() { pgrep -u alice -af 'sleep 700'; }

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
