# Sourced by boot.sh: a small Debian in the build folder, made once by debootstrap. $root is where it is.

release=bookworm
packages=systemd-sysv,dbus,libpam-systemd,systemd-container,openssh-server,openssh-client,sudo,procps,libpcsclite1
packages+=,curl,openssl,linux-image-cloud-amd64,initramfs-tools

# Not what a session needs, and seconds where the processor is emulated.
idle_units="apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
    fstrim.timer getty@tty1.service serial-getty@ttyS0.service console-getty.service"

make_root() {
    local folder
    mkdir -p "${CARGO_TARGET_DIR:-target}/boot"
    folder=$(realpath "${CARGO_TARGET_DIR:-target}/boot")
    root=$folder/$release
    [ ! -e "$root/usr/bin/curl" ] || return 0 # one of before had none
    echo "Making a Debian in $root ..."
    rm -rf "$folder/new" "$root"
    debootstrap --variant=minbase --include=$packages $release "$folder/new" "$(mirror)" >"$folder/log" 2>&1 ||
        fail "$(tail "$folder/log")
debootstrap failed; all it said is in $folder/log"
    small_initramfs "$folder/new" >>"$folder/log" 2>&1 || fail "no initramfs; see $folder/log"
    for unit in $idle_units; do
        ln -sf /dev/null "$folder/new/etc/systemd/system/$unit"
    done
    rm -rf "$folder"/new/var/cache/apt/* "$folder"/new/var/lib/apt/lists/*
    mv "$folder/new" "$root"
}

# Only what finds an ext4 disk of qemu's.
small_initramfs() {
    local config=$1/etc/initramfs-tools
    sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' "$config/initramfs.conf"
    printf '%s\n' virtio_pci virtio_blk ext4 >>"$config/modules"
    chroot "$1" update-initramfs -u
}
