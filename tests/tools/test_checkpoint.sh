#!/usr/bin/env bash
# `leat checkpoint` and `leat state`, on the checkpoint of a query that counts words: what they say of it, what they say of it when
# it is damaged, and that the next start says the same. And what a query may not change between runs.
. "$(dirname "$0")/../support/cases.sh"

lines=$scratch/lines whole=$scratch/whole dir=$scratch/checkpoint
mkdir -p "$lines"

# count COLUMNS [SETTING...]: runs the query over what is there, up to its end; `group` says what is counted.
group=word
count() {
    local columns=$1
    shift
    {
        printf 'SET %s;\n' "spark.sql.shuffle.partitions=2" "$@"
        cat <<END
CREATE TABLE lines (value STRING) USING text OPTIONS (maxFilesPerTrigger '1') LOCATION '$lines';
CREATE TABLE counts USING append OPTIONS (path '$scratch/counts', outputMode 'update', trigger 'availableNow', checkpointLocation '$dir');
INSERT INTO counts SELECT to_json(struct(*)) AS value FROM
    (SELECT $columns FROM (SELECT explode(split(value, ' ')) AS word FROM lines) GROUP BY $group);
END
    } >"$scratch/count.sql"
    "$leat" run "$scratch/count.sql" --quiet --log-level warn >"$scratch/said" 2>&1
}
file() { printf '%s\n' "$2" >"$scratch/new" && mv "$scratch/new" "$lines/$1"; }
restore() { rm -rf "$dir" && cp -a "$whole" "$dir"; }
leaves_all() { # COMMAND...: nothing in the directory is changed by it
    local before
    before=$(find "$dir" -printf '%p %s %T@\n' | sort | sha256sum)
    "$@" >/dev/null 2>&1
    [ "$before" = "$(find "$dir" -printf '%p %s %T@\n' | sort | sha256sum)" ]
}
verify() { # STATUS
    local status=0
    "$leat" checkpoint verify "$dir" >"$scratch/verdict" 2>&1 || status=$?
    [ "$status" = "$1" ] || { echo "ended with $status and not with $1"; cat "$scratch/verdict"; return 1; }
}
says() { grep -qF -- "$1" "$scratch/verdict" || { echo "not said: $1"; cat "$scratch/verdict"; return 1; }; }
flip() { # FILE: a bit in the middle
    local at=$(($(stat -c %s "$1") / 2)) byte
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
halve() { truncate -s $(($(stat -c %s "$1") / 2)) "$1"; }
is_json() { python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)'; }

runs_twice() {
    file 1.txt 'to be or' && count 'word, count(*) AS n' && file 2.txt 'not to be' && count 'word, count(*) AS n' &&
        cp -a "$dir" "$whole" || { cat "$scratch/said"; return 1; }
}
lists() {
    "$leat" checkpoint ls "$dir" >"$scratch/verdict" && says "written by leat, not running" && says "       0  committed" &&
        says "       1  committed" && says "a start goes on with 2" && leaves_all "$leat" checkpoint ls "$dir"
}
shows() {
    "$leat" checkpoint show "$dir" >"$scratch/verdict" && says "batch 1: committed" && says 'source 0        {"logOffset":1' &&
        says "state of operator 0: stateStoreSave" && says "default: key (" && says "sources/0/0" &&
        "$leat" checkpoint show "$dir" --batch 0 >"$scratch/verdict" && says "batch 0: committed" &&
        ! "$leat" checkpoint show "$dir" --batch 7 2>"$scratch/verdict" && says "has no batch 7; hint: it has 0 to 1" &&
        leaves_all "$leat" checkpoint show "$dir"
}
gives_json() {
    local view
    for view in ls show verify; do
        "$leat" checkpoint "$view" "$dir" --json >"$scratch/verdict" && is_json <"$scratch/verdict" || return
    done
    says '"soundFiles":' && says '"faults":[]' && says '"lastCommit":1,"next":2'
}
finds_it_sound() { verify 0 && says "files are as they were written" && says "a start goes on with 2" && leaves_all "$leat" checkpoint verify "$dir"; }

refuses() { # FILE DAMAGE WHAT: verify names the file and says that a start refuses, which it does
    restore && "$2" "$dir/$1" && verify 4 && says "REFUSED  $1: " && says "$3" && says "a start refuses" &&
        leaves_all "$leat" checkpoint verify "$dir" && ! count 'word, count(*) AS n'
}
minds_not() { # FILE DAMAGE: verify names it, and a start goes on
    restore && "$2" "$dir/$1" && verify 1 && says "damaged  $1: " && says "a start does not read it" && count 'word, count(*) AS n'
}
state_file() { (cd "$whole" && find state/0 -name "$1" -size +0 | sort | head -n 1); }

every_file_of_the_state_counts() {
    local file
    for file in $(cd "$whole" && find state/0 -name '*.delta' -o -name '*.snapshot'); do
        refuses "$file" halve "[CANNOT_LOAD_STATE_STORE." && refuses "$file" flip "[CANNOT_LOAD_STATE_STORE." || return
    done
}
misses_a_file() {
    local file
    file=$(state_file 2.delta)
    restore && rm "$dir/$file" && verify 4 && says "[CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS]" && ! count 'word, count(*) AS n' &&
        restore && rm "$dir/offsets/1" && verify 4 && says "'commits/1' is ahead of 'offsets'" && ! count 'word, count(*) AS n'
}
names_a_foreign_file() {
    restore && echo hello >"$dir/notes" && echo hello >"$dir/state/0/0/notes" && verify 0 &&
        says "left     notes: it is no file of a checkpoint; a start leaves it alone" && says "left     state/0/0/notes: it is no file of state"
}
runs_a_batch_again() {
    restore && rm "$dir/commits/1"* "$dir/prepared/1"* && verify 0 && says "a start runs batch 1 again" &&
        says "it is of a batch that was not concluded; a start deletes it" && count 'word, count(*) AS n' && verify 0 && says "a start goes on with 2"
}
is_a_directory() {
    ! "$leat" checkpoint verify "$scratch/nowhere" 2>"$scratch/verdict" && says "there is no directory" &&
        ! "$leat" checkpoint verify "$lines" 2>"$scratch/verdict" && says "is not a checkpoint" &&
        ! "$leat" checkpoint vrify "$dir" 2>"$scratch/verdict" && says 'did you mean "verify"?'
}

rows() { "$leat" state "$dir" --operator 0 "$@" | sort; }
prints_state() {
    restore && rows >"$scratch/verdict" && [ "$(wc -l <"$scratch/verdict")" = 4 ] && is_json <"$scratch/verdict" &&
        says '{"key":{"word":"be"},"value":{"count()":{"count(*)":2}},"partition_id":' && leaves_all "$leat" state "$dir" --operator 0
}
prints_one_key() {
    rows --key be >"$scratch/verdict" && [ "$(wc -l <"$scratch/verdict")" = 1 ] && says '{"key":{"word":"be"}' &&
        [ "$(rows --key '{"word":"not"}' | wc -l)" = 1 ] && [ "$(rows --key '{"word":"who"}' | wc -l)" = 0 ]
}
prints_partitions() { [ "$(($(rows --partition 0 | wc -l) + $(rows -p 1 | wc -l)))" = 4 ]; }
prints_an_older_batch() {
    [ "$(rows --batch 0 | wc -l)" = 3 ] && [ "$(rows --batch 0 --key not | wc -l)" = 0 ] &&
        ! "$leat" state "$dir" --operator 0 --batch 9 2>"$scratch/verdict" && says "batch 9 is not committed; hint: the last one is 1"
}
names_what_there_is() {
    ! "$leat" state "$dir" --operator 3 2>"$scratch/verdict" && says "has no state of an operator 3; hint: there is that of 0" &&
        ! "$leat" state "$dir" --operator 0 --store left 2>"$scratch/verdict" && says 'has no store "left"; hint: it has default' &&
        ! "$leat" state "$dir" --operator 0 --partition 2 2>"$scratch/verdict" && says "Partition id 2 not found" &&
        ! "$leat" state "$dir" 2>"$scratch/verdict" && says "whose state? hint: --operator 0"
}
prints_rocksdb() {
    rm -rf "$dir" "$lines" && mkdir "$lines" && file 1.txt 'to be or' && file 2.txt 'not to be' &&
        count 'word, count(*) AS n' spark.sql.streaming.stateStore.providerClass=rocksdb && [ -d "$dir/state/0/0/rocksdb" ] &&
        prints_live_too
}
prints_live_too() { [ "$(rows | wc -l)" = 4 ] && leaves_all "$leat" state "$dir" --operator 0 && verify 0; }

goes_on_with_its_store() {
    count 'word, count(*) AS n' spark.sql.streaming.stateStore.providerClass=memory && [ -d "$dir/state/0/0/rocksdb" ] &&
        grep -q "Updating the value of conf 'spark.sql.streaming.stateStore.providerClass' in current session from 'memory' to 'rocksdb'" "$scratch/said" &&
        file 3.txt 'be' && count 'word, count(*) AS n' && grep -q '"spark.sql.streaming.stateStore.providerClass":"org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"' "$dir"/offsets/1
}
knows_settings() {
    count 'word, count(*) AS n' spark.sql.streaming.stateStore.rocksdb.blockCacheSizeMB=32 spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled=true || return
    ! count 'word, count(*) AS n' spark.sql.streaming.stateStore.rocksdb.blockCacheSiseMB=32 &&
        grep -qF '[SQL_CONF_NOT_FOUND]' "$scratch/said" && grep -qF 'did you mean "spark.sql.streaming.stateStore.rocksdb.blockCacheSizeMB"?' "$scratch/said" &&
        ! count 'word, count(*) AS n' spark.sql.streaming.stateStore.providerClass=rockdb && grep -qF '[STATE_STORE_INVALID_PROVIDER]' "$scratch/said"
}
numbers() { (cd "$dir/$1" && find . -maxdepth 1 -name '[0-9]*' ! -name '*.crc' | tr -d './a-z' | sort -n | paste -sd ' '); }
forgets_old_batches() {
    local i
    rm -rf "$dir" "$lines" && mkdir "$lines"
    for i in 1 2 3 4 5 6 7 8; do file "$i.txt" "w$i"; done
    count 'word, count(*) AS n' spark.sql.streaming.minBatchesToRetain=2 spark.sql.streaming.stateStore.minDeltasForSnapshot=2 &&
        file 9.txt w9 && count 'word, count(*) AS n' spark.sql.streaming.minBatchesToRetain=2 || return
    verify 0 && [ "$(rows | wc -l)" = 9 ] && [ "$(rows --batch 7 | wc -l)" = 8 ] || return
    local folder kept
    for folder in offsets commits prepared sinks/0; do
        kept=$(numbers "$folder")
        [ "${kept##* }" = 8 ] && [ "${kept%% *}" -ge 5 ] || { echo "$folder: $kept"; return 1; }
    done
    ! "$leat" state "$dir" --operator 0 --batch 0 2>"$scratch/verdict" && says "does not exist"
}
may_not_change() { # COLUMNS CONDITION
    restore && ! count "$1" && grep -qF "[$2]" "$scratch/said" || { cat "$scratch/said"; return 1; }
}

has_other_operators() {
    restore && { head -n -2 "$scratch/count.sql" | sed "s/OPTIONS (max/OPTIONS (dropDuplicates 'value', max/; s/'update'/'append'/"
        echo 'INSERT INTO counts SELECT value FROM lines;'; } >"$scratch/other.sql"
    ! "$leat" run "$scratch/other.sql" --quiet >"$scratch/said" 2>&1 &&
        grep -qF '[STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA]' "$scratch/said" &&
        grep -qF '[(OperatorId: 0 -> OperatorName: stateStoreSave)]; Stateful operators in current batch: [(OperatorId: 0 -> OperatorName: dedupe)]' "$scratch/said" || { cat "$scratch/said"; return 1; }
}
# A join has a store for each side and one for its counts.
prints_a_join() {
    mkdir -p "$scratch/left" "$scratch/right" && printf 'a\na\nb\n' >"$scratch/left/1.txt" && printf 'a\nc\n' >"$scratch/right/1.txt"
    cat >"$scratch/join.sql" <<END
CREATE TABLE l (value STRING) USING text LOCATION '$scratch/left';
CREATE TABLE r (value STRING) USING text LOCATION '$scratch/right';
CREATE TABLE pairs USING append OPTIONS (path '$scratch/pairs', trigger 'availableNow', checkpointLocation '$scratch/join');
INSERT INTO pairs SELECT l.value FROM l JOIN r ON l.value = r.value;
END
    "$leat" run "$scratch/join.sql" --quiet || return
    ! "$leat" state "$scratch/join" --operator 0 2>"$scratch/verdict" &&
        says 'has several stores and none called "default"; hint: it has left-keyToNumValues, left-keyWithIndexToValue, right-' &&
        "$leat" state "$scratch/join" --operator 0 --store left-keyWithIndexToValue | sort >"$scratch/verdict" &&
        [ "$(wc -l <"$scratch/verdict")" = 3 ] && is_json <"$scratch/verdict" && says '{"key":{"value":"a","index":1},"value":{"matched":' &&
        "$leat" state "$scratch/join" --operator 0 --store left-keyToNumValues --key a >"$scratch/verdict" &&
        says '{"key":{"value":"a"},"value":{"value":2},"partition_id":' &&
        "$leat" checkpoint verify "$scratch/join" >"$scratch/verdict" && says 'a start goes on with 1'
}
# Batch after batch, old ones of which are forgotten, while others look.
looks_beside_a_query() {
    local query i status=0
    dir=$scratch/running
    cat >"$scratch/running.sql" <<END
CREATE TABLE numbers USING rate OPTIONS (rowsPerSecond '1000');
CREATE TABLE counts USING append OPTIONS (path '$scratch/running.out', outputMode 'update', trigger 'processingTime 300 milliseconds',
    checkpointLocation '$dir', minBatchesToRetain '3', minDeltasForSnapshot '2');
INSERT INTO counts SELECT to_json(struct(*)) AS value FROM (SELECT value % 50 AS k, count(*) AS n FROM numbers GROUP BY value % 50);
END
    "$leat" run "$scratch/running.sql" --quiet >"$scratch/said" 2>&1 &
    query=$!
    for ((i = 0; i < 600; i++)); do compgen -G "$dir/commits/[0-9]*" >/dev/null && break; sleep 0.1; done
    for ((i = 0; i < 600 && status == 0; i++)); do
        [ "$i" -lt 12 ] || ! compgen -G "$dir/commits/[1-9][0-9]*" >/dev/null || break # ten batches
        { verify 0 && says "in use by pid $query" && "$leat" state "$dir" --operator 0 >"$scratch/rows" && is_json <"$scratch/rows"; } || status=1
    done
    kill "$query"
    wait "$query" || { cat "$scratch/said"; status=1; }
    dir=$scratch/checkpoint
    return "$status"
}

check "a query with state runs twice" runs_twice
check "ls lists its batches" lists
check "show shows offsets, notes and state" shows
check "each view is JSON, too" gives_json
check "verify finds it sound" finds_it_sound
check "metadata that is cut refuses" refuses metadata halve "it has"
check "a flipped bit in the last offsets refuses" refuses offsets/1 flip "its CRC32C is"
check "a flipped bit in the last commit refuses" refuses commits/1 flip "its CRC32C is"
check "a flipped bit in old offsets is no harm" minds_not offsets/0 flip
check "an old commit that is cut is no harm" minds_not commits/0 halve
check "damage in a source's log refuses" refuses sources/0/0 flip "its CRC32C is"
check "damage in the metadata of state refuses" refuses state/0/_metadata/metadata flip "its CRC32C is"
check "every file of the state counts" every_file_of_the_state_counts
check "what is missing is named" misses_a_file
check "a foreign file is named, and is no harm" names_a_foreign_file
check "a batch that was not concluded is run again" runs_a_batch_again
check "what is no checkpoint is an error" is_a_directory
check "state is printed as JSON lines" prints_state
check "one key of the state" prints_one_key
check "partitions of the state" prints_partitions
check "the state of an older batch" prints_an_older_batch
check "what is not there is told with what is" names_what_there_is
check "the stores of a join are printed by their names" prints_a_join
group='length(word)'
check "other keys are refused" may_not_change 'length(word) AS l, count(*) AS n' STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE
group=word
check "other aggregates are refused" may_not_change 'word, max(word) AS n' STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE
check "other operators are refused" has_other_operators
check "a query that runs is looked at, and goes on" looks_beside_a_query
check "old batches and their state are forgotten" forgets_old_batches
check "the state of a store in RocksDB is printed alike" prints_rocksdb
check "a query goes on with the store that it began with" goes_on_with_its_store
check "settings of RocksDB are known, and no others" knows_settings
finish
