#!/bin/sh
# Kafka Streams and Flink answer each query of bench/state as the model does, with a few rows and both of their stores. It fetches
# them from Maven Central, some 200 MB at first, so it is asked for: LEAT_TEST_RIVALS=1.
set -eu
cd "$(dirname "$0")/../.."
build=${LEAT_TEST_BUILD:-build}
if [ "${LEAT_TEST_RIVALS:-}" != 1 ]; then
    echo "other engines are not fetched unasked: LEAT_TEST_RIVALS=1"
    exit 77
fi
for program in mvn javac; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
[ -n "${LEAT_TEST_KAFKA:-}" ] || { echo "no Kafka: tests/kafka/with-kafka"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 143' INT TERM
for rival in kstreams flink; do
    bench/rivals/$rival/build.sh >"$dir/build.log" 2>&1 || { cat "$dir/build.log"; echo "$rival cannot be built here"; exit 77; }
done
make -s BUILD="$build" "$build/bench/state_bench"
LEAT_COUNTERS=off LEAT_BENCH_SMOKE=1 "$build/bench/state_bench" "$LEAT_TEST_KAFKA" "$dir" --limit 300 \
    "Kafka Streams=MAIN=State JAVA_OPTS=-XX:-AlwaysPreTouch exec bench/rivals/kstreams/run.sh" \
    "Flink=MAIN=State JAVA_OPTS=-XX:-AlwaysPreTouch exec bench/rivals/flink/run.sh" >"$dir/out" || { cat "$dir/out" "$dir"/rival-*.log; exit 1; }
# Eleven queries, two engines, two stores; a wrong answer has ended it before.
told=$(grep -c 'rows per CPU-second, of which leat has' "$dir/out")
[ "$told" -eq 44 ] || { echo "$told of 44 were measured"; cat "$dir/out" "$dir"/rival-*.log; exit 1; }
