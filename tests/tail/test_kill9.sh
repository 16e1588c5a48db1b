#!/usr/bin/env bash
# A query from a log that grows and is rotated into one file is killed with SIGKILL again and again, and started again each
# time. LEAT_KILLS (5) says how often: every other kill aims between offsets/N and commits/N, the others come when they like,
# also while the query starts. Now and then it stays down for several rotations. In the end the file is what was logged: every
# line once, in order.
. "$(dirname "$0")/../support/cases.sh"
kill_count=${LEAT_KILLS:-5} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters
killer=$build/tests/killer logger=$build/tests/logger
RANDOM=$seed
mkdir "$scratch/logs"
source=$scratch/logs/x.log out=$scratch/out checkpoint=$scratch/checkpoint load=0 pid=0

end_all() { for each in "$load" "$pid"; do [ "$each" -eq 0 ] || { kill -KILL "$each"; wait "$each"; } 2>/dev/null; done; }
at_end end_all

start_query() {
    log=$scratch/log
    "$leat" run "tail:$source" "append:$out" --checkpoint "$checkpoint" --epoch 50ms -q >"$log" 2>&1 &
    pid=$!
}

kill_at_entry() {
    for ((k = 0; k < 600; k++)); do [ -d "$checkpoint/offsets" ] && break; sleep 0.1; done
    "$killer" "$checkpoint" "$pid" 60 || { echo "no epoch was logged for a minute after start $1"; return 1; }
    wait "$pid" 2>/dev/null
    pid=0
}

kill_at_will() {
    sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
    kill -0 "$pid" 2>/dev/null || { echo "the query ended by itself after start $1"; return 1; }
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    pid=0
}

# The query is older than the log, and has read nothing when it dies for the first time.
begin() {
    start_query
    for ((k = 0; k < 600; k++)); do grep -q '^ready' "$log" && break; sleep 0.1; done
    grep -q '^ready' "$log" || return
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    pid=0
    "$logger" "$source" 20000 7200 4000 >"$scratch/lines" 2>"$scratch/logger" &
    load=$!
}

kill_again_and_again() {
    local i
    for ((i = 0; i < kill_count; i++)); do
        start_query
        if [ $((i % 2)) -eq 0 ]; then kill_at_entry "$i"; else kill_at_will "$i"; fi || return
        [ $((i % 4)) -ne 1 ] || sleep 0.8 # several rotations
    done
}

end_load() {
    kill -TERM "$load" && wait "$load"
    load=0
    lines=$(cat "$scratch/lines")
    echo "$lines lines, $(find "$scratch/logs" -name 'x.log.*' | wc -l) rotations"
    [ "$lines" -gt 1000 ]
}

finish_query() {
    timeout -k 5 180 "$leat" run "tail:$source" "append:$out" --checkpoint "$checkpoint" --until-end -q >"$log" 2>&1
}

is_exact() {
    local each
    for each in $(find "$scratch/logs" -name 'x.log.*' -printf '%f\n' | sort -t. -k3n); do
        cat "$scratch/logs/$each"
    done >"$scratch/logged"
    [ ! -e "$source" ] || cat "$source" >>"$scratch/logged"
    sort -n "$out" | cmp - "$scratch/logged" || echo "and not just in another order"
    awk '$1 != NR { print "line " NR " is " $0; exit 1 }' "$out" && cmp "$scratch/logged" "$out" &&
        [ "$(wc -l <"$out")" -eq "$lines" ]
}

echo "LEAT_SEED=$seed"
check "the query begins, and then the log" begin
check "the query goes on after each of $kill_count kills" kill_again_and_again
check "the log ends" end_load
check "the query ends in order" finish_query
check "the file is what was logged, every line once and in order" is_exact
finish
