# Sourced: what is said on the console, and how a step fails.

fail() {
    printf 'FAILED: %s\n' "$*"
    printf 'The log:\n'
    journalctl --no-pager --quiet --boot -o short-precise -n 30 -t sshd -t sudo -t systemd-logind -t ussh-session-guard -t ca-tool -t systemd
    exit 1
}

trap 'fail "line $LINENO of ${BASH_SOURCE[0]}: $BASH_COMMAND"' ERR
set -E

step() {
    number=$((${number:-0} + 1))
    printf '\n%d. %s\n' $number "$*"
}

note() { printf '   %s\n' "$*"; }

# Milliseconds since the system booted: a clock that nobody steps.
uptime_ms() {
    local seconds
    read -r seconds _ </proc/uptime
    echo $((${seconds/./} * 10))
}

# Waits until the words succeed; far longer than that takes anywhere.
wait_until() { wait_for 120 "$@"; }

# The same, for so many seconds.
wait_for() {
    local end=$(($(uptime_ms) + $1 * 1000))
    until "${@:2}"; do
        [ "$(uptime_ms)" -lt $end ] || fail "in $1 seconds it never came to: ${*:2}"
        sleep 0.3
    done
}

# The newest line of the journal that holds the words.
logged() {
    journalctl --sync
    journalctl --no-pager --quiet --boot -o short-monotonic "${@:2}" | grep -F -- "$1" | tail -n 1 | sed 's/^/   log: /' |
        grep . || fail "nothing in the log of: $1"
}
