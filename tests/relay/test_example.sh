#!/usr/bin/env bash
# The example relay (tools/examples/relay.c) does what it says: records with a value cross byte for byte, tombstones are left
# out and counted, and started again it goes on where it was. (How it compiles, installed, is tests/core/test_install.c's.)
. "$(dirname "$0")/lib.sh"

topic in && topic out 4 && checkpoint directory || exit 1

# tells COUNT: it reads so many records, and sends those that have a value.
tells() {
    local said taken sent left_out
    said=$("$scratch/relay" "$kafka" "$in" "$out" "$directory") || { echo "$said"; return 1; }
    read -r taken sent left_out < <(tr -cd '0-9 ' <<<"$said")
    echo "$said"
    [ "$taken" -eq "$1" ] && [ "$left_out" -gt $(($1 / 20)) ] && [ "$sent" -eq $((taken - left_out)) ]
}
crosses() { # COUNT SEED
    "$envelopes" produce "$kafka" "$in" "$1" --partitions 4 --seed "$2" && tells "$1" && same "$in" "$out" --where 'length>=0'
}

check "the example compiles" compiles relay
check "records with a value cross unchanged, tombstones do not" crosses 4000 1
check "it goes on where it was" crosses 1000 2
finish
