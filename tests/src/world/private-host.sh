#!/bin/bash
# Makes a private host and lives until its standard input ends. Nothing on the real host changes. Start it as root:
#
#   unshare --mount --pid --net --uts --ipc --fork --kill-child bash private-host.sh MODULE
#
# MODULE becomes pam_ussh.so there. The sudo that RIG_SUDO names, and the visudo beside it, stand in place of Debian's.
# When all is ready it prints one line, its pid as the real host sees it:
#
#   nsenter --target PID --mount --pid --net --uts --ipc --root --wd COMMAND
#
# runs a command in it, and /proc/PID/root is its file system seen from outside.
# Users: root, alice, bob, mallory (password: NAME-password), and laptop, the machine that people log in from.
set -euo pipefail
umask 022
root=/mnt
module=$1

main() {
    read -r pid _ </proc/self/stat # /proc is still the real host's
    files
    pam_modules
    other_sudo
    devices
    accounts
    services
    enter
    echo "$pid"
    while read -r _; do :; done # bash reaps what is orphaned here; the end of stdin ends everything
}

# An empty root, the real /usr read-only in it, and the little of the real /etc that programs need.
files() {
    exec 3<"$module" # before a mount can hide it
    mount -t tmpfs -o mode=755,size=256m tmpfs $root
    mkdir -p $root/{usr,proc,dev,old,home,opt/rig,run/sshd,run/lock,etc/pam.d,etc/ssh,etc/sudoers.d,var/lib,var/log,var/cache}
    mkdir -m 700 $root/root
    mkdir -m 1777 $root/tmp $root/var/tmp
    ln -s ../run $root/var/run
    for link in bin sbin lib lib32 lib64 libx32; do
        [ ! -L /$link ] || ln -s usr/$link $root/$link
    done
    mount --bind /usr $root/usr
    cp -a /etc/{alternatives,ld.so.cache,ld.so.conf,ld.so.conf.d,security} $root/etc/
}

# pam_ussh.so stands among the real modules, so pam.d lines name it as on a real host.
pam_modules() {
    local real filled=$root/old/modules
    real=$(dirname "$(find /usr/lib -name pam_unix.so -print -quit)")
    mkdir $filled
    mount -t tmpfs -o mode=755,size=64m tmpfs $filled
    cp -a "$real"/. $filled/
    cat <&3 >$filled/pam_ussh.so
    exec 3<&-
    mount --bind $filled "$root$real"
    umount -l $filled
    rmdir $filled
}

# Another implementation of sudo. It is root's and setuid here, whoever has built it.
other_sudo() {
    if [ -n "${RIG_SUDO:-}" ]; then
        install -m 4755 "$RIG_SUDO" $root/opt/rig/sudo
        install -m 755 "${RIG_SUDO%/*}/visudo" $root/opt/rig/visudo
        mount --bind $root/opt/rig/sudo "$root$(command -v sudo)"
        mount --bind $root/opt/rig/visudo "$root$(command -v visudo)"
    fi
    mount -o remount,bind,ro $root/usr
}

devices() {
    mount -t tmpfs -o mode=755,size=1m tmpfs $root/dev
    for device in null zero full random urandom tty; do
        touch $root/dev/$device
        mount --bind /dev/$device $root/dev/$device
        mount -o remount,bind,ro $root/dev/$device # it is the real one: nobody here may change its owner or mode
    done
    mkdir $root/dev/pts
    mkdir -m 1777 $root/dev/shm
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts $root/dev/pts
    ln -s pts/ptmx $root/dev/ptmx
    ln -s /proc/self/fd $root/dev/fd
    ln -s /proc/self/fd/0 $root/dev/stdin
    ln -s /proc/self/fd/1 $root/dev/stdout
    ln -s /proc/self/fd/2 $root/dev/stderr
}

accounts() {
    cat >$root/etc/passwd <<'END'
root:x:0:0:root:/root:/bin/bash
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
alice:x:1001:1001:Alice:/home/alice:/bin/bash
bob:x:1002:1002:Bob:/home/bob:/bin/bash
mallory:x:1003:1003:Mallory:/home/mallory:/bin/bash
laptop:x:1100:1100:the machine people log in from:/home/laptop:/bin/bash
END
    cat >$root/etc/group <<'END'
root:x:0:
tty:x:5:
shadow:x:42:
alice:x:1001:
bob:x:1002:
mallory:x:1003:
laptop:x:1100:
ops:x:1200:alice,bob
shared:x:1201:alice,bob,mallory
nogroup:x:65534:
END
    cat >$root/etc/shadow <<'END'
root:$6$rig.root$1R5pHMefJhVuU2NCQvivY0IKHL53df/C1tonE7UUx.dhFEELum2s2xKo8d/YNMWNnU8KzFyFFHvi78S3ViO3S1:19000:0:99999:7:::
sshd:!:19000::::::
nobody:*:19000::::::
alice:$6$rig.alice$usTymmfP4xMpushbdP1LD5M1UJczLgSzqR1835ZTR7SJzBFcjp1m7zWDsBuc.LPeuhH2WZXqhvUHCjzTyMlwP/:19000:0:99999:7:::
bob:$6$rig.bob$gK7rGNXelm/5peVY0VMo./lCFHBsDrSd3GaOdCQeQ6F3qanre0paFgrY5n7uwTTi83sVJSkRKej0pobdn1IQR0:19000:0:99999:7:::
mallory:$6$rig.mallory$bIIw39N0gu.3njPkQ8VHvoqiRPr555VsunlP5JdJh2/hG3DHEtydgfZkYIVrJ5/jNjGeCPGlBtCkcktIRph7S1:19000:0:99999:7:::
laptop:*:19000::::::
END
    chgrp 42 $root/etc/shadow
    chmod 640 $root/etc/shadow
    for user in alice:1001 bob:1002 mallory:1003 laptop:1100; do
        mkdir -m 700 "$root/home/${user%:*}"
        chown "${user#*:}:${user#*:}" "$root/home/${user%:*}"
    done
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >$root/etc/nsswitch.conf
    printf '127.0.0.1 localhost private-host\n' >$root/etc/hosts
    echo private-host >$root/etc/hostname
    printf '/bin/sh\n/bin/bash\n' >$root/etc/shells
    printf 'FAIL_DELAY 0\n' >$root/etc/login.defs # a refused su does not sleep
}

# sudo, su, doas and sshd as a plain Debian sets them up; tests write what they need over it.
services() {
    for service in sudo sudo-i sshd other; do
        printf '%s required pam_unix.so\n' auth account session >$root/etc/pam.d/$service
    done
    for service in su doas; do
        printf 'auth sufficient pam_rootok.so\n' >$root/etc/pam.d/$service
        printf '%s required pam_unix.so\n' auth account session >>$root/etc/pam.d/$service
    done
    cat >$root/etc/sudoers <<'END'
Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults use_pty
root ALL=(ALL:ALL) ALL
alice ALL=(ALL:ALL) ALL
bob ALL=(ALL:ALL) ALL
mallory ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
END
    chmod 440 $root/etc/sudoers
    printf 'permit alice\npermit bob\npermit mallory\n' >$root/etc/doas.conf
    cat >$root/etc/ssh/sshd_config <<'END'
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile /etc/ssh/authorized_keys
LogLevel VERBOSE
MaxStartups 100
PrintMotd no
PrintLastLog no
END
    # From OpenSSH 9.8 on, who is refused a few times cannot come back for a while; earlier it does not know the word.
    ! /usr/sbin/sshd -G -o PerSourcePenalties=no -f /dev/null >/dev/null 2>&1 ||
        echo 'PerSourcePenalties no' >>$root/etc/ssh/sshd_config
    ssh-keygen -q -t ed25519 -N '' -C private-host -f $root/etc/ssh/ssh_host_ed25519_key
    echo "localhost $(cut -d' ' -f1,2 $root/etc/ssh/ssh_host_ed25519_key.pub)" >$root/etc/ssh/ssh_known_hosts
}

enter() {
    mount -t proc proc $root/proc
    hostname private-host
    ip link set lo up
    cd $root
    pivot_root . old
    cd /
    umount -l /old
    rmdir /old
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

main
