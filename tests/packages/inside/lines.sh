# Sourced on a Debian and for RPM: wherever libpam finds a line that names the module, its package is not removed.

# The host's ROOT, and the command that would remove it.
removal_is_refused_wherever_libpam_finds_a_line() {
    root=$1
    shift
    remove=("$@")
    cp -a "$root/etc/pam.conf" "$root/tmp/"
    in_a_folder_of_libpam
    in_what_is_included_by_name
    in_what_is_included_in_other_spellings
    in_what_is_included_by_what_is_included
    in_a_copy_that_is_included
    mv "$root/tmp/pam.conf" "$root/etc/"
}

in_a_folder_of_libpam() {
    for file in /etc/pam.conf {/etc,/usr/lib,/usr/share,/usr/etc}/pam.d/one; do
        refused_with "$file"
    done
}

in_what_is_included_by_name() {
    refused_with /etc/ussh/one 'auth substack /etc/ussh/one\n'
    refused_with /etc/ussh/one '@include ../ussh/one\n'
    refused_with /etc/pam.d/ours/one '@include ours/one\n'
    refused_with /usr/share/pam.d/ours/one 'auth include ours/one\n'
}

in_what_is_included_in_other_spellings() {
    # Without a newline at the end, another file's first line is not its continuation.
    refused_with /etc/ussh/one '@include /etc/ussh/one'
    refused_with /etc/ussh/one 'auth INCLUDE /etc/ussh/one\n'
    refused_with /etc/ussh/one '@Include /etc/ussh/one # f\374r sudo\n'
    refused_with /etc/ussh/one '# f\374r sudo\nauth SubStack\t/etc/ussh/one\r\n'
    refused_with /etc/ussh/one 'auth include \\\n# here:\n    /etc/ussh/one\n'
    refused_with /etc/ussh/one '-auth [include] [/etc/ussh/one]\n'
    refused_with /etc/ussh/one 'auth [success=1 default=ignore] pam_permit.so include\n@include /etc/ussh/one\n'
}

in_what_is_included_by_what_is_included() {
    printf '@include /etc/ussh/outer\n@include one\nauth include /etc/ussh/one' >"$root/etc/ussh/outer"
    refused_with /etc/ussh/one 'auth include /etc/ussh/outer\n'
    rm "$root/etc/ussh/outer"
    mkfifo "$root/etc/ussh/fifo"
    refused_with /etc/ussh/one '@include /etc/ussh/fifo\n@include /etc/ussh/one\n'
    rm "$root/etc/ussh/fifo"
}

in_a_copy_that_is_included() {
    local ending
    for ending in '~' .bak .orig .save .pam-old .dpkg-old .rpmsave .rpmnew .rpmorig; do
        refused_with "/etc/pam.d/one$ending" "@include /etc/pam.d/one$ending\n"
    done
    refused_with /etc/pam.d/one.bak '@include one.bak\n'
}

# FILE names the module, in a line with a byte that is no UTF-8; what includes it may be a file with this TEXT.
refused_with() {
    local file=$1 text=${2-} folder
    folder=$(dirname "$root$file")
    mkdir -p "$folder"
    printf 'auth required pam_ussh.so # f\374r sudo\n' >"$root$file"
    # libpam's folders are looked at by name: this is the last one there.
    printf %b "$text" >"$root/etc/pam.d/zz"
    expect 1 timeout 300 "${remove[@]}"
    [[ $said == *"/${file##*/}:auth required"* ]] || fail "with $text in a file, $file is not named: $said"
    rm "$root$file" "$root/etc/pam.d/zz"
    rmdir -p --ignore-fail-on-non-empty "$folder"
}

# What libpam reads, or waits for, and none of which names the module.
lines_that_do_not_stand_in_the_way() {
    local ending
    for ending in '~' .bak .orig .save .pam-old .dpkg-old .rpmsave .rpmnew .rpmorig; do
        echo 'auth required pam_ussh.so' >"$root/etc/pam.d/sudo$ending"
    done
    echo '# auth required pam_ussh.so' >"$root/etc/pam.d/one"
    mkfifo "$root/etc/ussh/fifo"
    printf 'auth include /etc/ussh/fifo\nauth include /missing\n@include zz\n@include /etc/ussh/a' >"$root/etc/pam.d/zz"
    printf '@include /etc/pam.d/zz' >"$root/etc/ussh/a"
}

without_these_lines() {
    rm "$root"/etc/pam.d/{one,zz,sudo~,sudo.*} "$root"/etc/ussh/{a,fifo}
}
