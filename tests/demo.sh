#!/bin/bash
# Shows the main job on real parts: a login with ssh -A, sudo that works exactly as long as the certificate in the
# forwarded ssh-agent does, and a session that ends with it. Nothing changes on this host but the build folder and Debian packages that are missing.
# Every step is checked: the exit code is not 0 when one did not go as told.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

seconds=25 # how long the first certificate is valid

main() {
    prepare
    make_a_ca
    issue_a_certificate
    log_in
    sudo_is_accepted
    sudo_is_accepted_from_its_cache
    the_certificate_expires
    a_new_one_is_issued
    it_is_revoked_while_she_is_logged_in
    a_session_ends_with_its_certificate
    echo
    echo "All steps went as told."
}

prepare() {
    need_root
    need_packages gcc libc6-dev libpam0g-dev libpcsclite-dev pkg-config openssh-client openssh-server sudo iproute2 \
        util-linux perl-base
    need_cargo
    echo "Building pam_ussh.so, its session guard and ca-tool ..."
    build
    start_host
    plug_in_a_yubikey
    on host /usr/sbin/sshd
}

make_a_ca() {
    step "A YubiKey, fresh from the factory, becomes a CA: new PIN, PUK and management key, and a key that it made itself."
    note "host# ca-tool init"
    on host bash -c "ca-tool init --algorithm p384 --root /root/attestation-root.pem --json >init.json \
        --secret-fd new-pin=3 --secret-fd new-puk=4 3<<<654321 4<<<87654321" 2>&1 | sed 's/^/   /' || fail "no CA was made"
    show host "ca-tool key list"
    step "The host trusts it for logins and for sudo, and its sudo asks pam_ussh on every command."
    show host "ca-tool key export | tee /etc/ssh/trusted_user_ca"
    show host "cat /etc/pam.d/sudo"
}

issue_a_certificate() {
    step "A certificate for alice, valid for $seconds seconds, straight into the ssh-agent of her laptop: no file has its key."
    on laptop ssh-agent -a agent.socket >/dev/null
    issue
    step "The list of what is revoked, for the host's RevokedKeys. Nothing is, yet."
    show host "ca-tool krl build; ca-tool krl show"
}

log_in() {
    step "alice logs in. Her agent comes along; the certificate lets her in."
    note "laptop\$ ssh -A alice@host"
    coproc ssh { ssh_to_host -A -tt exec bash /opt/rig/session.sh 2>/dev/null; }
    answer >/dev/null # what stands before the mark: nothing
    [ "$(answer)" = ready ] || fail "alice cannot log in: $(cat $files/var/log/auth.log)"
    logged 'Accepted publickey'
}

sudo_is_accepted() {
    step "sudo asks her agent to prove that it holds the key. No password."
    as_alice 0 "sudo id"
    logged 'pam_ussh(sudo:auth): accepted'
}

sudo_is_accepted_from_its_cache() {
    step "sudo again: sudo would not ask now, it remembers her terminal. The account stack still does."
    as_alice 0 "sudo id"
    logged 'pam_ussh(sudo:account): accepted'
}

the_certificate_expires() {
    step "The certificate ends, and the agent drops it. Her login stays, sudo's memory too; the next sudo is refused."
    local left=$((issued + seconds + 1 - $(date +%s)))
    note "... $left seconds later"
    sleep $left
    as_alice 1 "sudo id"
    logged 'pam_ussh(sudo:account): refused'
}

a_new_one_is_issued() {
    step "A new certificate into the same agent, and the same login may sudo again."
    seconds=3600
    issue
    as_alice 0 "sudo id"
    logged 'pam_ussh(sudo:account): accepted'
}

it_is_revoked_while_she_is_logged_in() {
    step "Her laptop is stolen. What the CA has issued to her is revoked: her open login runs no sudo, and no other opens."
    show host "ca-tool revoke --user alice --reason 'laptop stolen'"
    as_alice 1 "sudo id"
    logged 'reason=revoked'
    note "laptop\$ ssh alice@host"
    if ssh_to_host true >/dev/null 2>&1; then fail "the revoked certificate opened a login"; fi
    note "Permission denied."
    logged 'revoked by file'
    show host "ca-tool log list"
    show host "ca-tool log verify"
}

a_session_ends_with_its_certificate() {
    step "A host can also end sessions with their certificate: end_session in sshd's session stack."
    local line="session required pam_ussh.so revoked_keys=/etc/ssh/revoked_keys end_session session_warnings=10s"
    sed -i "1i $line" $files/etc/pam.d/sshd
    show host "head -1 /etc/pam.d/sshd"
    seconds=20
    issue
    note "laptop\$ ssh -tt alice@host # and she stays"
    local screen started=$SECONDS
    screen=$(ssh_to_host -tt 'echo "logged in until $USSH_VALID_UNTIL"; sleep 60; echo "still here"' 2>&1 </dev/null) || true
    tr -d '\r' <<<"$screen" | sed '/^$/d; s/^/   /'
    [ $((SECONDS - started)) -lt 40 ] && [[ $screen != *"still here"* ]] || fail "her session outlived its certificate"
    [[ $screen == *"this session ends with it, in"* ]] || fail "she was not warned"
    logged 'ussh-session-guard'
}

# --- How it is done.

start_host() {
    local pipes
    pipes=$(mktemp -d)
    mkfifo "$pipes/life" "$pipes/pid"
    # It dies with this script, and all that runs in it dies with it. Its stdin never ends.
    setpriv --pdeathsig KILL unshare --mount --pid --net --uts --ipc --fork --kill-child \
        bash tests/src/world/private-host.sh "$module" <>"$pipes/life" >"$pipes/pid" &
    read -r pid <"$pipes/pid" || fail "the private host does not start"
    rm -r "$pipes"
    files=/proc/$pid/root
    printf '%s required pam_ussh.so revoked_keys=/etc/ssh/revoked_keys\n' auth account >$files/etc/pam.d/sudo
    printf 'session required pam_unix.so\n' >>$files/etc/pam.d/sudo
    printf 'TrustedUserCAKeys /etc/ssh/trusted_user_ca\nRevokedKeys /etc/ssh/revoked_keys\n' >>$files/etc/ssh/sshd_config
    cp tests/src/world/session.sh $files/opt/rig/
    mkdir $files/run/libexec
    install -m 755 "$session_guard" $files/run/libexec/ussh-session-guard
    enter mount -t overlay overlay -o lowerdir=/run/libexec:/usr/libexec /usr/libexec
    keep_log 2>/dev/null &
    for _ in {1..100}; do [ -e $files/var/log/auth.log ] || sleep 0.05; done
}

# A software YubiKey, where programs look for pcscd, with a finger on it whenever it wants one. It goes with this script.
plug_in_a_yubikey() {
    install -m 755 "$ca_tool" "$software_yubikey" $files/opt/rig/
    mkdir -p $files/run/pcscd
    mkfifo $files/run/fingers # nobody writes there: its touches are given, and its stdin never ends
    enter /opt/rig/software-yubikey --socket /run/pcscd/pcscd.comm --serial 5001234 --write-root /root/attestation-root.pem \
        <>$files/run/fingers >$files/run/yubikey 2>/dev/null &
    for _ in {1..100}; do grep -qs ready $files/run/yubikey && return || sleep 0.05; done
    fail "the software YubiKey does not start"
}

ssh_to_host() {
    local options=()
    while [[ ${1:-} == -* ]]; do options+=("$1") && shift; done
    enter setpriv --reuid laptop --regid laptop --init-groups env HOME=/home/laptop \
        SSH_AUTH_SOCK=/home/laptop/agent.socket ssh -oBatchMode=yes "${options[@]}" alice@localhost "$@"
}

# A syslog daemon: one socket, one file.
keep_log() {
    enter perl -MSocket -e '
        socket(LOG, PF_UNIX, SOCK_DGRAM, 0) && bind(LOG, sockaddr_un("/dev/log")) && chmod(0666, "/dev/log") or die $!;
        open(FILE, ">>", "/var/log/auth.log") or die $!;
        select(FILE); $| = 1;
        while (defined recv(LOG, $_, 65536, 0)) { s/^<\d+>.{16}//; s/\n?$/\n/; print }'
}

enter() { nsenter --target "$pid" --mount --pid --net --uts --ipc --root --wd "$@"; }

# Runs words in the private host, as root there or as the laptop.
on() {
    local who=$1 as=()
    shift
    [ "$who" = host ] || as=(setpriv --reuid "$who" --regid "$who" --init-groups)
    local home=/home/$who
    [ "$who" = laptop ] || home=/root
    enter "${as[@]}" env -i PATH=/usr/sbin:/usr/bin:/opt/rig HOME="$home" SSH_AUTH_SOCK="/home/$who/agent.socket" \
        bash -c 'cd 2>/dev/null; "$@"' - "$@"
}

step() {
    number=$((${number:-0} + 1))
    printf '\n%d. %s\n' $number "$1"
}

note() { printf '   %s\n' "$1"; }

# Shows a command, runs it, shows what it says.
show() {
    note "$1$([ "$1" = host ] && echo '#' || echo '$') $2"
    on "$1" bash -c "$2" 2>&1 | sed 's/^/   /' || fail "that should have worked"
}

# The CA's desk has the YubiKey, and here also a way to the laptop's agent, as a forwarded one would be.
issue() {
    issued=$(date +%s)
    local sign="ca-tool sign -s yubikey:slot=9c --to-agent -I alice@corp -n alice -V -1m:+${seconds}s -O permit-agent-forwarding"
    note "host# $sign"
    on host bash -c "SSH_AUTH_SOCK=/home/laptop/agent.socket $sign --secret-fd pin=3 3<<<654321" 2>&1 |
        sed 's/^/   /' || fail "no certificate was issued"
    show laptop "ssh-add -l"
}

# Sends a command to alice's login, shows its answer, and wants this exit code.
as_alice() {
    local folder=/run/rig/$number screen code
    mkdir -p $files$folder
    chown 1001 $files$folder
    echo "$2" >$files$folder/command
    note "alice@host\$ $2"
    : >$files/var/log/auth.log
    echo $folder >&"${ssh[1]}"
    screen=$(answer) && code=$(answer) || fail "the login ended"
    { cat $files$folder/stdout && echo "$screen" && cat $files$folder/stderr; } | sed '/^$/d; s/^/   /'
    [ "$code" = "$1" ] || fail "exit code $code instead of $1; the log: $(cat $files/var/log/auth.log)"
}

# What the login says up to its next mark.
answer() {
    local words
    IFS= read -r -t 60 -d $'\001' -u "${ssh[0]}" words && printf %s "$words"
}

# Shows the newest log line that holds the words, and wants one.
logged() {
    grep -F -- "$1" $files/var/log/auth.log | tail -1 | sed 's/^/   log: /' | grep . || fail "nothing in the log of: $1"
}

main
