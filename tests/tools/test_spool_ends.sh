#!/usr/bin/env bash
# Spools and an end in order: leat is told to end, by SIGTERM, while its spool has lines that nobody has read. The next start goes
# on with them: each line is there once, and in order.
. "$(dirname "$0")/../support/cases.sh"
export LEAT_COUNTERS=$scratch/counters

# start COMMAND...: $pid, and $log is what it says.
start() {
    log=$scratch/log
    "$@" <&0 >"$log" 2>&1 & # with the input that it is given here
    pid=$!
    children+=("$pid")
}
stop() { # PID STATUS
    local status=0
    kill -TERM "$1"
    wait "$1" 2>/dev/null || status=$?
    [ "$status" -eq "$2" ] || { echo "ended with $status, not $2"; cat "$log"; return 1; }
}
lines_of() { [ -f "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; }
# send: sends numbers, from 0 on, until more than $sent are acknowledged; $sent is how many there are then.
send() {
    rm -f "$scratch/acknowledged"
    tests/relay/spool_sender "$port" 200000 "$scratch/acknowledged" >"$scratch/sent" 2>&1 &
    local sender=$!
    children+=("$sender")
    wait_for 120 acknowledged_more_than "$sent" && kill -INT "$sender" && wait "$sender" || { cat "$scratch/sent"; return 1; }
    sent=$(tail -n 1 "$scratch/sent")
}
acknowledged_more_than() { [ "$(cat "$scratch/acknowledged")" -gt "$1" ]; } # an error until the file is there
are_all() { seq 0 $((sent - 1)) | cmp - "$1"; }

# ------------------------------------------------------------ micro-batches
# The first batch is at once, and has at most what fits into the queue of what was read ahead; the second is a year later.
queue=16384
batches() { # TRIGGER
    echo "CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port', spool '$scratch/spool', ack 'true');
        CREATE TABLE o USING append OPTIONS (path '$scratch/rows', checkpointLocation '$scratch/checkpoint', trigger '$1');
        INSERT INTO o SELECT value FROM peers" >"$scratch/job.sql"
    start "$leat" run "$scratch/job.sql" --quiet
    wait_for 120 grep -q ^ready "$log"
}
a_year_passes() {
    port=$(free_port) sent=50000
    batches 'processingTime 365 days' && send && stop "$pid" 0 || return
    [ ! -f "$scratch/rows" ] || [ "$(wc -l <"$scratch/rows")" -le "$queue" ] || { echo "the second batch has run"; return 1; }
}
it_goes_on() { batches 'processingTime 0 seconds' && wait_for 120 lines_of "$scratch/rows" "$sent" && stop "$pid" 0 && are_all "$scratch/rows"; }

# ------------------------------------------------------------ in continuous mode
relay() { # SOURCE DRAIN
    start "$leat" run "$1" "tcp://127.0.0.1:$peer" --spool "$scratch/$spool" --checkpoint "$scratch/$spool.checkpoint" --epoch 50ms \
        --drain "$2" -q "${@:3}"
}
nobody_takes() {
    port=$(free_port) peer=$(free_port) sent=50000 spool=sockets
    relay "tcp-listen://127.0.0.1:$port" 1s --ack && send && stop "$pid" 6
}
is_spooled() { grep -aq "^$((sent - 1))\$" -r "$scratch/$spool"; }
# As many as are read of a pipe though nobody takes them.
nobody_takes_what_is_piped() {
    peer=$(free_port) sent=20000 spool=pipe
    mkfifo "$scratch/fifo"
    exec 7<>"$scratch/fifo"
    relay - 1s <&7 7>&-
    seq 0 $((sent - 1)) >&7 && wait_for 120 is_spooled && stop "$pid" 6
    local status=$?
    exec 7>&-
    return "$status"
}
somebody_takes() { # SOURCE...
    LEAT_COUNTERS=$scratch/taker "$leat" run "tcp-listen://127.0.0.1:$peer" "append:$scratch/$spool.rows" \
        --checkpoint "$scratch/$spool.taken" -q 2>"$scratch/said" &
    local taker=$!
    children+=("$taker")
    wait_for 120 grep -q ^ready "$scratch/said" || { cat "$scratch/said"; return 1; }
    relay "$1" 60s "${@:2}" </dev/null
    wait_for 120 lines_of "$scratch/$spool.rows" "$sent" && it_ends "$1" && stop "$taker" 0 && are_all "$scratch/$spool.rows"
}
it_ends() { # SOURCE: a pipe's end is the query's
    if [ "$1" = - ]; then wait_for 120 has_ended "$pid" && wait "$pid"; else stop "$pid" 0; fi
}

check "leat ends in order while lines wait for a batch" a_year_passes
check "the next start gives them to one" it_goes_on
check "leat ends in order while nobody takes what a socket gave" nobody_takes
check "the next start sends it" somebody_takes "tcp-listen://127.0.0.1:$port" --ack
check "leat ends in order while nobody takes what was piped" nobody_takes_what_is_piped
check "the next start sends it before what is piped then" somebody_takes -
finish
