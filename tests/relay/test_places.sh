#!/usr/bin/env bash
# Places that are not what the relay was told: positions that a topic does not have, sinks that are their own source, topics
# and partitions that rows name and that cannot be, dead letters' topics that go away.
. "$(dirname "$0")/lib.sh"
port=${kafka#*:}

topic in
produce_input() { "$envelopes" produce "$kafka" "$in" 1000 --partitions 2 --seed 11; }

# ---------------------------------------------------------------------------------------- positions

# A checkpoint of $again at its end; then the topic is made again, with less in it.
make_again() {
    topic again 2 && topic out 2 && checkpoint place && "$envelopes" produce "$kafka" "$again" 400 --partitions 2 --seed 1 &&
        relay "$again" "$out" "$place" && "$envelopes" delete "$kafka" "$again" &&
        wait_for 60 "$envelopes" create "$kafka" "$again" 2 && "$envelopes" produce "$kafka" "$again" 100 --partitions 2 --seed 2
}
topic_made_again() { refused 5 'deleted and re-created; hint: the partition has offsets 0 to ' relay "$again" "$out" "$place"; }
goes_on_when_told() {
    relay "$again" "$out" "$place" --source-option failOnDataLoss=false && has_count "$out" 500
}
beyond_the_end() {
    local directory
    checkpoint directory
    refused 5 'was 100000 but consumer reset to 0; hint: ' "$leat" relay "$(url "$in")" "$(url "$out")" --checkpoint "$directory" --until-end -q \
        --source-option "startingOffsets={\"$in\":{\"0\":0,\"1\":100000}}"
}

# edited OFFSET: a checkpoint that says this of every partition.
edited() {
    local directory sound
    topic sound 2 && checkpoint directory && relay "$in" "$sound" "$directory" || return
    find "$directory" -name '*.crc' -delete && sed -i -E "s/(\"[0-9]+\"):[0-9]+/\\1:$1/g" "$directory"/offsets/[0-9]* &&
        refused 4 'source kafka: the offsets in the checkpoint are damaged: line 1, column ' relay "$in" "$sound" "$directory"
}

# ---------------------------------------------------------------------------------------- loops

feeds_itself() { # ARGUMENT...
    local directory
    checkpoint directory
    refused 2 "topic \"$in\" is both source and sink: the query would feed itself" \
        "$leat" relay "$@" --checkpoint "$directory" --from earliest --until-end -q
}
rows_that_would_come_back() {
    local directory
    checkpoint directory
    refused 1 "topic \"$in\": it is both source and sink: the query would feed itself" \
        "$leat" relay "$(url "$in")" "kafka://127.1:$port" --select "'$in' as topic" --checkpoint "$directory" \
        --from earliest --until-end -q && has_count "$in" 1000
}

# ---------------------------------------------------------------------------------------- rows

impossible_topic() {
    local directory dead
    topic dead 1 && checkpoint directory &&
        "$leat" relay "$(url "$in")" "kafka://$kafka" --checkpoint "$directory" --from earliest --until-end -q \
            --partition key --dlq "$(url "$dead")" --select "$1 as topic" && has_count "$dead" 1000
}
dead_letter_topic_deleted() {
    local directory dead to
    topic to 2 && topic dead 1 && checkpoint directory || return
    background "$leat" relay "$(url "$in")" "$(url "$to")" --checkpoint "$directory" --dlq "$(url "$dead")" \
        --where 'raise_error(cast(offset as string)) is null' -q
    wait_for 60 is_ready "$log" && "$envelopes" delete "$kafka" "$dead" &&
        "$envelopes" produce "$kafka" "$in" 10 --partitions 2 --seed 12 && ended "$pid" 60 1 &&
        grep -qF "dead-letter sink: sink kafka: topic \"$dead\": " "$log"
}

# A dlq is no advice to someone whose dlq does not take the record.
dead_letter_too_large() {
    local big directory dead to
    topic big && topic to && topic dead && checkpoint directory &&
        "$envelopes" create "$kafka" "$to" 2 100000 && "$envelopes" create "$kafka" "$dead" 1 100000 &&
        "$envelopes" produce "$kafka" "$big" 200 --partitions 2 --big 50 --seed 13 &&
        refused 1 'its dead letter cannot be written: ' relay "$big" "$to" "$directory" --dlq "$(url "$dead")" || return
    ! relay "$big" "$to" "$directory" --dlq "$(url "$dead")" 2>&1 | grep 'hint: a dead-letter sink'
}

check "envelopes are made" produce_input
check "a topic is made again, with less in it" make_again
check "a position behind its end is lost data, not the end" topic_made_again
check "failOnDataLoss=false relays what it has" goes_on_when_told
check "starting offsets behind the end are refused" beyond_the_end
check "a checkpoint with half an offset is damaged" edited 2.5
check "a checkpoint with a text for an offset is damaged" edited '"259"'
check "a checkpoint with too large an offset is damaged" edited 99999999999999999999
check "a relay back into its topic is refused, by another address" feeds_itself "$(url "$in")" "kafka://127.1:$port/$in"
check "a pattern that matches the sink is refused" \
    feeds_itself "kafka://$kafka" "$(url "$in")" --source-option "subscribePattern=$run_name-.*-in"
check "dead letters into the source are refused" feeds_itself "$(url "$in")" "$(url "$out")" --dlq "kafka://127.1:$port/$in"
check "a row that would come back stops it" rows_that_would_come_back
check "rows that name an impossible topic are dead-lettered" impossible_topic "'bad/name'"
check "rows that name no topic are dead-lettered" impossible_topic "''"
check "a dead-letter topic that is deleted is named as that" dead_letter_topic_deleted
check "a dead letter that is too large ends it, and is not told to use a dlq" dead_letter_too_large
finish
