# Sourced by inside.sh: people and keys, Ansible, and what was there before.

die() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

step() {
    local start=$SECONDS
    printf '\n* %s\n' "$1"
    shift
    "$@" 2>&1 | sed 's/^/    /'
    printf '    (%d s)\n' $((SECONDS - start))
}

# --- People and keys

# alice sits at the laptop, which is a user here; deploy is whom Ansible logs in as.
people() {
    groupadd people
    useradd -m -s /bin/bash -G people alice
    useradd -m -s /bin/bash deploy
    useradd -m -s /bin/bash laptop
    printf 'alice ALL=(ALL:ALL) NOPASSWD: ALL\ndeploy ALL=(ALL:ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/people
    chmod 440 /etc/sudoers.d/people
}

keys() {
    mkdir /opt/keys
    cd /opt/keys
    for key in ca alice plain deploy; do ssh-keygen -q -t ed25519 -N '' -C $key -f $key; done
    ssh-keygen -q -s ca -I alice@corp -z 7 -n alice -V -1m:+1d alice.pub
    cp ca.pub /opt/ansible/
    revoke_nobody 1
    authorize deploy deploy.pub
    authorize alice plain.pub
    install -d -o laptop -g laptop -m 700 /home/laptop/.ssh
    install -o laptop -g laptop -m 600 alice alice-cert.pub plain /home/laptop/.ssh/
    cd /
}

authorize() {
    install -d -o "$1" -g "$1" -m 700 "/home/$1/.ssh"
    install -o "$1" -g "$1" -m 600 "$2" "/home/$1/.ssh/authorized_keys"
}

revoke() { make_list "$1" 7; }

revoke_nobody() { make_list "$1" 999; }

make_list() { ssh-keygen -q -k -z "$1" -f /opt/ansible/revoked_keys -s /opt/keys/ca.pub - <<<"serial: $2"; }

# --- Logins

# From the laptop, with an agent that comes along: from_the_laptop KEY COMMAND...
from_the_laptop() {
    setpriv --reuid laptop --regid laptop --init-groups env -i HOME=/home/laptop PATH="$PATH" ssh-agent bash -c \
        'cd; key=.ssh/$0; ssh-add -q $key && exec ssh -A -oBatchMode=yes -oStrictHostKeyChecking=no -oIdentitiesOnly=yes \
            -i $key alice@127.0.0.1 "$@"' "$@" 2>&1 </dev/null
}

sudo_is() {
    local said
    said=$(from_the_laptop alice sudo -n id -u) || true
    printf '%s\n' "$said" | sed 's/^/alice reads: /'
    case $1:${said##*$'\n'} in
    accepted:0) ;;
    accepted:* | refused:0) die "sudo was not $1: $(tail -5 /var/log/auth.log)" ;;
    esac
}

certificate_opens_nothing() {
    ! from_the_laptop alice true >/dev/null || die "the certificate opened a session"
}

alice_without_a_certificate_is_refused() {
    ! from_the_laptop plain true >/dev/null || die "a plain key opened a session for one of the people"
}

deploy_gets_in_now() {
    local said
    said=$(ssh -oBatchMode=yes -oStrictHostKeyChecking=no -i /opt/keys/deploy deploy@127.0.0.1 sudo -n id -u 2>/dev/null)
    [ "$said" = 0 ]
}

deploy_gets_in() { deploy_gets_in_now || die "deploy does not get in: $(tail -5 /var/log/auth.log)"; }

# --- Ansible

configure_ansible() {
    echo "host ansible_host=127.0.0.1 ansible_user=deploy ansible_ssh_private_key_file=/opt/keys/deploy" >/opt/test/inventory
    printf '{"ussh_package_files": ["%s", "%s"]}\n' /opt/packages/libpam-ussh_*.deb /opt/packages/ussh-ca-tool_*.deb \
        >/opt/test/packages.json
}

play_now() {
    ansible-playbook -e @/opt/test/packages.json /opt/ansible/example.yml "$@" >/opt/test/said 2>&1 </dev/null
}

play() {
    play_now "$@" || { cat /opt/test/said && die "ansible-playbook $* failed"; }
    recap
}

play_fails() {
    ! play_now "$@" || { cat /opt/test/said && die "ansible-playbook $* should have failed"; }
    recap
}

recap() { grep '^host .* failed=' /opt/test/said || { cat /opt/test/said && die "no host was reached"; }; }

# Fails, and says these words: refused WORDS ARGUMENT...
refused() {
    play_fails "${@:2}"
    grep -F -- "$1" /opt/test/said | tail -1 | cut -c 1-200 || { cat /opt/test/said && die "nothing of \"$1\""; }
}

changed_nothing() { grep -q '^host .* changed=0 ' /opt/test/said || { cat /opt/test/said && die "something changed"; }; }

changed_something() { grep -q '^host .* changed=[1-9]' /opt/test/said || { cat /opt/test/said && die "nothing changed"; }; }

# As much of systemctl as the role asks for ussh-update.timer, which is on. The clock would want more: ussh_way_back 0.
a_little_systemd() {
    mkdir -p /run/systemd/system /opt/test/timer
    touch /opt/test/timer/{enabled,active,asked}
    cat >/usr/local/sbin/systemctl <<'END'
#!/bin/bash
cd /opt/test/timer
words=("$@")
[ "${words[0]}" != --quiet ] || words=("${words[@]:1}")
state() { [ -e "$1" ] && echo "${2}" || { echo "$3" && false; }; }
case ${words[0]} in
show) printf 'LoadState=loaded\nActiveState=%s\n' "$(state active active inactive)" ;;
is-active) state active active inactive ;;
is-enabled) state enabled enabled disabled ;;
enable) touch enabled ;;
disable) rm enabled ;;
start) touch active ;;
stop) rm active ;;
*) echo "no systemctl ${words[*]} here" >&2 && false ;;
esac || exit
case ${words[0]} in show | is-*) ;; *) echo "systemctl ${words[*]}" >>asked ;; esac
END
    chmod 755 /usr/local/sbin/systemctl
}

no_systemd() { rm -r /usr/local/sbin/systemctl /run/systemd; }

# --- What was there before

# Every file with its mode, owner and content, but what a run or a login always writes.
snapshot() { files_now >"/opt/test/$1.files"; }

# same_as SNAPSHOT [but_for_the_list]
same_as() {
    diff <("${2:-cat}" <"/opt/test/$1.files") <(files_now | "${2:-cat}") || die "files are not as in \"$1\""
}

# What is in it may differ, but not its mode and owner.
but_for_the_list() { grep -v '^[0-9a-f]*  /etc/ssh/revoked_keys$'; }

list_has_come() { cmp /opt/ansible/revoked_keys /etc/ssh/revoked_keys || die "the newer list did not stay"; }

link_away() { mv "$1" /srv/ && ln -s "/srv/${1##*/}" "$1"; }

home_again() { mv -f "/srv/${1##*/}" "$1"; }

files_now() {
    local always=(/opt /tmp /var/tmp /var/log /var/lib/dpkg /var/cache/apt /var/lib/apt /var/lib/pam_ussh /var/lib/sudo
        /var/cache/ldconfig /var/cache/debconf /var/cache/puppet /var/lib/cloud /root/.ansible /root/.ssh /home/deploy/.ansible /home/laptop/.ssh) except=()
    for folder in "${always[@]}"; do except+=(-path "$folder" -prune -o); done
    find / -xdev "${except[@]}" -not -type d -not -type s -printf '%p %y %m %U:%G %l\n' | LC_ALL=C sort >/opt/test/names
    cat /opt/test/names
    awk '$2 == "f" { print $1 }' /opt/test/names | xargs sha256sum
}

# --- What pages say

# The blocks of docs/config-management.md that are marked so.
page() { awk -v mark="$1" '$0 == "```" { on = 0 } on { print } $0 == "```" mark { on = 1 }' /opt/test/config-management.md; }

# The packages, where apt finds them by name.
local_repository() {
    rm -f /etc/apt/sources.list.d/* /etc/apt/sources.list
    (cd /opt/packages && apt-ftparchive packages . >Packages)
    echo "deb [trusted=yes] file:/opt/packages ./" >/etc/apt/sources.list.d/local.list
    apt-get -qq update
}
