#!/usr/bin/env bash
# A query from acknowledged TCP with a spool to Kafka is killed with SIGKILL again and again under load, and started again each
# time. LEAT_KILLS (5) says how often; LEAT_SEED (the script's process id) decides when. What the sender was told to be durable
# is in the topic in the end, whatever it sent twice.
LEAT_KILLS=${LEAT_KILLS:-5}
. "$(dirname "$0")/lib.sh"

topic out 1 || exit 1
checkpoint directory
spool=$scratch/spool
acknowledged=$scratch/acknowledged
RANDOM=$seed
port=$(free_port)

start_query() {
    background "$leat" run "tcp-listen://127.0.0.1:$port" "$(url "$out")" --spool "$spool" --ack \
        --checkpoint "$directory" --epoch 50ms -q "$@"
    query=$pid
}

kill_again_and_again() {
    local i before
    for ((i = 0; i < kill_count; i++)); do
        before=$(cat "$acknowledged")
        start_query
        wait_for 60 is_more_than "$before" || { cat "$log"; return 1; }
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
        has_ended "$query" && { echo "the query ended by itself after start $i"; cat "$log"; return 1; }
        kill -KILL "$query"
        wait "$query" 2>/dev/null || true
    done
}
is_more_than() { [ "$(cat "$acknowledged")" -gt "$1" ]; }

# Every number from 0 to the last one that was sent, once or more often.
all_arrived() {
    local sent
    sent=$(tail -n 1 "$sender_log") || return
    "$envelopes" dump "$kafka" "$out" | sed -nE 's/.* value [0-9]+:"([0-9]+)" .*/\1/p' | sort -n >"$scratch/arrived"
    uniq "$scratch/arrived" >"$scratch/distinct"
    seq 0 $((sent - 1)) | cmp - "$scratch/distinct" || {
        echo "$sent sent, $(wc -l <"$scratch/distinct") of them arrived"; return 1; }
    echo "kills $kill_count, acknowledged $sent, repeated $(($(wc -l <"$scratch/arrived") - sent))"
}
end_load() {
    start_query
    kill -INT "$sender" && ended "$sender" 150 0
}
# What is acknowledged is in the spool; an end leaves there what has not been read yet.
last_has_arrived() {
    LEAT_COUNTERS=off "$leat" relay "$(url "$out")" "append://$scratch/tail" --from earliest --until-end -q \
        --checkpoint "$scratch/tail-checkpoint" --select "CAST(value AS STRING) AS value" &&
        [ "$(tail -n 1 "$scratch/tail")" -eq $(($(tail -n 1 "$sender_log") - 1)) ]
}
end_query() {
    wait_for 300 last_has_arrived && kill -INT "$query" && ended "$query" 60 0
}

echo "LEAT_SEED=$seed"
echo 0 >"$acknowledged"
background "$(dirname "$0")/spool_sender" "$port" 20000 "$acknowledged"
sender=$pid sender_log=$log
check "a query goes on after each of $kill_count kills" kill_again_and_again
check "the sender is told in the end that all is durable" end_load
check "the query ends in order" end_query
check "nothing that was acknowledged is lost" all_arrived
finish
