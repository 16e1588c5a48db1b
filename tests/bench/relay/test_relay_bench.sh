#!/usr/bin/env bash
# The relay bench runs to its end on a real broker, with the floor and leat for a second each, and prints its tables and
# its verdict; a relay that does not do what the load asks for fails it. How fast anything is, is not looked at here: bars
# may be met or missed.
set -eu
cd "$(dirname "$0")/../../.."
build=${LEAT_TEST_BUILD:-build} kafka=${LEAT_TEST_KAFKA:-}
[ -n "$kafka" ] || { echo "LEAT_TEST_KAFKA is not set; hint: tests/kafka/with-kafka $0"; exit 77; }
# leat takes what nearly is a variable of its own for a slip.
unset LEAT_TEST_KAFKA LEAT_TEST_KAFKA_PORT LEAT_TEST_BUILD
make -s BUILD="$build" "$build/bench/relay_bench" "$build/bench/floor" "$build/leat"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/leat-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out

# Nothing is placed: there may be one CPU, or none that is ours.
bench() {
    BUILD=$build "$build/bench/relay_bench" --bootstrap "$kafka" --out "$scratch/bench" --relay-cpu -1 --load-cpu -1 \
        --rates 10000 --sizes 128 --pairs 1 --seconds 1 --warmup 0 --broker-warmup 0 --drain-records 8000 --rest none \
        "$@" >"$out" 2>"$scratch/progress"
}

wrong() {
    echo "$1"
    cat "$out" "$scratch/progress"
    tail -n 20 "$scratch"/bench/*.log
    exit 1
}

# has PATTERN...: each is in the output.
has() {
    for pattern; do
        grep -q -- "$pattern" "$out" || wrong "not printed: $pattern"
    done
}

# Status 1: a bar is missed, or none could be judged. Anything else is no measurement.
status=0
bench --latency floor,leat --drain floor,leat || status=$?
[ "$status" -le 1 ] || wrong "ended with $status"
! grep -q 'FAILED RUN' "$out" || wrong "a run failed"
number='[0-9][0-9.]*'
has '^#### 10000 records/s of 128 B$' "^| floor | $number | $number | $number |" "^| leat | $number | $number | $number |" \
    '^#### Drain of 8000 records of 128 B$' "^| floor | $number | $number | - | $number | - |" \
    "^| leat | $number | $number | - | $number | $number |" '^#### Bars for leat$' \
    '^[0-9]* bars met, [0-9]* missed, [0-9]* not judged$'
for file in results.tsv latency-10000-128.svg; do
    [ -s "$scratch/bench/$file" ] || wrong "$file is missing"
done

# Relays that do wrong, as the candidate: one keeps what it should filter, one loses the headers.
cat >"$scratch/programs" <<'PROGRAMS'
keeps-all = {build}/leat relay kafka://{bootstrap}/{in} kafka://{bootstrap}/{out} --checkpoint {checkpoint} --from {from}
headless = {build}/leat relay kafka://{bootstrap}/{in} kafka://{bootstrap}/{out} --where "length(value) > 8" --drop-header "*" --checkpoint {checkpoint} --from {from}
PROGRAMS

# fails ARGUMENT...: the candidate's one run fails, which is all that the verdict needs.
fails() {
    status=0
    bench --programs "$scratch/programs" "$@" || status=$?
    [ "$status" -eq 1 ] || wrong "ended with $status, not 1: $*"
    has '; failed runs: 1$'
}
fails --candidate keeps-all --latency keeps-all,headless --drain none
has '^- FAILED RUN: keeps-all, .*: lost 0, duplicated 0, reordered 0, corrupt 0, unfiltered 100$' \
    '^- note: headless, .*: changed key, timestamp or headers of 10 records$' # it is a rival here
fails --candidate headless --latency none --drain headless
has '^- FAILED RUN: headless, .*: changed key, timestamp or headers of [1-9][0-9]* records$'
