# Sourced in a fresh Debian: what an administrator does there, and how it is looked at.

here=/opt/packages
log=/var/log/auth.log

step() { printf -- '- %s\n' "$*"; }

fail() {
    printf 'FAILED: %s\n' "$*"
    [ ! -s $log ] || { echo "the log:" && tail -n 20 $log; }
    exit 1
}

# Runs a command, which must end with this exit code; what it said is in $said.
expect() {
    local wanted=$1 code=0
    shift
    said=$("$@" 2>&1) || code=$?
    [ $code = "$wanted" ] || fail "exit code $code instead of $wanted: $*
$said"
}

# Those words, in what the last command said.
says() { [[ $said == *"$1"* ]] || fail "that does not say \"$1\": $said"; }

# A moment later than what it tells of.
logged() { until_true grep -qF -- "$1" $log; }

# Waits for a condition, a minute at most: the machine may be busy.
until_true() {
    for _ in {1..600}; do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "this did not come: $*"
}

install_packages() {
    cd $here
    follow README.md package 1 1
    cd /
}

# Only Debian 13's root has systemctl, and systemd runs in none.
note_systemctl() {
    printf '#!/bin/sh\necho "$*" >>/tmp/systemctl\n' >/usr/sbin/systemctl
    chmod 755 /usr/sbin/systemctl
    touch /tmp/systemctl
}

# A syslog daemon: one socket, one file.
keep_log() {
    perl -MSocket -e '
        socket(LOG, PF_UNIX, SOCK_DGRAM, 0) && bind(LOG, sockaddr_un("/dev/log")) && chmod(0666, "/dev/log") or die $!;
        open(FILE, ">>", "/var/log/auth.log") or die $!;
        select(FILE); $| = 1;
        while (defined recv(LOG, $_, 65536, 0)) { s/^<\d+>.{16}//; s/\n?$/\n/; print }' &
    until_true test -S /dev/log
}

# alice, who may sudo with her password, and the laptop she sits at, with her key in its agent.
people() {
    useradd --create-home --shell /bin/bash --groups sudo alice
    echo alice:alice-password | chpasswd
    useradd --create-home --shell /bin/bash laptop
    as laptop ssh-keygen -q -t ed25519 -N '' -f /home/laptop/.ssh/id_ed25519
}

as() {
    local who=$1
    shift
    (cd "/home/$who" && setpriv --reuid "$who" --regid "$who" --init-groups env HOME="/home/$who" USER="$who" \
        SSH_AUTH_SOCK="/home/$who/agent.socket" "$@")
}

# The CA's desk stands on this host, too.
make_a_ca() {
    mkdir -p /root/desk
    cd /root/desk
    ssh-keygen -q -t ed25519 -N '' -f ca
    ssh-keygen -q -k -f revoked_keys
}

# Signs alice's key as the words say, and puts it into the laptop's agent.
issue() {
    cd /root/desk
    rm -f alice.pub alice-cert.pub
    cp /home/laptop/.ssh/id_ed25519.pub alice.pub
    expect 0 ca-tool --krl revoked_keys sign -s ca -I alice@corp -n alice -O permit-agent-forwarding "$@" alice.pub
    into_agent alice-cert.pub
}

into_agent() {
    install -m 644 "$1" /home/laptop/.ssh/id_ed25519-cert.pub
    as laptop ssh-add -q -D 2>/dev/null
    as laptop ssh-add -q "${confirm[@]}" .ssh/id_ed25519 2>/dev/null
}
confirm=()

# Its confirmations are given as soon as there is a file `confirmed`.
start_agent() {
    cat >/home/laptop/askpass <<'END'
#!/bin/sh
touch /home/laptop/asked
while [ ! -e /home/laptop/confirmed ]; do sleep 0.1; done
END
    chmod 755 /home/laptop/askpass
    as laptop env DISPLAY=:0 SSH_ASKPASS=/home/laptop/askpass SSH_ASKPASS_REQUIRE=force ssh-agent -a agent.socket >/dev/null
}

ssh_to_host() {
    as laptop ssh -A -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR alice@localhost "$@"
}

# alice's login, in which commands are run one after the other; `in_login CODE COMMAND` wants that exit code.
open_login() {
    coproc login { ssh_to_host bash 2>/dev/null; }
    login_in=${login[1]} login_out=${login[0]}
    in_login 0 true
}

in_login() {
    local wanted=$1 line code=
    shift
    echo "{ $*; } </dev/null 2>&1; code=\$?; echo; echo =end \$code" >&"$login_in" || fail "the login is over"
    said=
    while IFS= read -r -t 120 -u "$login_out" line; do
        case $line in
        '=end '*) code=${line#=end } && break ;;
        *) said+=$line$'\n' ;;
        esac
    done
    [ "$code" = "$wanted" ] || fail "exit code ${code:-none: the login ended} instead of $wanted: $*
$said"
}

# The commands of a page: those fenced blocks that are for this place, from the first to the last that is wanted.
follow() {
    local page=$1 place=$2 first=$3 last=$4 commands
    commands=$(awk -v fence="\`\`\`sh $place" -v first="$first" -v last="$last" '
        $0 == fence { inside = 1; number++; next }
        /^```/ { inside = 0 }
        inside && number >= first && number <= last' "$here/$page")
    [ -n "$commands" ] || fail "$page has no blocks \"sh $place\" $first to $last"
    expect 0 bash -euc "$commands"
}

# A host as docs/sshd.md makes it.
set_up_by_the_page() {
    keep_log
    people
    start_agent
    make_a_ca
    cp ca.pub revoked_keys /root/
    cd /root
    /usr/sbin/sshd
    reload_without_systemd
    follow docs/sshd.md host 1 5
    until_true bash -c ': </dev/tcp/localhost/22'
}

# sshd's unit does the same.
reload_without_systemd() {
    cat >/usr/sbin/systemctl <<'END'
#!/bin/sh
[ "$*" = "reload ssh" ] || exit 0
pid=$(cat /run/sshd.pid)
rm /run/sshd.pid
kill -HUP "$pid"
for _ in $(seq 600); do # it is written when sshd listens again
    [ ! -s /run/sshd.pid ] || exit 0
    sleep 0.1
done
exit 1
END
    chmod 755 /usr/sbin/systemctl
}

# Every file that is not the programs' own scratch: its mode, its owner, and what it holds.
list_files() {
    local scratch=(/proc /dev /run /tmp /opt/packages /var/cache /var/log /var/lib/dpkg /var/lib/apt) without=()
    for folder in "${scratch[@]}"; do without+=(-path "$folder" -prune -o); done
    find / -xdev "${without[@]}" -printf '%p %M %U %G %l\n' | LC_ALL=C sort
    find / -xdev "${without[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum
}
