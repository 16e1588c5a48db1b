#!/bin/sh
# The small benches run to their end, check their results (a wrong one ends them with 1) and print a table and a line
# for each bar. How fast anything is, is not looked at here.
set -eu
cd "$(dirname "$0")/../.."
build=${LEAT_TEST_BUILD:-build}
if ! echo '#include <benchmark/benchmark.h>' | ${CXX:-g++} -E -x c++ - >/dev/null 2>&1; then
    echo "Google Benchmark is not installed: make setup-bench"
    exit 77
fi
make -s BUILD="$build" "$build/bench/micro_bench" "$build/bench/inprocess_bench" "$build/bench/io_bench" \
    "$build/bench/sql_bench" "$build/bench/tail_bench" "$build/bench/sockets_bench" "$build/bench/spool_bench" \
    "$build/bench/files_bench" "$build/bench/files_by_hand" "$build/bench/recovery_bench" \
    "$build/bench/state_bench" "$build/bench/batch_bench" "$build/leat"
out=$(mktemp)
dir=$(mktemp -d)
trap 'rm -rf "$out" "$dir"' EXIT
trap 'exit 143' INT TERM

# has PATTERN...: each is in the output.
has() {
    for pattern; do
        grep -q -- "$pattern" "$out" || { echo "not printed: $pattern"; cat "$out"; exit 1; }
    done
}

LEAT_BENCH_SMOKE=1 "$build/bench/micro_bench" >"$out"
has '^row claim and release/fused ' '^histogram record ' '^filter value:price > 100/1 KiB ' '^project '
if [ "$(nproc)" -gt 1 ]; then
    has '^ring hop p50/leat ' '^ring hop p50 / raw exchange: .* x (bar <= 1.10) not judged$' \
        '^ring throughput: .* M records/s (bar >= .*) not judged$'
fi

LEAT_BENCH_SMOKE=1 "$build/bench/inprocess_bench" >"$out"
has '^fused/cost ' '^an empty operator adds: .* ns per record (bar <= 5.00) not judged$'
if [ "$(nproc)" -gt 1 ]; then
    has '^three stages/p50 ' '^two ring hops at 1 M records/s: .* ns (bar <= 1000.00) not judged$'
fi

# What it sends and reads, it compares itself.
LEAT_BENCH_SMOKE=1 "$build/bench/io_bench" >"$out"
has '^echo 128 B, by hand, spinning, p50' '^echo 128 B, epoll, parked, p99' '^file, pread ' '^idle poll, epoll ' \
    '^echo 128 B, epoll, parked, wake-ups not held, p50' '^epoll, parked, of spinning, p50: '
# Containers often forbid it, and the relay by hand has nothing else.
has_uring=true
grep -q '^without io_uring' "$out" && has_uring=false

# Each line, frame, record and file that comes out is compared with what went in.
LEAT_BENCH_SMOKE=1 "$build/bench/tail_bench" "$build/leat" >"$out"
has '^by hand p50 ' '^leat, parked, wake-ups not held p99 ' '^append to seen, p50: .* us (bar <= 50.00) not judged$'
LEAT_BENCH_SMOKE=1 "$build/bench/spool_bench" "$dir" >"$out"
has '^by hand, fdatasync for each record ' '^spool at 1 ms: .* (bar >= 10.00) not judged$'
# Its processes check their rows, and are killed and started again; what they write is to reach a disk, which $dir may not be on.
LEAT_BENCH_SMOKE=1 "$build/bench/recovery_bench" "$build" >"$out"
has '^1 GB in memory, from the start of the process: .* s (bar <= 2.00) not judged$' '^the limit of 512 MiB: ' \
    '^a commit of 1,000 changes of 1 M, of their bytes: .* x (bar <= 2.00) not judged$'
LEAT_BENCH_SMOKE=1 "$build/bench/files_bench" --leat "$(realpath "$build/leat")" --by-hand "$build/bench/files_by_hand" \
    --directory "$dir" --python "$dir/no-python" >"$out"
has '^text, 90 % hits/grep -F ' '^PySpark local\[1\]: no "' \
    '^JSON, two fields: .* x the loop by hand.s CPU time (bar <= 1.50) not judged$'
if $has_uring; then
    for kind in tcp udp; do
        LEAT_BENCH_SMOKE=1 "$build/bench/sockets_bench" "$build/leat" "$dir/log" $kind >"$out" || { cat "$dir/log"; exit 1; }
        has '^by hand, parked p50 ' '^p99, spinning: .* x by hand (bar <= 1.25) not judged$' \
            '^p50, leat, parked, wake-ups not held, of by hand, .* x$' '^leat by epoll, spinning p50 '
    done
    # In the slot of the rivals, with one that is none: it lets through what is to be kept.
    LEAT_BENCH_SMOKE=1 "$build/bench/sockets_bench" "$build/leat" "$dir/log" rivals \
        "a rival=python3 tests/bench/socket_rival.py keep" >"$out" || { cat "$dir/log"; exit 1; }
    has '^a rival p50 ' '^p99 of a rival, of leat.s, spinning: .* x (bar >= 10.00) not judged$'
    # A relay that lets everything through is found out.
    if LEAT_BENCH_SMOKE=1 "$build/bench/sockets_bench" "$build/leat" "$dir/log" rivals \
        "a rival=python3 tests/bench/socket_rival.py 0" >"$out" 2>&1; then exit 1; fi
    has "^bench: wrong result: frame 2 came out as '001000001 drop"
fi

# With a Python that has neither Spark nor DuckDB: they are told, and left out. What agrees is checked by the bench itself.
LEAT_BENCH_SMOKE=1 "$build/bench/sql_bench" --python "$dir/no-python" --directory "$dir" >"$out"
has '^PySpark local\[1\], a batch: not measured: no "' '^DuckDB, one thread: not measured: no "' \
    '^a filter on JSON fields/leat ' '^a filter by from_json/by hand ' '^d Nexmark q22/leat ' \
    '^b twelve expressions, of the loop by hand: .* x its time (bar <= 1.50) not judged$'

# Queries with state: a model compares what comes out. Engines that are not there, do not know a query, end in it or take too long
# are left out; one with a wrong answer is found out.
if [ -n "${LEAT_TEST_KAFKA:-}" ]; then
    LEAT_COUNTERS=off LEAT_BENCH_SMOKE=1 "$build/bench/state_bench" "$LEAT_TEST_KAFKA" "$dir" \
        "nobody=printf 'missing\tno jars\n'" \
        "silent=printf 'ready\t1.0\n'; while read -r line; do printf 'unknown\tnot its trade\n'; done" \
        "short=printf 'ready\t1.0\n'; read -r line" >"$out"
    has '^sessions, a gap of 5 s: short, memory, is left out: it has ended after ' \
        '^Nexmark q7/leat, memory: .* rows per CPU-second$' \
        '^nobody: not measured: no jars$' '^silent: 1.0$' '^inner join within 10 s: silent, memory, is left out: not its trade$' '^windowed count and sum, 1 k keys: .*, as the model says; .* s$' \
        '^sessions, a gap of 5 s/leat, memory ' '^inner join within 10 s/leat, rocksdb ' '^Nexmark q5/leat, memory ' \
        '^Nexmark q6, by custom state: [1-9][0-9]* rows come out of .*, as the model says' '^Nexmark q6, by custom state/leat, rocksdb '
    LEAT_COUNTERS=off LEAT_BENCH_SMOKE=1 "$build/bench/state_bench" "$LEAT_TEST_KAFKA" "$dir" --query q7 --limit 1 \
        "slow=printf 'ready\t1.0\n'; while read -r line; do :; done" >"$out"
    has '^Nexmark q7: slow, rocksdb, is left out: it was stopped after .* s, the limit is 1 s$'
    if LEAT_COUNTERS=off LEAT_BENCH_SMOKE=1 "$build/bench/state_bench" "$LEAT_TEST_KAFKA" "$dir" --query join \
        "liar=printf 'ready\t1.0\n'; while read -r line; do printf 'answer\t1\t2\t3\n'; done" >"$out" 2>&1; then exit 1; fi
    has '^bench: wrong result: inner join within 10 s: liar, memory, answers 1 rows of 2 in all, and the model '

    # Each micro-batch has to be whole, in order, and committed.
    LEAT_COUNTERS=off LEAT_BENCH_SMOKE=1 "$build/bench/batch_bench" "$LEAT_TEST_KAFKA" "$dir" >"$out"
    has '^two syncs of the disk p50 ' '^projection, seen p50 ' \
        '^projection, by hand to committed p50: .* us (bar <= 3000.00) not judged$' \
        '^count by key, by hand to committed p99: .* us (bar <= 10000.00) not judged$'
fi

# An option that is not there, and a filter that no bench fits, are errors.
if "$build/bench/state_bench" localhost:1 "$dir" --percent 0 >"$out" 2>&1; then exit 1; fi
has '^bench: wrong result: --percent is a number from 1 to 10000, and not "0"$'
if "$build/bench/state_bench" localhost:1 "$dir" --query q13 >"$out" 2>&1; then exit 1; fi
has '^bench: wrong result: no query begins with "q13"$'
if LEAT_BENCH_SMOKE=1 "$build/bench/micro_bench" --benchmark_repetitionz=3 >"$out" 2>&1; then exit 1; fi
if LEAT_BENCH_SMOKE=1 "$build/bench/micro_bench" --benchmark_filter=nothing-like-it >"$out" 2>&1; then exit 1; fi
