# Sourced: logins over ssh that stay open, and what becomes of them. A login has a name; under that name are its client's
# pid, its privileged sshd's pid, its control group and the end of its certificate.

# The cheapest handshake: here it is not what is tested, and the processor may be emulated.
ssh_options=(-F none -oBatchMode=yes -oIdentitiesOnly=yes -i /home/laptop/key -oCertificateFile=/home/laptop/key-cert.pub
    -oKexAlgorithms=curve25519-sha256 -oCiphers=aes128-ctr -oMACs=umac-64@openssh.com)

declare -A client sshd group end

# Logs in and stays; what follows the name goes to ssh. With `-N` and the like there is no shell.
login() {
    local name=$1 before
    shift
    before=$(privileged_sshds)
    rm -f /run/boot/$name.*
    mkfifo /run/boot/$name.in
    sleep infinity >/run/boot/$name.in & # keeps the login's standard input open
    "${laptop[@]}" ssh "${ssh_options[@]}" -oControlPath=/home/laptop/$name.control "$@" </run/boot/$name.in >/run/boot/$name.out 2>&1 &
    client[$name]=$!
    end[$name]=$ends
    wait_until logged_in "$name" "$before"
    group[$name]=$(cut -d: -f3 </proc/${sshd[$name]}/cgroup | tail -n 1)
}

# The session is open when sshd's privileged process has an unprivileged one that serves it.
logged_in() {
    local new
    kill -0 "${client[$1]}" 2>/dev/null || fail "the login $1 ended at once: $(cat /run/boot/$1.out)"
    new=$(comm -13 <(echo "$2") <(privileged_sshds) | head -n 1)
    [ -n "$new" ] && sshd[$1]=$new && pgrep -P "$new" -f '^sshd(-session)?: alice(@.*)?$' >/dev/null
}

privileged_sshds() { { pgrep -f '^sshd(-session)?: alice \[priv\]' || true; } | sort; }

# The login's scope, as systemd calls it.
scope() { basename "${group[$1]}"; }

sub_state() { systemctl show -P SubState "$(scope "$1")"; }

# logind's name for it.
session_of() { scope "$1" | sed -n 's/^session-\(.*\).scope$/\1/p'; }

limit() { systemctl show -P RuntimeMaxUSec "$(scope "$1")"; }

# Types a line into the login's shell.
type_in() { printf '%s\n' "$2" >/run/boot/$1.in; }

# The login's screen has these words.
screen_has() { grep -qsF -- "$2" /run/boot/$1.out; }

is_open() { kill -0 "${sshd[$1]}" 2>/dev/null; }
is_gone() { ! is_open "$1" && ! kill -0 "${client[$1]}" 2>/dev/null; }

# Waits for the login to end, and tells how long after its certificate's end that was.
ended() {
    local left late
    left=$((end[$1] - $(date +%s)))
    wait_for $((left > 0 ? left + 120 : 120)) is_gone "$1"
    late=$(($(date +%s%3N) - end[$1] * 1000))
    note "$(printf '%-8s ended %6d ms after its certificate' "$1" $late)"
    [ $late -gt -3000 ] || fail "$1 ended before its certificate"
    [ $late -lt 60000 ] || fail "$1 ended long after its certificate"
}

# Ends a login that would stay.
log_out() {
    kill "${client[$1]}" 2>/dev/null || true
    wait_until is_gone "$1"
}

# Another session on a login's connection, which sshd authenticates no more.
further_session() {
    "${laptop[@]}" ssh -S /home/laptop/$1.control alice@localhost 'echo here; sleep 6000' >/run/boot/$1.further 2>&1 &
    further=$!
    wait_until grep -qs here /run/boot/$1.further
}

further_session_is_gone() { ! kill -0 $further 2>/dev/null; }

# Two processes that outlive a login's shell; the number tells them from others.
leave_behind() {
    type_in $1 "nohup sleep $2 & setsid sleep $2 & echo left=\$?"
    wait_until screen_has $1 'left=0'
}

# Those of them that run, with a number that begins so.
left_behind() { pgrep -u alice -af "^sleep $1" || true; }
nothing_runs() { [ -z "$(left_behind $1)" ]; }
