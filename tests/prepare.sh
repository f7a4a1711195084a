# Sourced by run.sh, demo.sh and those beside them: root, Debian packages and cargo, or a sentence that says what is missing.

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" = 0 ] || fail "real sudo and sshd run in private namespaces, and that needs root: sudo $0"
}

# Installs those of the named Debian packages that are missing.
need_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install what Debian calls ${missing[*]}"
    echo "Installing ${missing[*]} ..."
    start_no_services
    export DEBIAN_FRONTEND=noninteractive
    local install=(apt-get install -qq --no-install-recommends "${missing[@]}") words
    words=$("${install[@]}" 2>&1) || words=$({ apt-get update -qq && "${install[@]}"; } 2>&1) || fail "$words
${install[*]} failed"
    start_services_again
}

# Debian's hook: openssh-server is wanted for its program, not as a daemon on this host.
start_no_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    trap start_services_again EXIT
    printf '#!/bin/sh\nexit 101 # pam_ussh tests\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
}

start_services_again() {
    ! grep -qs 'pam_ussh tests' /usr/sbin/policy-rc.d || rm /usr/sbin/policy-rc.d
}

# Where this host's own packages come from, if that is a Debian; else debootstrap's default.
mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        grep -oE '^(deb|URIs:) .*' | grep -oE '(https?|file)://[^ ]*/debian/?( |$)' | head -n 1 || true
}

# Finds cargo, also the one of the person who typed sudo, whose files must not become root's.
need_cargo() {
    local home=~
    PATH="$PATH:$home/.cargo/bin"
    if ! command -v cargo >/dev/null && [ -n "${SUDO_USER:-}" ]; then
        home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
        export RUSTUP_HOME=${RUSTUP_HOME:-$home/.rustup} CARGO_HOME=$PWD/target/cargo-home
        PATH="$PATH:$home/.cargo/bin"
        trap 'hand_back 2>/dev/null' EXIT
    fi
    cargo --version >/dev/null 2>&1 || fail "Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer is missing. Debian 12's own is older:
  apt-get install --no-install-recommends ca-certificates curl gcc libc6-dev
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy -c rustfmt"
}

# But for the Debians that tests have made, which are no good when they are not root's.
hand_back() {
    local debian debians=()
    while IFS= read -r debian; do
        debians+=(-path "${debian%/etc/debian_version}" -prune -o)
    done < <(find target -maxdepth 5 -path '*/etc/debian_version')
    find target Cargo.lock "${debians[@]}" -exec chown -h --reference=Cargo.toml {} +
}

# Builds the module, the guard and ussh-pam-try as they are shipped, ca-tool and a YubiKey for it; says where they are in
# $module, $session_guard, $pam_try, $ca_tool and $software_yubikey. What run.sh has built is taken as it is.
build() {
    if [ -n "${PAM_USSH_SO:-}" ] && [ -n "${USSH_SESSION_GUARD:-}" ] && [ -n "${USSH_PAM_TRY:-}" ] && [ -n "${CA_TOOL:-}" ]; then
        module=$PAM_USSH_SO session_guard=$USSH_SESSION_GUARD pam_try=$USSH_PAM_TRY
        ca_tool=$CA_TOOL software_yubikey=${CA_TOOL%/*}/software-yubikey
        return
    fi
    cargo build --quiet --locked --release -p pam_ussh || fail "the module does not build"
    cargo build --quiet --locked --release -p ussh-session-guard || fail "the session guard does not build"
    cargo build --quiet --locked --release -p ussh-pam-try || fail "ussh-pam-try does not build"
    cargo build --quiet --locked -p ca-tool -p software-yubikey || fail "ca-tool does not build"
    local built
    built=$(realpath "${CARGO_TARGET_DIR:-target}")
    module=$built/release/libpam_ussh.so session_guard=$built/release/ussh-session-guard pam_try=$built/release/ussh-pam-try
    ca_tool=$built/debug/ca-tool software_yubikey=$built/debug/software-yubikey
}
