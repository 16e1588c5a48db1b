#!/usr/bin/env bash
# Micro-batches from topic to topic, as soon as there is something, killed again and again while records come: nothing is lost or out
# of order, with limits and without, and read committed, too; and with a checkpoint that batches do not wait for.
. "$(dirname "$0")/lib.sh"

commits() { find "$1/commits" -name '[0-9]*' ! -name '*.crc' -printf '%f\n' 2>/dev/null | sort -n; }
last_commit() { commits "$1" | tail -n 1; }
has_gaps() { commits "$1" | awk 'NR > 1 && $1 > last + 1 { found = 1 } { last = $1 } END { exit !found }'; }
is_beyond() { [ "$(last_commit "$1")" != "$2" ]; }

survives() { # OPTION: of the table that is read [OPTIONS: of the one that is written, for which not each batch has an entry]
    local from to load before i
    topic from 4 && topic to 4 && checkpoint directory && mkdir -p "$directory" || return
    cat >"$directory/job.sql" <<END
CREATE TABLE records USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', subscribe '$from', startingOffsets 'earliest', $1);
CREATE TABLE copies USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$to', trigger 'processingTime 0 seconds',
    checkpointLocation '$directory/checkpoint'${2:+, $2});
INSERT INTO copies SELECT key, value, partition FROM records;
END
    background "$audit" produce "$kafka" "$from" --rate 3000 --seconds 3600 --partitions 4
    load=$pid
    for ((i = 0; i < kill_count / 2; i++)); do
        before=$(last_commit "$directory/checkpoint")
        background "$leat" run "$directory/job.sql"
        wait_for 60 is_beyond "$directory/checkpoint" "$before" || return
        sleep "0.$(((seed + i * 37) % 10))"
        kill -KILL "$pid" && wait "$pid" 2>/dev/null
    done
    background "$leat" run "$directory/job.sql"
    [ $# -eq 1 ] || wait_for 60 has_gaps "$directory/checkpoint" || return
    kill -INT "$load" && ended "$load" 60 0 && wait_for 60 "$audit" verify "$kafka" "$from" "$to" && kill -TERM "$pid" && ended "$pid" 60 0 &&
        "$audit" verify "$kafka" "$from" "$to"
}

check "batches through kill -9 lose nothing" survives "failOnDataLoss 'true'"
check "batches within limits through kill -9 lose nothing" survives "maxOffsetsPerTrigger '1000'"
check "batches of what is committed through kill -9 lose nothing" survives "kafka.isolation.level 'read_committed'"
check "batches that do not wait for their checkpoint lose nothing through kill -9" \
    survives "failOnDataLoss 'true'" "asyncProgressTrackingEnabled 'true', asyncProgressTrackingCheckpointIntervalMs '100'"
finish
