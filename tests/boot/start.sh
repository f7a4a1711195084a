#!/bin/bash
# Run by boot.sh in a mount namespace of its own: puts what is tested over the Debian, and boots it as a container or as a
# machine. Standard output is its console.
set -euo pipefail
kind=$1 root=$2
here=$PWD/tests/boot

# Nothing here takes longer; a hung one is a failed one.
limit=1800

main() {
    scratch=$root.$kind
    mkdir -p "$scratch"
    mount --make-rprivate /
    mount -t tmpfs -o size=2g tmpfs "$scratch"
    mkdir "$scratch"/{upper,work,files}
    mount -t overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/files"
    put_what_is_tested "$scratch/files"
    "$kind" </dev/null
}

put_what_is_tested() {
    local files=$1 modules
    modules=$(dirname "$(find "$files/usr/lib" -name pam_unix.so -print -quit)")
    install -m 644 "$PAM_USSH_SO" "$modules/pam_ussh.so"
    install -D -m 755 "$USSH_SESSION_GUARD" "$files/usr/libexec/ussh-session-guard"
    install -D -m 755 "$CA_TOOL" "$files/usr/bin/ca-tool"
    install -D -m 644 -t "$files/usr/lib/systemd/system" "$here"/../../packaging/systemd/ussh-update.*
    install -D -m 644 -t "$files/opt/boot" "$here"/inside/*.sh
    install -D -m 644 -t "$files/opt/boot/role" "$here"/../../packaging/ansible/roles/ussh/files/*.sh
    cp -a docs "$files/opt/boot/"
    cat >"$files/etc/systemd/system/boot-test.service" <<END
[Unit]
After=multi-user.target ssh.service systemd-logind.service
[Service]
ExecStart=/bin/bash /opt/boot/main.sh $kind
ExecStopPost=/bin/bash -c 'echo "verdict: \${EXIT_STATUS}"'
ExecStopPost=/bin/systemctl --no-block $(what_ends $kind)
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/console
END
    mkdir -p "$files/etc/systemd/system/multi-user.target.wants"
    ln -s ../boot-test.service "$files/etc/systemd/system/multi-user.target.wants/"
    echo booted >"$files/etc/hostname"
    printf '127.0.0.1 localhost booted\n' >"$files/etc/hosts"
}

# A machine that has slept cannot turn itself off (its kernel panics then); the emulator ends when it starts anew.
what_ends() { case $1 in machine) echo reboot ;; *) echo poweroff ;; esac; }

# On this host's kernel, by systemd-nspawn out of the Debian itself, so that it needs no systemd here.
container() {
    local libraries=$root/usr/lib/x86_64-linux-gnu
    mkdir -p /run/systemd
    mount -t tmpfs tmpfs /run/systemd
    in_its_own_control_group timeout --kill-after=10 $limit \
        "$root/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/systemd" \
        "$root/usr/bin/systemd-nspawn" --quiet --boot --directory="$scratch/files" --machine=booted --register=no \
        --keep-unit --private-network --console=read-only systemd.show_status=0
}

# A group below this process's own, which the words see as the root of all.
in_its_own_control_group() {
    local own group status=0
    mkdir "$scratch/groups"
    mount -t cgroup2 cgroup2 "$scratch/groups"
    own=$scratch/groups$(sed -n 's/^0:://p' /proc/self/cgroup)
    group=$own/pam-ussh-boot
    mkdir -p "$group"
    echo $$ >"$group/cgroup.procs"
    unshare --cgroup bash -c 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' - "$@" || status=$?
    echo $$ >"$own/cgroup.procs"
    find "$group" -depth -type d -exec rmdir {} +
    return $status
}

# With a kernel and a clock of its own, on an emulated processor.
machine() {
    truncate -s 900M "$scratch/disk"
    mkfs.ext4 -q -F -d "$scratch/files" "$scratch/disk"
    timeout --kill-after=10 $limit qemu-system-x86_64 -M q35 -m 1024 -smp 2 -nographic -no-reboot -net none \
        -kernel "$(ls "$root"/boot/vmlinuz-*)" -initrd "$(ls "$root"/boot/initrd.img-*)" \
        -append 'root=/dev/vda rw console=ttyS0 quiet mitigations=off systemd.show_status=0' \
        -drive "file=$scratch/disk,format=raw,if=virtio"
}

main
