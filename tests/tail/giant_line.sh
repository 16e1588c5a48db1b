#!/usr/bin/env bash
# A line of 2 GiB, the longest that a value can be, goes from a log through a query into a file; one that is longer is refused,
# with the limit. Takes memory for three of them, and disk for two; a part of `make soak`. LEAT_LINE is its size.
. "$(dirname "$0")/../support/cases.sh"
line=${LEAT_LINE:-2147483632} # 0x7fffffff - 15
unset LEAT_LINE
export LEAT_COUNTERS=$scratch/counters

giant() { head -c "$1" /dev/zero | tr '\0' x; }
passes() {
    { giant "$line"; echo; echo after; } >"$scratch/in"
    "$leat" run "tail:$scratch/in" "append:$scratch/out" --until-end -q && cmp "$scratch/in" "$scratch/out"
}
is_refused() {
    { echo before; giant 2147483647; echo; } >"$scratch/in"
    rm -f "$scratch/out"
    ! "$leat" run "tail:$scratch/in" "append:$scratch/out" --until-end -q 2>"$scratch/err" || return
    cat "$scratch/err"
    grep -q "$scratch/in" "$scratch/err" && grep -q 'maxRecordBytes\|bytes' "$scratch/err"
}

check "a line of $line bytes passes" passes
[ "$line" -lt 2147483632 ] || check "a longer one is refused" is_refused
finish
