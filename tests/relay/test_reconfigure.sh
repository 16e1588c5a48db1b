#!/usr/bin/env bash
# Partitions are added to the topics of a relay that runs: it reads and writes them without being started again, and loses
# and repeats nothing. What it cannot go on with, it says.
. "$(dirname "$0")/lib.sh"

# How soon librdkafka sees new partitions by itself is 10 s otherwise.
soon=(--option kafka.topic.metadata.refresh.interval.ms=500)

start_relay() { # IN OUT CHECKPOINT ARGUMENT...
    local in=$1 out=$2 directory=$3
    shift 3
    background "$leat" relay "$(url "$in")" "$(url "$out")" --checkpoint "$directory" --from earliest --epoch 100ms \
        "${soon[@]}" "$@"
    wait_for 60 is_ready "$log"
}

all_arrived() { diff <(records "$in") <(records "$out"); }
begins_again() { grep -q 'its partitions have changed' "$log"; }
stop_relay() { kill -TERM "$pid" && ended "$pid" 60 0; }

new_partitions_are_read() {
    local in out directory began
    topic in 2 && topic out 2 && checkpoint directory && "$envelopes" produce "$kafka" "$in" 2000 --partitions 2 &&
        start_relay "$in" "$out" "$directory" --partition key && began=$pid &&
        wait_for 60 all_arrived &&
        "$envelopes" grow "$kafka" "$in" 4 &&
        "$envelopes" produce "$kafka" "$in" 2000 --partitions 4 --seed 2 &&
        wait_for 60 all_arrived && begins_again && [ "$pid" = "$began" ] && ! has_ended "$began" &&
        stop_relay && all_arrived && grep -q '"3":' "$directory/offsets/$(last_entry "$directory")"
}
last_entry() { find "$1/offsets" -maxdepth 1 -type f -name '[0-9]*' ! -name '*.crc' -printf '%f\n' | sort -n | tail -n 1; }

# A load that goes on all the time, then one on all partitions; kept partition numbers, and three ways to cut a lane.
under_load() { # ARGUMENT...
    local in out directory load
    topic in 2 && topic out 2 && checkpoint directory || return
    background "$audit" produce "$kafka" "$in" --rate 5000 --seconds 6 --partitions 2
    load=$pid
    start_relay "$in" "$out" "$directory" "$@" && sleep 1 &&
        "$envelopes" grow "$kafka" "$out" 4 && "$envelopes" grow "$kafka" "$in" 4 &&
        wait_for 60 begins_again && ended "$load" 60 0 &&
        "$audit" produce "$kafka" "$in" --count 20000 &&
        wait_for 60 has_as_many "$in" "$out" && stop_relay &&
        "$audit" verify "$kafka" "$in" "$out" --max-replay 0
}
has_as_many() { [ "$("$envelopes" count "$kafka" "$1")" = "$("$envelopes" count "$kafka" "$2")" ]; }

cannot_be_kept() {
    local in out directory
    topic in 2 && topic out 2 && checkpoint directory && start_relay "$in" "$out" "$directory" &&
        "$envelopes" grow "$kafka" "$in" 3 && wait_for 60 has_ended "$pid" || return
    grep -F "cannot begin again with the source's new partitions" "$log" | grep -F 'the source partition cannot be kept'
}

check "records of added partitions arrive, and the process is the same" new_partitions_are_read
check "nothing is lost, repeated or moved under a load, in one stage" under_load
check "nothing is lost, repeated or moved under a load, in lanes of three stages" under_load --lanes 4 --stages 3
check "a sink that keeps partition numbers and has too few ends the relay with a reason" cannot_be_kept
finish
