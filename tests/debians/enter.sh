#!/bin/bash
# Run in namespaces of its own: makes ROOT the root, with these folders of the host in it, and runs COMMAND there, in the
# folder that is the current one here.
#
#   enter.sh ROOT FOLDER.. -- COMMAND..
#
# ROOT itself stays as it is: what is written goes into memory, and with the namespace.
set -euo pipefail
here=$PWD

main() {
    new_root "$1"
    shift
    while [ "$1" != -- ]; do
        bring "$1"
        shift
    done
    shift
    enter
    "$@"
}

new_root() {
    mount --make-rprivate /
    scratch=$1.scratch
    mkdir -p "$scratch"
    mount -t tmpfs -o mode=755,size=4g tmpfs "$scratch"
    mkdir "$scratch"/{upper,work,files}
    files=$scratch/files
    mount -t overlay -o "lowerdir=$1,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$files"
    for folder in /dev /sys; do
        mount --rbind $folder "$files$folder"
    done
    mount -t tmpfs -o mode=1777 tmpfs "$files/dev/shm"
    mount -t proc proc "$files/proc"
}

bring() {
    mkdir -p "$files$1"
    mount --rbind "$1" "$files$1"
}

enter() {
    hostname debian
    printf '127.0.0.1 localhost debian\n' >"$files/etc/hosts"
    ip link set lo up
    mkdir "$files/host"
    cd "$files"
    pivot_root . host
    cd "$here"
    umount -l /host
    rmdir /host
}

main "$@"
