#!/bin/bash
# Prints what pam_ussh costs on top of the agent: time, memory, size, system calls. See tests/src/bin/bench/main.rs.
# usage: tests/bench.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

need_root
need_packages gcc libc6-dev libpam0g-dev openssh-client strace
need_cargo
build
cargo build --quiet --locked -p tests --bin bench
PAM_USSH_SO=$module exec "${CARGO_TARGET_DIR:-target}/debug/bench" "$@"
