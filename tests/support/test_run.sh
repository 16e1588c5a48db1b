#!/usr/bin/env bash
# The counters counted: what tests/run says of programs that pass, fail, skip, crash, or say one thing and end with another,
# and what tests/support/cases.sh makes of the ends of cases.
. "$(dirname "$0")/cases.sh"

# program NAME TEXT STATUS: one that prints the text and ends so.
program() {
    printf '#!/bin/sh\nprintf "%%s\\n" "%s"\nexit %s\n' "$2" "$3" >"$scratch/$1"
    chmod +x "$scratch/$1"
}

# sums_up STATUS TEXT NAME...: tests/run over these programs ends with the status, and the text as its last line.
sums_up() {
    local status=0 wanted=$1 text=$2
    shift 2
    tests/run --log "$scratch/log" "${@/#/$scratch/}" >"$scratch/said" 2>&1 || status=$?
    cat "$scratch/said"
    [ "$status" -eq "$wanted" ] || { echo "ended with $status, not $wanted"; return 1; }
    [ "$(tail -n 1 "$scratch/said")" = "$text" ] || { echo "wanted: $text"; return 1; }
}
# Each of two waits for the other, which only ends well if they run at the same time; a script among them runs alone.
side_by_side() {
    local each other wait='for i in $(seq 600); do [ ! -e OTHER ] || exit 0; sleep 0.1; done; exit 1'
    for each in left:right right:left; do
        other=$scratch/${each#*:}.on each=$scratch/${each%:*}
        printf '#!/bin/sh\ntouch %s.on\n%s\n' "$each" "${wait/OTHER/$other}" >"$each"
    done
    printf '#!/bin/sh\nsleep 0.3; [ ! -e %s/later.on ] || exit 1\n' "$scratch" >"$scratch/alone.sh"
    printf '#!/bin/sh\ntouch %s/later.on\n' "$scratch" >"$scratch/later"
    chmod +x "$scratch"/{left,right,alone.sh,later}
    tests/run --jobs 2 --log "$scratch/log" "$scratch"/{left,right,alone.sh,later} >"$scratch/said" 2>&1
    local status=$?
    cat "$scratch/said"
    [ $status -eq 0 ] && [ "$(tail -n 1 "$scratch/said")" = '4 passed, 0 failed' ]
}
shows() { sums_up 0 '3 passed, 0 failed, 2 skipped' some && grep -qxF "    skipped a: no zsh" "$scratch/said"; }
leaves_nothing() {
    mkdir "$scratch/place"
    printf '#!/bin/sh\nmkdir "$TMPDIR/folder" && echo "1 passed, 0 failed" && kill -KILL $$\n' >"$scratch/killed"
    chmod +x "$scratch/killed"
    TMPDIR=$scratch/place sums_up 1 '1 passed, 1 failed' killed && [ -z "$(ls "$scratch/place")" ]
}

# A script of cases that end with the given statuses.
cases() {
    {
        printf '%s\n' '#!/usr/bin/env bash' ". '$root/tests/support/cases.sh'"
        printf 'check "ends with %s" exit_with %s\n' $(for each; do echo "$each" "$each"; done)
        echo finish
    } | sed '2a exit_with() { echo because; return "$1"; }' >"$scratch/cases"
    chmod +x "$scratch/cases"
}
cases_end() { # STATUS TEXT CASE...
    local wanted=$1 text=$2
    shift 2
    cases "$@" && sums_up "$wanted" "$text" cases
}

program quiet 'nothing to count' 0
program crash 'nothing to count' 139
program three '3 passed, 0 failed' 0
program some $'skipped a: no zsh\n3 passed, 0 failed, 2 skipped' 0
program one_bad '3 passed, 1 failed' 1
program liar '3 passed, 1 failed' 0
program absent 'there is no broker' 77
program cmocka $'[  PASSED  ] 4 test(s).\n[  SKIPPED ] 1 test(s), listed below:' 0

check "counts are added up" sums_up 0 '8 passed, 0 failed, 1 skipped' quiet three cmocka
check "a program that says nothing and fails is one failure" sums_up 1 '1 passed, 1 failed' quiet crash
check "a failed case is counted" sums_up 1 '6 passed, 1 failed' three one_bad
check "a failed case is a failure, even if the program ends with 0" sums_up 1 '6 passed, 1 failed' three liar
check "a program that is skipped does not count as passed" sums_up 1 '0 passed, 0 failed, 1 skipped' absent
check "skipped cases are counted and shown" shows
check "what a program leaves that was killed is removed" leaves_nothing
check "programs run side by side, scripts alone" side_by_side
check "cases that pass and are skipped" cases_end 0 '2 passed, 0 failed, 1 skipped' 0 77 0
check "a case that fails" cases_end 1 '1 passed, 1 failed, 1 skipped' 0 77 3
check "cases that are all skipped skip the script" cases_end 1 '0 passed, 0 failed, 2 skipped' 77 77
check "a script without cases has failed" cases_end 1 '0 passed, 1 failed'
finish
