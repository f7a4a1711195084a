#!/bin/bash
# Runs all that is tested of sudo over sudo-rs, which is built into the build folder. The module is built, or taken from
# $PAM_USSH_SO, and ca-tool from $CA_TOOL.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

version=0.2.15
suites=(sudo sudo_rs account_stack sockets options agents key_types security_keys to_agent world)

need_root
need_packages gcc libc6-dev libpam0g-dev sudo
need_cargo
if [ -z "${PAM_USSH_SO:-}" ] || [ -z "${CA_TOOL:-}" ]; then
    build
    export PAM_USSH_SO=$module CA_TOOL=$ca_tool
fi
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/sudo-rs")
[ -x "$tools/bin/sudo" ] || cargo install --quiet --locked --root "$tools" "sudo-rs@$version"
RIG_SUDO=$tools/bin/sudo cargo test --quiet --locked -p tests --no-fail-fast "${suites[@]/#/--test=}"
