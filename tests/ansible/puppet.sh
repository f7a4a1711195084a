#!/bin/bash
# In the private Debian: Puppet with the manifest of docs/config-management.md. Its server's files are a folder here.
set -euo pipefail
. /opt/test/tools.sh

main() {
    step "a fresh host" fresh_host
    step "--noop says what it would do, and does nothing" noop
    step "it sets the host up" apply
    step "the second run does nothing" again
    step "a certificate is what sudo and sshd want from people" main_job
    step "an option that is misspelt is not put in place" misspelt
}

fresh_host() {
    people
    keys
    /usr/sbin/sshd
    local_repository
    install -D -m 644 /opt/keys/ca.pub /opt/modules/ussh/files/trusted_user_ca
    install -D -m 644 /opt/ansible/revoked_keys /opt/modules/ussh/files/revoked_keys
    page puppet >/opt/test/ussh.pp
    snapshot fresh
}

noop() {
    puppet_says 0 --noop
    grep 'Would have triggered\|noop' /opt/test/said | tail -3
    same_as fresh
}

apply() {
    puppet_says 2
    head -4 /etc/pam.d/sudo
    snapshot set-up
}

again() {
    puppet_says 0
    same_as set-up
}

main_job() {
    sudo_is accepted
    deploy_gets_in
    alice_without_a_certificate_is_refused
}

misspelt() {
    sed -i 's/group=people/& --option misspelt=1/' /opt/test/ussh.pp
    puppet_says 4
    same_as set-up
}

# 0: nothing was to do, 2: it was done, 4: something failed.
puppet_says() {
    local code=0
    puppet apply --color=false --modulepath /opt/modules --detailed-exitcodes "${@:2}" /opt/test/ussh.pp >/opt/test/said 2>&1 || code=$?
    [ $code = "$1" ] || { cat /opt/test/said && die "puppet: $code instead of $1"; }
}

main
