#!/usr/bin/env bash
# Every fuzz target for a few seconds (FUZZ_SECONDS): `make fuzz` is the long run.
set -u
cd "$(dirname "$0")/../.." || exit 1
targets=()
for file in tests/fuzz/fuzz_*.c; do
    name=${file##*/fuzz_}
    targets+=("${name%.c}")
done
exec tests/fuzz/run --fresh --seconds "${FUZZ_SECONDS:-5}" "${targets[@]}"
