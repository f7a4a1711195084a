# Sourced: what ca-tool doctor asks of systemd, which no other test has.

examined_under_systemd() {
    step "ca-tool doctor asks systemd and logind"
    sshd_session before end_session
    # What is wrong with the lines of other steps is no question here.
    says '^ok +systemd +What people leave in the background outlives their session'
    says '^(ok|warning) +clock +.*(set by the network|nothing sets it)'
    says '^ok +update +The lists that ca.toml names are fetched'
    systemctl stop ussh-update.timer
    says '^problem +update +.*ussh-update.timer, which does that, does not run'
    eval "$(sed -n '/^problem *update/{n;s/^ *\$ //p}' /run/boot/doctor)"
    says '^ok +update +The lists that ca.toml names are fetched'
    sshd_session behind end_session
    says '^warning +order +.*comes before .*: logind is not told when the session ends'
    sshd_session without end_session
    says '^warning +systemd +sshd has no pam_systemd in its session stack'
    mkdir -p /etc/systemd/logind.conf.d
    printf '[Login]\nKillUserProcesses=yes\n' >/etc/systemd/logind.conf.d/kill.conf
    systemctl restart systemd-logind
    says '^ok +systemd +logind ends a session with all its processes'
    rm /etc/systemd/logind.conf.d/kill.conf
    systemctl restart systemd-logind
}

says() {
    ca-tool doctor >/run/boot/doctor 2>/dev/null || true
    grep -qE "$1" /run/boot/doctor || fail "the doctor does not say $1: $(cat /run/boot/doctor)"
}
