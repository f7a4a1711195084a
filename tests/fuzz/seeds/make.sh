#!/bin/sh
# Makes the seeds of every fuzz target anew, out of what OpenSSH's own programs write. Needs: ssh-keygen, ssh-agent,
# ssh-add, socat, cargo (for the software security key). The keys are thrown away; nothing here is a secret.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
agent=
trap 'test -z "$agent" || kill "$agent"; rm -rf "$work"' EXIT
cd "$work"

main() {
    rm -rf "$here"/*/
    software_security_key
    for type in ed25519 ecdsa-256 ecdsa-384 ecdsa-521 rsa ed25519-sk ecdsa-sk; do
        make_key "$type"
    done
    for type in ed25519 ecdsa-256 ecdsa-384 ecdsa-521 rsa ed25519-sk ecdsa-sk; do
        identity "by-$type" "$type" ed25519 -n alice
        identity "for-$type" ed25519 "$type" -n alice,ops
    done
    identity every-option ed25519 ed25519 -n alice -O force-command=/bin/true \
        -O source-address=10.0.0.0/8,2001:db8::/32 -O verify-required -O extension:login@example.org=a
    identity no-touch ed25519 ed25519-sk -n alice -O no-touch-required
    identity host rsa ecdsa-256 -h -n host.example.org
    auth_infos
    ca_files
    principals_files
    lists_of_addresses
    options_lines
    krls
    signatures
    agent_replies
}

software_security_key() {
    (cd "$here/../../.." && cargo build --locked -q -p sk-provider)
    target=$(cd "$here/../../.." && realpath "${CARGO_TARGET_DIR:-target}")
    export SSH_SK_PROVIDER="$target/debug/libsk_provider.so" SK_PROVIDER_DEVICE="$work/device"
    mkdir "$work/device"
}

# make_key TYPE[-BITS]
make_key() {
    case $1 in
        *-sk | ed25519) ssh-keygen -q -t "$1" -N '' -C "$1" -f "$1" ;;
        rsa) ssh-keygen -q -t rsa -b 2048 -N '' -C "$1" -f "$1" ;;
        *) ssh-keygen -q -t "${1%-*}" -b "${1#*-}" -N '' -C "$1" -f "$1" ;;
    esac
}

# identity NAME CA KEY OPTION.. : the blob of a certificate.
identity() {
    name=$1 ca=$2 key=$3
    shift 3
    ssh-keygen -q -s "$ca" -I "$name" -z 7 -V 20200101:20400101 "$@" "$key.pub"
    blob "$key-cert.pub" | seed identity "$name"
}

# What sshd tells PAM: every type of certificate and key, other methods among them.
auth_infos() {
    line=$(cut -d ' ' -f 1,2 ed25519-cert.pub)
    { echo "publickey $line"; echo keyboard-interactive/pam; } | seed auth_info two-methods
    { sed 's/^/publickey /' ./*-cert.pub; sed 's/^/publickey /; s/$/ signature count = 5/' ./*-sk.pub; } |
        seed auth_info every-type
    printf 'hostbased %s client user "alice", client host "h"\npublickey\npublickey x y\n' "$line" |
        seed auth_info others
}

# An address of 16 bytes, then the list.
lists_of_addresses() {
    { printf '\000%.0s' $(seq 10); printf '\377\377\177\000\000\001127.0.0.0/8,!127.0.0.2,*.1'; } | seed from four
    { printf '\000%.0s' $(seq 15); printf '\001::1/128,10.0.0.0/33,?::*,!2001:db8::/32,localhost'; } | seed from six
}

ca_files() {
    cat ./*-sk.pub ed25519.pub ecdsa-*.pub rsa.pub | seed ca_file every-type
    { printf '# our CAs\r\n\n  \t'; cat ed25519.pub; printf 'nonsense\n'; sed 's/^/cert-authority /' rsa.pub; } |
        seed ca_file comments-and-bad-lines
}

principals_files() {
    printf 'alice\nops # on call\n' | seed principals_file plain
    printf '%s\n' 'command="id -u",from="10.0.0.0/8,!10.0.0.1" alice' \
        'restrict,pty,environment="A=\"b\"",expiry-time="20300101120000Z" ops' \
        'no-touch-required,verify-required,tunnel="1",permitopen="h:22",permitlisten="8080" a' \
        'cert-authority,principals="b" alice' | seed principals_file options
}

options_lines() {
    printf '%s' 'ca_file=/etc/ssh/ca authorized_principals=a,b group=admins user_principal=no' |
        seed options_line usual
    printf '%s' 'authorized_principals_file=/etc/ssh/principals/%u required_rsa_size=3072 require_sk timeout=3 quiet' |
        seed options_line file
    printf '%s' 'max_validity=1h30m ca_signature_algorithms=ssh-ed25519,rsa-sha2-512 source_address=ignore debug' |
        seed options_line limits
}

# With every kind of section, under the CA that the target asks about (its 32 bytes are all 2) and under none.
krls() {
    { printf '\000\000\000\013ssh-ed25519\000\000\000\040' && printf '\002%.0s' $(seq 32); } >two
    printf 'ssh-ed25519 %s two\n' "$(base64 -w 0 two)" >two.pub
    printf 'ssh-ed25519 %s one\n' "$(tr '\002' '\001' <two | base64 -w 0)" >one.pub
    { seq 300 900000 90000000 && seq 3000 3 3090 && printf '1-300\n7000-9000\n18446744073709551615\n'; } |
        sed 's/^/serial: /' >spec
    printf 'id: alice\nid: \n' >>spec
    seed krl specification <spec
    { cat spec && sed 's/^/key: /' one.pub && sed 's/^/sha256: /' two.pub && sed 's/^/sha1: /' one.pub; } >spec.keys
    seed krl specification-of-keys <spec.keys
    ssh-keygen -q -k -f one.krl -s two.pub -z 7 -C comment spec
    seed krl of-one-ca <one.krl
    ssh-keygen -q -k -u -f one.krl -s none spec.keys
    seed krl of-any-ca <one.krl
    ssh-keygen -q -k -f keys.krl one.pub ed25519.pub rsa.pub
    seed krl of-keys <keys.krl
    cat one.pub rsa.pub ecdsa-256-cert.pub | seed krl flat-list
}

# As ssh-keygen signs files, with every type of key.
signatures() {
    for type in ed25519 ecdsa-256 ecdsa-384 ecdsa-521 rsa ed25519-sk ecdsa-sk; do
        echo data | ssh-keygen -q -Y sign -f "$type" -n ussh-krl | seed sshsig "by-$type"
    done
    echo data | ssh-keygen -q -Y sign -f rsa -n ussh-krl -O hashalg=sha256 | seed sshsig sha256
    echo data | ssh-keygen -q -Y sign -f ed25519 -n file | seed sshsig of-another-use
}

# What a real agent answers to a list request and to a sign request.
agent_replies() {
    ssh-agent -D -a "$work/socket" >/dev/null &
    agent=$!
    while ! test -S socket; do sleep 0.1; done
    printf '\000\000\000\001\013' | ask | seed agent_reply nothing-held
    for key in ed25519 ecdsa-256; do
        SSH_AUTH_SOCK="$work/socket" ssh-add -q "$key"
    done
    printf '\000\000\000\001\013' | ask | seed agent_reply four-identities
    blob ed25519.pub >key
    { printf '\000\000\000\104\015' && string key && printf '\000\000\000\004data\000\000\000\000'; } | ask |
        seed agent_reply signature
    printf '\000\000\000\001\377' | ask | seed agent_reply refusal
}

# The pause, because the agent does not answer who has closed.
ask() {
    { cat && sleep 0.5; } | socat - "UNIX-CONNECT:$work/socket"
}

# string FILE: its content as an SSH string (RFC 4251 section 5) of at most 255 bytes.
string() {
    printf '\000\000\000'
    printf "\\$(printf %03o "$(wc -c <"$1")")"
    cat "$1"
}

# blob FILE: the binary key or certificate in a .pub file.
blob() {
    cut -d ' ' -f 2 "$1" | base64 -d
}

# seed TARGET NAME: stdin becomes a seed.
seed() {
    mkdir -p "$here/$1"
    cat >"$here/$1/$2"
}

main
