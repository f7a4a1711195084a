#!/bin/bash
# In the private Debian: what the role promises, each promise on a real login and a real sudo. Ansible logs in as the
# user deploy, who has a plain key and may sudo without a password, as in many places.
set -euo pipefail
. /opt/test/tools.sh
export ANSIBLE_CONFIG=/opt/test/ansible.cfg

main() {
    step "a fresh host" fresh_host
    step "check mode says what would change, and changes nothing" check_mode_on_a_fresh_host
    step "a list that would be fetched and never asked is refused" never_asked
    step "the first run sets the host up" first_run
    step "the second run changes nothing" second_run
    step "a certificate is what sudo and sshd want from people, and not from deploy" main_job
    step "a list that revokes alice ends her sudo" revocation
    step "services that are no longer named lose their lines, and ca-tool update knows what to fetch" fewer_services
    step "an older list is refused, behind a link too" older_list
    step "a misspelt option changes nothing, but a newer list stays" misspelt_option
    step "a CA's key that is none changes nothing" no_ca_key
    step "lines that lock Ansible out are gone after a while; a newer list stays" locked_out
    step "absent that fails leaves the timer on, and every file" failed_absent
    step "absent gives the host back as it was" absent
}

fresh_host() {
    people
    keys
    /usr/sbin/sshd
    configure_ansible
    certificate_opens_nothing
    deploy_gets_in
    snapshot fresh
}

check_mode_on_a_fresh_host() {
    play --check --diff
    changed_something
    same_as fresh
}

never_asked() {
    refused 'Give ussh_krl the first list' -e '{"ussh_krl": "", "ussh_update": {"krl": "https://localhost/revoked_keys"}}'
    same_as fresh
}

first_run() {
    play
    changed_something
    head -4 /etc/pam.d/sudo
    snapshot set-up
}

second_run() {
    play --diff
    changed_nothing
    same_as set-up
}

main_job() {
    sudo_is accepted
    grep -q 'pam_ussh(sudo:account): accepted' /var/log/auth.log || die "nothing of it in the log"
    deploy_gets_in
    alice_without_a_certificate_is_refused
}

revocation() {
    from_the_laptop alice 'sudo -n id -u; until [ -e /tmp/revoked ]; do sleep 0.2; done; sudo -n id -u' >/opt/test/session &
    revoke 2
    play
    changed_something
    touch /tmp/revoked
    wait $! || true
    sed 's/^/alice reads: /' /opt/test/session
    [ "$(head -1 /opt/test/session)" = 0 ] && grep -q 'is revoked' /opt/test/session || die "her sudo was not refused"
    sudo_is refused
}

older_list() {
    mv /opt/ansible/revoked_keys /opt/test/
    revoke 1
    refused 'this list has version 1'
    same_as set-up
    link_away /etc/ssh/revoked_keys
    snapshot linked
    refused 'this list has version 1'
    same_as linked
    home_again /etc/ssh/revoked_keys
    mv /opt/test/revoked_keys /opt/ansible/
    same_as set-up
}

# The CAs are written through the link.
misspelt_option() {
    local wrong
    link_away /etc/ssh/trusted_user_ca
    snapshot linked
    wrong=$(printf '{"ussh_pam_options": ["group=people", "misspelt=1"], "ussh_ca_keys": ["%s"]}' "$(cat /opt/keys/plain.pub)")
    refused misspelt -e "$wrong"
    grep -F 'Every file is as before.' /opt/test/said || die "it does not say so"
    same_as linked
    revoke_nobody 4
    refused 'Every file is as before, but the newer revocation list stays.' -e "$wrong"
    same_as linked but_for_the_list
    list_has_come
    home_again /etc/ssh/trusted_user_ca
    sudo_is accepted
    snapshot set-up
}

no_ca_key() {
    refused 'not a public key' -e '{"ussh_ca_keys": ["ssh-ed25519 AAAAnonsense broken"]}'
    refused 'without a CA' -e '{"ussh_ca_keys": []}'
    same_as set-up
    sudo_is accepted
}

# Without group= deploy, too, needs a certificate, and pam_ussh meets the list when it says so. The link is replaced.
locked_out() {
    revoke_nobody 5
    link_away /etc/pam.d/sudo-i
    snapshot linked
    play_fails -e '{"ussh_pam_options": [], "ussh_way_back": 1000}'
    ! deploy_gets_in_now || die "deploy was not locked out: this shows nothing"
    echo 0 >/run/ussh-role/way-back/seconds # time flies
    for _ in {1..60}; do deploy_gets_in_now && break || sleep 1; done
    deploy_gets_in
    same_as linked but_for_the_list
    list_has_come
    sudo_is accepted
    home_again /etc/pam.d/sudo-i
    snapshot set-up
}

fewer_services() {
    refused 'sudo-i does not' -e '{"ussh_pam_services": ["sudo"]}'
    revoke_nobody 3
    play -e '{"ussh_pam_services": ["sudo", "sudo-i"], "ussh_krl": "", "ussh_update": {"krl": "/srv/revoked_keys", "max_age": "2d"}}'
    ca-tool update >/opt/test/update 2>&1 || true
    grep /srv/revoked_keys /opt/test/update | head -1 || die "ca-tool update knows nothing of it: $(cat /opt/test/update)"
    ! grep -q pam_ussh /etc/pam.d/sshd || die "lines were left"
    play
    sudo_is accepted
    snapshot set-up
}

# It fails at the torn lines. What a real systemd says of it, tests/boot.sh shows.
failed_absent() {
    a_little_systemd
    cp /etc/pam.d/su /opt/test/su
    echo '# BEGIN pam_ussh' >>/etc/pam.d/su
    snapshot torn
    refused 'stands there without the other' -e '{"ussh_state": "absent", "ussh_way_back": 0}'
    cat /opt/test/timer/asked
    grep -q disable /opt/test/timer/asked || die "nobody turned it off: this shows nothing"
    [ -e /opt/test/timer/enabled ] && [ -e /opt/test/timer/active ] || die "the timer was left off"
    same_as torn
    cp /opt/test/su /etc/pam.d/su
    no_systemd
    same_as set-up
}

absent() {
    play --check -e ussh_state=absent
    changed_something
    same_as set-up
    play -e '{"ussh_state": "absent", "ussh_purge": true}'
    certificate_opens_nothing
    deploy_gets_in
    same_as fresh
    play -e '{"ussh_state": "absent", "ussh_purge": true}'
    changed_nothing
}

main
