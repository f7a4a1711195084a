#!/bin/bash
# Run by packages.sh in namespaces of its own: a fresh copy of ROOT, with the packages and these scripts in /opt/packages, and
# one of the scripts in it.
#
#   enter.sh ROOT PACKAGES SCRIPT
set -euo pipefail
root=$1 packages=$2 script=$3

main() {
    mount --make-rprivate /
    ip link set lo up
    fresh_copy
    devices
    put_what_is_needed
    if [ "$script" = rpm ]; then
        exec bash tests/packages/rpm.sh "$files"
    fi
    exec chroot "$files" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        bash "/opt/packages/inside/$script.sh"
}

# What is written is gone at the end.
fresh_copy() {
    local scratch=$root.scratch
    mkdir -p "$scratch"
    mount -t tmpfs -o size=1g,mode=755 tmpfs "$scratch"
    mkdir "$scratch"/{upper,work,files}
    mount -t overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/files"
    files=$scratch/files
    hostname host
    printf '127.0.0.1 localhost host\n' >"$files/etc/hosts"
}

devices() {
    mount -t proc proc "$files/proc"
    mount -t tmpfs -o mode=755 tmpfs "$files/dev"
    local device
    for device in null zero full random urandom tty; do
        touch "$files/dev/$device"
        mount --bind "/dev/$device" "$files/dev/$device"
    done
    mkdir "$files/dev/pts" "$files/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$files/dev/pts"
    ln -s pts/ptmx "$files/dev/ptmx"
    ln -s /proc/self/fd "$files/dev/fd"
    mount -t tmpfs -o mode=755 tmpfs "$files/run"
    mkdir -p "$files/run/sshd" "$files/run/lock"
}

put_what_is_needed() {
    mkdir -p "$files/opt/packages"
    cp -a tests/packages/inside "$packages/." "$files/opt/packages/"
    cp -a README.md docs packaging "$files/opt/packages/"
}

main
