#!/usr/bin/env bash
# Topics that are made again, cut short or deleted under a query in micro-batches: with failOnDataLoss it ends with Spark's condition,
# without it goes around what is lost and says so; in neither case does it wait for records that are gone. Transactions' markers,
# aborted records and an open transaction are no loss.
. "$(dirname "$0")/lib.sh"
transact=$build/tests/transact

# job TOPIC DIRECTORY TRIGGER OPTION...: a script that counts the topic's records into DIRECTORY/out, by batches.
job() {
    local topic=$1 directory=$2 trigger=$3 extra='' each
    shift 3
    for each in "$@"; do extra+=", $each"; done
    mkdir -p "$directory"
    cat >"$directory/job.sql" <<END
CREATE TABLE records USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', subscribe '$topic', startingOffsets 'earliest'$extra);
CREATE TABLE counts USING append OPTIONS (path '$directory/out', outputMode 'update', trigger '$trigger',
    checkpointLocation '$directory/checkpoint');
INSERT INTO counts SELECT to_json(struct(count(*) AS n)) AS value FROM records;
END
}
run() { timeout 120 "$leat" run "$1/job.sql"; }
counted() { # DIRECTORY N: the last count that it has written
    [ "$(tail -n 1 "$1/out" 2>/dev/null)" = "{\"n\":$2}" ] || { echo "$1/out: $(tail -n 1 "$1/out"), not $2"; return 1; }
}
says() { # TEXT COMMAND...: it succeeds and says the text
    local said text=$1
    shift
    said=$("$@" 2>&1) || { echo "$said"; return 1; }
    grep -qF -- "$text" <<<"$said" || { echo "$said"; echo "does not say: $text"; return 1; }
}

fill() { "$envelopes" produce "$kafka" "$1" "$2" --partitions 1 --seed "$seed"; }
make_again() { # TOPIC N: with N records
    "$envelopes" delete "$kafka" "$1" && wait_for 60 "$envelopes" create "$kafka" "$1" 1 && fill "$1" "$2"
}

# ended_query ISOLATION FAIL...: a query that has counted 20 records and ended; then the topic is made again with 5. Sets: directory.
ended_query() {
    local t
    topic t 1 && checkpoint directory && fill "$t" 20 &&
        job "$t" "$directory" availableNow "kafka.isolation.level '$1'" "failOnDataLoss '$2'" "${@:3}" &&
        run "$directory" && counted "$directory" 20 && make_again "$t" 5
}
made_again_is_loss() {
    local directory
    ended_query "$1" true && refused 5 'offset was changed from 20 to 5' run "$directory" && counted "$directory" 20
}
made_again_is_gone_around() {
    local directory
    ended_query "$@" && says 'it was made again, or cut short' run "$directory" && counted "$directory" 25 &&
        run "$directory" && counted "$directory" 25
}

# A batch that was logged and not finished, of a topic that has only a part of it now.
pending() { # FAIL
    local last
    ended_query read_uncommitted "$1" &&
        last=$(find "$directory/checkpoint/offsets" -name "[0-9]*" ! -name "*.crc" -printf "%f\n" | sort -n | tail -n 1) &&
        sed 's/"0":20}/"0":30}/' "$directory/checkpoint/offsets/$last" >"$directory/checkpoint/offsets/$((last + 1))" &&
        grep -q '"0":30}' "$directory/checkpoint/offsets/$((last + 1))"
}
pending_is_loss() {
    local directory
    pending true && refused 5 'offset was changed from 20 to 5' run "$directory"
}
pending_is_gone_around() {
    local directory
    pending false && says 'data have been lost' run "$directory" && run "$directory" && counted "$directory" 25
}

# While a query runs, that looks for more each 100 ms.
running_query() { # ISOLATION FAIL: has counted 20. Sets: directory, t
    topic t 1 && checkpoint directory && fill "$t" 20 &&
        job "$t" "$directory" 'processingTime 100 milliseconds' "kafka.isolation.level '$1'" "failOnDataLoss '$2'" || return
    background "$leat" run "$directory/job.sql"
    wait_for 60 counted "$directory" 20
}
deleted_ends_it() {
    local directory t
    running_query "$1" true && "$envelopes" delete "$kafka" "$t" && ended "$pid" 60 5 && grep -q 'have been deleted' "$log"
}
deleted_and_made_again_is_gone_around() {
    local directory t
    running_query "$1" false && "$envelopes" delete "$kafka" "$t" && wait_for 60 grep -q 'data may have been lost' "$log" &&
        wait_for 60 "$envelopes" create "$kafka" "$t" 1 && fill "$t" 5 && wait_for 60 counted "$directory" 25 &&
        fill "$t" 3 && wait_for 60 counted "$directory" 28 && kill -TERM "$pid" && ended "$pid" 60 0
}

# What stands between records and ends ranges: markers, aborted records; behind the stable end, an open transaction.
markers_are_no_loss() { # ISOLATION N
    local t directory
    topic t 1 && checkpoint directory && "$transact" "$kafka" "$t" commit 10 && "$transact" "$kafka" "$t" abort 5 &&
        "$transact" "$kafka" "$t" commit 3 && "$transact" "$kafka" "$t" abort 4 &&
        job "$t" "$directory" availableNow "kafka.isolation.level '$1'" "maxOffsetsPerTrigger '4'" && run "$directory" &&
        counted "$directory" "$2" && run "$directory" && counted "$directory" "$2"
}
open_transaction_is_no_loss() {
    local t directory
    topic t 1 && checkpoint directory && "$transact" "$kafka" "$t" commit 10 && "$transact" "$kafka" "$t" leave 5 &&
        job "$t" "$directory" availableNow && run "$directory" && counted "$directory" 15 &&
        job "$t" "$directory" availableNow "kafka.isolation.level 'read_committed'" && run "$directory" && counted "$directory" 15
}

check "a topic made again ends the query" made_again_is_loss read_uncommitted
check "a topic made again ends the query that reads what is committed" made_again_is_loss read_committed
check "without failOnDataLoss it is read from its beginning" made_again_is_gone_around read_uncommitted false
check "without failOnDataLoss it is read from its beginning, as far as it is committed" \
    made_again_is_gone_around read_committed false
check "without failOnDataLoss it is read from its beginning within limits" \
    made_again_is_gone_around read_uncommitted false "maxOffsetsPerTrigger '2'"
check "a batch that cannot be run again ends the query" pending_is_loss
check "without failOnDataLoss what is left of such a batch is read" pending_is_gone_around
check "a topic that is deleted ends a running query" deleted_ends_it read_uncommitted
check "a topic that is deleted ends a running query that reads what is committed" deleted_ends_it read_committed
check "without failOnDataLoss a running query goes on when the topic comes again" \
    deleted_and_made_again_is_gone_around read_uncommitted
check "without failOnDataLoss a running query goes on when the topic comes again, as far as it is committed" \
    deleted_and_made_again_is_gone_around read_committed
check "markers and aborted records end no batch early" markers_are_no_loss read_committed 13
check "of aborted records that are read only the markers are left out" markers_are_no_loss read_uncommitted 22
check "a position in an open transaction is no loss" open_transaction_is_no_loss
finish
