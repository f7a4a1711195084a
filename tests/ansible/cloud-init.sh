#!/bin/bash
# In the private Debian: cloud-init's first boot with the user data of docs/config-management.md.
set -euo pipefail
. /opt/test/tools.sh

seed=/var/lib/cloud/seed/nocloud

main() {
    step "a fresh host" fresh_host
    step "the user data are as cloud-init wants them" schema
    step "the first boot sets the host up" boot
    step "a certificate is what sudo and sshd want from people" main_job
}

fresh_host() {
    useradd -m laptop
    useradd -m deploy
    printf 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/deploy
    useradd -m alice && keys && userdel -r alice 2>/dev/null
    /usr/sbin/sshd
    local_repository
    mkdir -p $seed
    page 'yaml cloud-init' | sed "s|THE LINE OF YOUR CA.*|$(cat /opt/keys/ca.pub)|
        s|THE LIST, AS.*|$(base64 -w0 /opt/ansible/revoked_keys)|" >$seed/user-data
    echo 'instance-id: first' >$seed/meta-data
    printf 'datasource_list: [NoCloud]\nlocale: C.UTF-8\n' >/etc/cloud/cloud.cfg.d/99-test.cfg
}

schema() { cloud-init schema --config-file $seed/user-data; }

boot() {
    for stage in 'init --local' init 'modules --mode=config' 'modules --mode=final'; do
        cloud-init $stage >>/opt/test/said 2>&1 || { cat /opt/test/said && die "cloud-init $stage failed"; }
    done
    head -4 /etc/pam.d/sudo
    grep -q pam_ussh /etc/pam.d/sudo /etc/pam.d/sudo-i /etc/pam.d/sshd || die "no lines: $(cat /opt/test/said)"
}

main_job() {
    echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
    sudo_is accepted
    deploy_gets_in
    authorize alice /opt/keys/plain.pub
    alice_without_a_certificate_is_refused
}

main
