#!/bin/bash
# Run by ansible.sh in namespaces of its own: a copy of a Debian, in memory, with devices and a log of its own, becomes
# the root, and SCRIPT runs there. Nothing is left of it afterwards.
#
#   start.sh ROOT PACKAGES SCRIPT
set -euo pipefail
root=$1 packages=$2 script=$3
here=$PWD

main() {
    files
    devices
    enter
    keep_log &
    bash "/opt/test/$script"
}

files() {
    mount --make-rprivate /
    mount -t tmpfs -o mode=755,size=2g tmpfs /mnt
    mkdir /mnt/{upper,work,root}
    mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
    mkdir -p /mnt/root/opt/{test,packages}
    cp "$here"/tests/ansible/*.sh "$here"/tests/ansible/ansible.cfg "$here/docs/config-management.md" /mnt/root/opt/test/
    cp -r "$here/packaging/ansible" /mnt/root/opt/
    cp "$packages"/*.deb /mnt/root/opt/packages/
    printf '127.0.0.1 localhost host\n' >/mnt/root/etc/hosts
    mount -t tmpfs -o mode=755 tmpfs /mnt/root/run
    mkdir -p /mnt/root/run/{sshd,lock}
}

devices() {
    local dev=/mnt/root/dev
    mount -t tmpfs -o mode=755,size=1m tmpfs $dev
    for device in null zero full random urandom tty; do
        touch $dev/$device
        mount --bind /dev/$device $dev/$device
        mount -o remount,bind,ro $dev/$device # it is this host's own
    done
    mkdir $dev/pts
    mkdir -m 1777 $dev/shm
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts $dev/pts
    ln -s pts/ptmx $dev/ptmx
    ln -s /proc/self/fd $dev/fd
    ln -s /proc/self/fd/0 $dev/stdin
    ln -s /proc/self/fd/1 $dev/stdout
    ln -s /proc/self/fd/2 $dev/stderr
}

enter() {
    mount -t proc proc /mnt/root/proc
    hostname host
    ip link set lo up
    cd /mnt/root
    mkdir -p old
    pivot_root . old
    cd /
    umount -l /old
    rmdir /old
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
}

# A syslog daemon: one socket, one file.
keep_log() {
    perl -MSocket -e '
        socket(LOG, PF_UNIX, SOCK_DGRAM, 0) && bind(LOG, sockaddr_un("/dev/log")) && chmod(0666, "/dev/log") or die $!;
        open(FILE, ">>", "/var/log/auth.log") or die $!;
        select(FILE); $| = 1;
        while (defined recv(LOG, $_, 65536, 0)) { s/^<\d+>.{16}//; s/\n?$/\n/; print }'
}

main
