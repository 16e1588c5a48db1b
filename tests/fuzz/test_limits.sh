#!/usr/bin/env bash
# Inputs that are long or deep without end (tests/fuzz/limits): each is answered, by an error or a value, within seconds. The fuzz
# targets take them, under their sanitizers.
. "$(dirname "$0")/../support/cases.sh"
programs=${FUZZ_BUILD:-build-fuzz}/tests/fuzz
[ -x "$programs/fuzz_sql" ] || {
    echo "the fuzz targets are not built; they need clang with its libFuzzer (Debian: clang-14 libclang-rt-14-dev)"
    exit 77
}
export ASAN_OPTIONS=allocator_may_return_null=1

ends() {
    "$programs/fuzz_$1" -timeout=60 -rss_limit_mb=3000 -artifact_prefix="$scratch/" "$scratch/$1"/* >"$scratch/log" 2>&1 && return
    grep -m 1 -aE 'SUMMARY|ERROR' "$scratch/log"
    grep -a '^Running:' "$scratch/log" | tail -n 1 # which input it was
    return 1
}

tests/fuzz/limits "$scratch" || exit 1
for folder in "$scratch"/*/; do
    check "$(basename "$folder"): what is long or deep without end is answered" ends "$(basename "$folder")"
done
finish
