#!/bin/sh
# Runs every fuzz target for SECONDS each, one after the other, on the stable toolchain: libfuzzer with coverage, and
# the tests' own assertions and overflow checks instead of a sanitizer (there is no unsafe code in what is fuzzed).
# Prints how often each target ran. Fails on a crash, or an input that takes 2 s or 512 MB, and leaves it in artifacts/.
#
#   run.sh SECONDS [TARGET..]
#   run.sh build                only builds them
#
# What was learnt stays in the target folder, so that a later run goes on from there; seeds/ is only read.
set -eu

seconds=${1:?usage: run.sh SECONDS [TARGET..], run.sh build}
shift
cd "$(dirname "$0")"
build=${CARGO_TARGET_DIR:-$PWD/target}
host=$(rustc -vV | sed -n 's/^host: //p')

main() {
    instrumented_build
    [ "$seconds" != build ] || return 0
    failed=
    for target in ${*:-$(ls targets | sed 's/\.rs$//')}; do
        fuzz "$target" || failed="$failed $target"
    done
    test -z "$failed" || { echo "fuzz: findings in$failed; see tests/fuzz/artifacts/ and the .log files there"; exit 1; }
}

# The flags are those of `cargo fuzz build --sanitizer none`. With --target they stay away from build scripts.
instrumented_build() {
    coverage='-sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table
        -sanitizer-coverage-trace-compares -sanitizer-coverage-stack-depth -simplifycfg-branch-fold-threshold=0'
    flags='--cfg fuzzing -Cpasses=sancov-module -Cdebug-assertions -Ccodegen-units=1'
    for argument in $coverage; do
        flags="$flags -Cllvm-args=$argument"
    done
    RUSTFLAGS=$flags cargo build --quiet --locked --release --target "$host" --target-dir "$build"
}

# fuzz TARGET
fuzz() {
    corpus=$build/corpus/$1
    log=artifacts/$1.log
    mkdir -p "$corpus" artifacts
    if "$build/$host/release/$1" "$corpus" "seeds/$1" -artifact_prefix="artifacts/$1-" -max_total_time="$seconds" \
        -timeout=2 -rss_limit_mb=512 -max_len=8192 -print_final_stats=1 >"$log" 2>&1
    then verdict='nothing found'
    else verdict='FAILED'; tail -n 30 "$log"
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf 'fuzz: %-16s %12s executions in %s s: %s\n' "$1" "${runs:-no}" "$seconds" "$verdict"
    test "$verdict" = 'nothing found'
}

main "$@"
