#!/usr/bin/env bash
# Standard input with a spool, and SIGKILL. What the spool has outlives the process that read it, though nobody had taken it; and
# a query into one file, killed again and again while lines come (LEAT_KILLS, 5, says how often), has each line once and in order,
# but for those that a process had read from the pipe and died with.
. "$(dirname "$0")/../support/cases.sh"
kill_count=${LEAT_KILLS:-5} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters
RANDOM=$seed
query=0 load=0 listener=0

end_all() {
    for each in "$query" "$load" "$listener"; do [ "$each" -eq 0 ] || { kill -KILL "$each"; wait "$each"; } 2>/dev/null; done
}
at_end end_all
die() { # the query
    kill -KILL "$query"
    wait "$query" 2>/dev/null
    query=0
}

# ------------------------------------------------------------ what the spool has
port=$(free_port)
mkfifo "$scratch/first"
send=("$leat" run - "tcp://127.0.0.1:$port" --spool "$scratch/spool" --checkpoint "$scratch/checkpoint" --epoch 50ms -q)
is_spooled() { grep -aq '20000$' -r "$scratch/spool"; }
nobody_listens() {
    "${send[@]}" <"$scratch/first" >"$scratch/log" 2>&1 &
    query=$!
    exec 7>"$scratch/first"
    seq 1 20000 >&7
    wait_for 60 is_spooled || { cat "$scratch/log"; return 1; }
    die
    exec 7>&-
}
the_next_one_sends() {
    LEAT_COUNTERS=$scratch/listener.counters "$leat" run "tcp-listen://127.0.0.1:$port" "append:$scratch/arrived" \
        --checkpoint "$scratch/listener" -q 2>"$scratch/said" &
    listener=$!
    wait_for 60 grep -q ^ready "$scratch/said" || { cat "$scratch/said"; return 1; }
    timeout -k 5 120 "${send[@]}" </dev/null >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
    wait_for 60 grep -q '^20000$' "$scratch/arrived" || return
    kill -INT "$listener" && wait "$listener"
    listener=0
    seq 1 20000 | cmp - "$scratch/arrived"
}

# ------------------------------------------------------------ killed again and again
mkfifo "$scratch/second"
exec 8<>"$scratch/second" # so that the pipe and what it holds outlive the query
numbers() { # of nine digits, a few hundred at a time
    local at=1
    while :; do seq -f %09.0f "$at" $((at + 299)); at=$((at + 300)); sleep 0.01; done
}
append=("$leat" run - "append:$scratch/out" --spool "$scratch/spool2" --checkpoint "$scratch/checkpoint2" --epoch 50ms -q)
has_more_than() { [ "$(wc -l <"$scratch/out")" -gt "$1" ]; }
killed_again_and_again() {
    local i before
    : >"$scratch/out"
    numbers >"$scratch/second" &
    load=$!
    for ((i = 0; i < kill_count; i++)); do
        before=$(wc -l <"$scratch/out")
        "${append[@]}" <"$scratch/second" >"$scratch/log" 2>&1 8>&- &
        query=$!
        wait_for 60 has_more_than "$before" || { cat "$scratch/log"; return 1; }
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
        kill -0 "$query" 2>/dev/null || { echo "the query ended by itself after start $i"; cat "$scratch/log"; return 1; }
        die
    done
    kill -KILL "$load"
    wait "$load" 2>/dev/null
    load=0
}
# Of the spool; the pipe is still open at our end.
reads_the_rest() { timeout -k 5 120 "${append[@]}" </dev/null >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }; }
# A death may leave one gap, what a process had read from the pipe and not yet spooled, and behind it half a line.
is_in_order() {
    awk -v most="$kill_count" '
        length($0) != 9 { torn++; next }
        $1 + 0 <= last { print "line " NR ": " $1 " after " last; failed = 1; exit }
        $1 > last + 1 { gaps++; missing += $1 - last - 1 }
        { last = $1 + 0 }
        END { printf "%d lines; %d died with their reader, at %d places, and %d are torn\n", NR, missing, gaps, torn
              exit failed || gaps > most || torn > most }' "$scratch/out"
}

echo "LEAT_SEED=$seed"
check "lines that nobody takes are spooled, and their reader is killed" nobody_listens
check "the next one sends all of them, in order" the_next_one_sends
check "a query is killed $kill_count times while lines come" killed_again_and_again
check "the last one reads the rest of the spool" reads_the_rest
check "every line is there once and in order, but for what died with its reader" is_in_order
finish
