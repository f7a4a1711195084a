#!/bin/bash
# Makes the certificates in this folder with ssh-keygen (OpenSSH 9.2: the last that still makes DSA keys).
# Only what is public is kept. Run it in this folder to make them anew.
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./*.pub
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

key() { ssh-keygen -q -t "$2" ${3:+-b "$3"} -N '' -C "$1" -f "$keys/$1"; }
# certificate NAME CA KEY [ssh-keygen options]: vectors are valid for ever, so that no clock matters.
certificate() {
    local name=$1 ca=$2 user=$3
    shift 3
    ssh-keygen -q -s "$keys/$ca" -I "$name@vectors" -n alice,ops -V always:forever -z 7 "$@" "$keys/$user.pub"
    mv "$keys/$user-cert.pub" "$name-cert.pub"
}

key ed25519 ed25519
for bits in 256 384 521; do key "ecdsa$bits" ecdsa "$bits"; done
for bits in 1024 2047 2048 4096; do key "rsa$bits" rsa "$bits"; done
key dsa dsa

for type in ed25519 ecdsa256 ecdsa384 ecdsa521 rsa1024 rsa2047 rsa2048 rsa4096 dsa; do
    certificate "$type-by-ed25519" ed25519 "$type"
done
for ca in ecdsa256 ecdsa384 ecdsa521 rsa1024 rsa2047 rsa2048 rsa4096; do
    certificate "ed25519-by-$ca" "$ca" ed25519
done
certificate ed25519-by-rsa2048-sha256 rsa2048 ed25519 -t rsa-sha2-256
certificate ed25519-by-rsa2048-sha1 rsa2048 ed25519 -t ssh-rsa
for ca in ed25519 ecdsa256 ecdsa384 ecdsa521 rsa1024 rsa2047 rsa2048 rsa4096; do
    cat "$keys/$ca.pub"
done > ca.pub
