#!/usr/bin/env bash
# What a query in micro-batches plans its batches by, on a real Kafka: limits where nothing more will come, and partitions that come
# while it runs.
. "$(dirname "$0")/lib.sh"

# job TOPIC DIRECTORY READ WRITE: a script that counts the topic's records into DIRECTORY/out, with options of both tables.
job() {
    mkdir -p "$2" && cat >"$2/job.sql" <<END
CREATE TABLE records USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$1', startingOffsets 'earliest'${3:+, $3});
CREATE TABLE counts USING append OPTIONS (path '$2/out', outputMode 'update', $4);
INSERT INTO counts SELECT to_json(struct(count(*) AS n)) AS value FROM records;
END
}
counted() { # DIRECTORY N: the last count that it has written
    [ "$(tail -n 1 "$1/out" 2>/dev/null)" = "{\"n\":$2}" ] || { echo "$1/out: $(tail -n 1 "$1/out"), not $2"; return 1; }
}
fill() { "$envelopes" produce "$kafka" "$1" "$2" --partitions "${3:-1}" --seed "$seed"; }

the_rest_is_read() {
    local t directory
    topic t 1 && checkpoint directory && fill "$t" 50 &&
        job "$t" "$directory" "minOffsetsPerTrigger '30', maxOffsetsPerTrigger '40'" \
            "trigger 'availableNow', checkpointLocation '$directory/checkpoint'" &&
        timeout 60 "$leat" run "$directory/job.sql" && counted "$directory" 50 && [ "$(wc -l <"$directory/out")" -eq 2 ]
}
partitions_are_told_of() {
    local t directory
    topic t 1 && checkpoint directory && fill "$t" 20 &&
        job "$t" "$directory" "kafka.topic.metadata.refresh.interval.ms '500'" "trigger 'processingTime 100 milliseconds'" || return
    background "$leat" run "$directory/job.sql"
    wait_for 30 counted "$directory" 20 && "$envelopes" grow "$kafka" "$t" 2 &&
        wait_for 30 grep -q 'the new ones are not read.*hint: set checkpointLocation' "$log" && kill -TERM "$pid" && ended "$pid" 20 0
}

check "AvailableNow does not wait for more than there is" the_rest_is_read
check "partitions that a query without a checkpoint cannot read are told of" partitions_are_told_of
finish
