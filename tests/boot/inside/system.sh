# Sourced: the host's accounts, its CA, sshd's and sudo's configuration. The host is as Debian makes it, but for pam.d.

set_up() {
    mkdir -p /run/boot
    echo "systemd $(systemctl --version | awk 'NR == 1 { print $2 }') is $(cat /proc/1/comm), process 1; Linux $(uname -r)"
    [ "$(cat /proc/1/comm)" = systemd ] || fail "process 1 is not systemd"
    [ "$(systemctl is-active systemd-logind)" = active ] || fail "logind does not run"
    accounts
    certificate_authority
    services
}

accounts() {
    useradd -m -s /bin/bash -u 1001 alice
    loginctl enable-linger alice # else her service manager starts anew for each login
    useradd -m -s /bin/bash -u 1100 laptop
    echo 'alice ALL=(ALL:ALL) ALL' >/etc/sudoers.d/alice
    "${laptop[@]}" ssh-keygen -q -t ed25519 -N '' -f key
    "${laptop[@]}" ssh-agent -a /home/laptop/agent.socket >/dev/null
}

certificate_authority() {
    ssh-keygen -q -t ed25519 -N '' -f /root/ca
    cp /root/ca.pub /etc/ssh/trusted_user_ca
    ssh-keygen -q -k -f /etc/ssh/revoked_keys
}

services() {
    echo "localhost $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
    cat >/etc/ssh/sshd_config.d/boot.conf <<'END'
TrustedUserCAKeys /etc/ssh/trusted_user_ca
PasswordAuthentication no
LogLevel VERBOSE
END
    systemctl reload ssh
    wait_until read_again
    cat >/etc/pam.d/sudo <<'END'
auth required pam_ussh.so
account required pam_ussh.so
session required pam_permit.so
END
}

# sshd starts anew, and says so when it listens.
read_again() { journalctl --no-pager --quiet --boot -o cat -t sshd | sed '1,/SIGHUP/d' | grep -q '^Server listening'; }

# Debian's own stack for sshd, and this in front of its pam_systemd. With `behind` it comes after it, with `without` there
# is no pam_systemd.
sshd_session() {
    local where=$1 line="session required pam_ussh.so ${*:2}"
    local systemd='session optional pam_systemd.so'
    [ -e /root/pam-sshd ] || cp /etc/pam.d/sshd /root/pam-sshd
    {
        # Debian's common-session holds pam_systemd; its other line is pam_unix. Words of welcome take time.
        sed 's/^@include common-session$/session required pam_unix.so/; /pam_motd\|pam_mail/d' /root/pam-sshd
        case $where in
        before) printf '%s\n' "$line" "$systemd" ;;
        behind) printf '%s\n' "$systemd" "$line" ;;
        without) printf '%s\n' "$line" ;;
        esac
    } >/etc/pam.d/sshd
}

# Runs what follows as the person at the laptop.
laptop=(setpriv --reuid 1100 --regid 1100 --clear-groups env -i -C /home/laptop HOME=/home/laptop PATH=/usr/bin:/bin
    SSH_AUTH_SOCK=/home/laptop/agent.socket)

# Issues a certificate for alice that ends in so many seconds, or `never`, and began a minute or as said ago; $ends is
# its end.
certificate() {
    local from
    from=$(date +%s)
    if [ "$1" = never ]; then
        ends=never
        ssh-keygen -q -s /root/ca -I "alice $1" -n alice -z $((serial += 1)) /home/laptop/key.pub 2>/dev/null
    else
        ends=$((from + $1))
        ssh-keygen -q -s /root/ca -I "alice $1" -n alice -z $((serial += 1)) -V "${2:--1m}:$(date -d @$ends +%Y%m%d%H%M%S)" \
            /home/laptop/key.pub 2>/dev/null
    fi
    "${laptop[@]}" ssh-add -q -D 2>/dev/null
    "${laptop[@]}" ssh-add -q key 2>/dev/null
}
serial=0

# Runs what follows on a host where no guard is installed.
without_guard() {
    mv $guard $guard.away
    "$@"
    mv $guard.away $guard
}
