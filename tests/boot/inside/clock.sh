# Sourced: the machine has a clock of its own. It is set forwards and backwards, and the machine sleeps.

forwards_and_back() {
    step "The clock is set forwards, past the certificate's end: the guard ends the session; systemd's limit does not see it."
    local start
    sshd_session before end_session
    certificate 1000
    without_guard login systemd -tt alice@localhost
    sshd_session without "$with_guard"
    login stepped -tt alice@localhost
    start=$(uptime_ms)
    date -s @$((ends + 1)) >/dev/null
    wait_until is_gone stepped
    note "it ended $(($(uptime_ms) - start)) ms after the step"
    logged 'reason=expired' -t ussh-session-guard
    is_open systemd || fail "systemd ended its session: the manual is wrong"
    note "the session that only systemd limits, to $(limit systemd), goes on"
    log_out systemd
    date -s @$((ends - 1000)) >/dev/null
}

backwards() {
    local seconds=$((20 + 4 * took)) due late start
    step "It is set back by an hour: the session ends when as much time has passed as was left, $seconds seconds."
    sshd_session without "$with_guard"
    certificate $seconds
    login young -tt alice@localhost
    certificate $seconds -1d
    due=$(($(uptime_ms) + seconds * 1000))
    login back -tt alice@localhost
    start=$(uptime_ms)
    date -s @$((ends - 3600)) >/dev/null
    wait_until is_gone young
    note "one whose certificate is not valid yet, by this clock, ended after $(($(uptime_ms) - start)) ms"
    logged 'reason=not-yet-valid' -t ussh-session-guard
    is_open back || fail "so did the other"
    wait_for $((seconds + 120)) is_gone back
    late=$(($(uptime_ms) - due))
    note "the other ended $late ms after that"
    [ $late -gt -3000 ] && [ $late -lt 60000 ] || fail "that is not when"
}

asleep() {
    local seconds=$((20 + 4 * took)) nap start
    nap=$((seconds + 30))
    step "The machine sleeps past the end of a certificate of $seconds seconds: suspend to RAM for $nap seconds."
    certificate $seconds
    sshd_session before end_session
    without_guard login systemd -tt alice@localhost
    sshd_session without "$with_guard"
    login asleep -tt alice@localhost
    start=$(date +%s)
    rtcwake --mode mem --seconds $nap 2>&1 | sed 's/^/   /'
    note "awake after $(($(date +%s) - start)) s by the clock; CLOCK_MONOTONIC stands $(asleep_ms) ms behind CLOCK_BOOTTIME"
    start=$(uptime_ms)
    wait_until is_gone asleep
    note "the guard ended it $(($(uptime_ms) - start)) ms after that, $(($(date +%s) - ends)) s after its certificate"
    is_open systemd && note "the session that only systemd limits goes on"
    end[systemd]=$ends
    wait_for 600 is_gone systemd
    note "it ended $(($(date +%s) - ends)) s after its certificate: systemd's limit does not count sleep"
}

# How far the clock that stops in sleep stands behind the one that does not.
asleep_ms() {
    local monotonic
    monotonic=$(awk '/^now at/ { print $3; exit }' /proc/timer_list)
    echo $(($(uptime_ms) - monotonic / 1000000))
}
