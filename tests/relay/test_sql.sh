#!/usr/bin/env bash
# SQL on a real Kafka: a script passes records on unchanged, from its checkpoint on; views, conditions, generators and
# common table expressions make of them what they say; what cannot be processed goes to the table for it.
. "$(dirname "$0")/lib.sh"

topic in 4 && topic out 4 && topic kept 1 && topic many 1 && topic both 1 && topic dead 1 && topic other 3 && topic united 2 && topic names 1 && checkpoint root || exit 1

tables() {
    cat <<END
SET spark.sql.streaming.checkpointLocation = $root;
CREATE TABLE records USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', subscribe '$in', startingOffsets 'earliest', includeHeaders true);
CREATE TABLE copies USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', topic '$out', trigger 'availableNow');
CREATE TABLE kept USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', topic '$kept', trigger 'availableNow');
CREATE TABLE many USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', topic '$many', trigger 'availableNow', deadLetters 'dead');
CREATE TABLE dead USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$dead');
END
}
job() { # STATEMENTS: after the tables, as a file
    { tables; echo "$1"; } >"$scratch/job.sql"
    "$leat" run "$scratch/job.sql"
}
answers() { # TEXT STATEMENTS: their answer has the text
    local said
    said=$(job "$2") || return
    grep -qF -- "$1" <<<"$said" || { echo "$said"; echo "does not say: $1"; return 1; }
}
produces() { "$envelopes" produce "$kafka" "$in" "$1" --partitions 4 --seed "$2"; }
checks() { { tables; echo "$1"; } >"$scratch/job.sql" && "$leat" check "$scratch/job.sql"; }

copies='INSERT INTO copies SELECT key, value, headers, partition, timestamp FROM records;'
crosses() { produces "$1" "$2" && checks "$copies" && job "$copies" && same "$in" "$out"; }
keeps() {
    job "CREATE TEMPORARY VIEW long AS SELECT key, value FROM records WHERE length(value) >= 8;
         INSERT INTO kept WITH halves AS (SELECT value FROM long AS l WHERE length(l.value) % 2 = 0)
             SELECT q.value FROM (SELECT value FROM halves) q;" || return
    local wanted
    wanted=$("$leat" sql -e "$(tables) CREATE TABLE m USING memory OPTIONS (trigger 'availableNow', checkpointLocation '$root/m');
        INSERT INTO m SELECT 1 AS one FROM records WHERE length(value) >= 8 AND length(value) % 2 = 0;
        SELECT * FROM m;" | grep -c '^|1 ')
    [ "$wanted" -gt 0 ] && has_count "$kept" "$wanted"
}
unites() {
    local before
    before=$("$envelopes" count "$kafka" "$in")
    job "CREATE OR REPLACE TABLE many USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$both',
             trigger 'availableNow', queryName 'unites');
         INSERT INTO many SELECT key, value FROM records UNION ALL SELECT key, value FROM records;" &&
        has_count "$both" $((2 * before))
}
# Two topics of different widths; each goes on where it was, from one checkpoint with a line for each.
joins_streams() { # RECORDS OF THE ONE, OF THE OTHER, IN ALL SO FAR
    "$envelopes" produce "$kafka" "$other" "$2" --partitions 3 --seed 7 || return
    [ "$1" -eq 0 ] || produces "$1" 8 || return
    job "CREATE TABLE others USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$other',
             startingOffsets 'earliest');
         CREATE TABLE united USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$united',
             trigger 'availableNow', queryName 'united');
         INSERT INTO united SELECT key, value FROM records
             UNION ALL SELECT CAST(CAST(partition AS STRING) AS BINARY) AS key, value FROM others WHERE partition >= 0;" || return
    has_count "$united" "$3" &&
        [ "$(tail -n +3 "$root/united/offsets/0" | grep -c '^{')" = 2 ]
}
multiplies() {
    local before
    before=$("$envelopes" count "$kafka" "$in")
    job "INSERT INTO many SELECT CAST(x AS STRING) AS value FROM records LATERAL VIEW explode(array(1, 2, 3)) t AS x;" &&
        has_count "$many" $((3 * before))
}
buries() {
    job "CREATE OR REPLACE TABLE many USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$many',
             trigger 'availableNow', deadLetters 'dead', queryName 'buries');
         INSERT INTO many SELECT CAST(1 / (offset - offset) AS STRING) AS value FROM records WHERE offset < 3;" &&
        has_count "$dead" 12
}
explains() { # each form of EXPLAIN tells of the topic
    local form
    for form in '' EXTENDED FORMATTED COST; do
        answers "$in" "EXPLAIN $form $copies" || return
    done
}
shows() { # on the console, in the session's zone, all columns but some; a SELECT goes on until it is stopped
    local some said
    some="SET spark.sql.session.timeZone = Africa/Johannesburg;
        CREATE TEMPORARY VIEW some USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$in', startingOffsets 'earliest');"
    local all="SELECT * EXCEPT (key, value, topic, timestamp, timestampType), CAST(TIMESTAMP '1970-01-01 00:00:00Z' AS STRING) AS t FROM some"
    said=$("$leat" sql -e "$some CREATE TABLE shown USING console OPTIONS (trigger 'availableNow', truncate false);
        INSERT INTO shown $all WHERE partition = 1 AND offset = 3") && grep -qF '|1        |3     |1970-01-01 02:00:00|' <<<"$said" &&
        said=$(timeout -s INT 60 "$leat" sql -q -e "$some $all WHERE partition = 1 AND offset = 3" |
            grep -m1 -F '|1        |3     |1970-01-01 02:00:00|') || { echo "$said"; return 1; }
}

# A topic is read once, when the query is made, as a table that a stream is joined with: all of it, or up to where the table says.
joins_topic() {
    local write="SET spark.sql.streaming.checkpointLocation = $scratch/k;
        CREATE TABLE k USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$names');"
    "$leat" sql -q -e "$write INSERT INTO k SELECT '1' AS key, 'one' AS value; INSERT INTO k SELECT '2' AS key, 'two' AS value;
        INSERT INTO k SELECT '3' AS key, 'three' AS value" || return
    mkdir "$scratch/asks" && printf '{"n":%d}\n' 0 1 2 3 >"$scratch/asks/1.json" &&
        looks_up '' $'|0|-|\n|1|one|\n|2|two|\n|3|three|' &&
        looks_up ", endingOffsets '{\"$names\":{\"0\":2}}'" $'|0|-|\n|1|one|\n|2|two|\n|3|-|' &&
        looks_up ", startingOffsets '{\"$names\":{\"0\":1}}', endingTimestamp '99999999999999'" $'|0|-|\n|1|-|\n|2|two|\n|3|three|' &&
        looks_up ", endingTimestamp '0'" $'|0|-|\n|1|-|\n|2|-|\n|3|-|'
}
looks_up() { # OPTIONS WANTED
    local said
    said=$("$leat" sql -q -e "CREATE TABLE names USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$names', static 'true'$1);
        CREATE TABLE asks (n BIGINT) USING json LOCATION '$scratch/asks';
        CREATE TABLE m USING memory OPTIONS (trigger 'availableNow', checkpointLocation '$scratch/looks-$RANDOM$RANDOM');
        INSERT INTO m SELECT a.n, coalesce(CAST(t.value AS STRING), '-') AS name FROM asks a
            LEFT JOIN names t ON CAST(a.n AS STRING) = CAST(t.key AS STRING);
        SELECT * FROM m") || return
    diff <(tr -d ' ' <<<"$said" | grep '^|[0-9]' | sort) <(echo "$2")
}

check "records cross unchanged" crosses 2000 1
check "a second run goes on from the checkpoint" crosses 500 2
check "views, common table expressions, queries in FROM and conditions keep what they say" keeps
check "a union of one topic with itself has each record twice" unites
before=$("$envelopes" count "$kafka" "$in")
check "a union of two topics has the records of both" joins_streams 0 300 $((before + 300))
check "a second run of it goes on in both from the checkpoint" joins_streams 50 20 $((before + 370))
check "a stream is joined with a topic that is read as a table" joins_topic
check "a lateral view makes three of one" multiplies
check "records that cannot be processed go to the table of dead letters" buries
check "EXPLAIN tells source, sink and guarantee" answers 'at-least-once' "EXPLAIN EXTENDED $copies"
check "the other forms of EXPLAIN tell of the topic" explains
check "rows of a topic are shown on the console, in the session's zone" shows
check "DESCRIBE tells the columns of a topic" answers '|value        |binary' 'DESCRIBE records;'
check "SHOW TABLES lists them" answers '|records  |' 'SHOW TABLES;'
check "DROP forgets a table" refused 2 'TABLE_OR_VIEW_NOT_FOUND' job 'DROP TABLE copies; DROP TABLE IF EXISTS copies; TABLE copies;'
check "what needs state is refused with the trigger continuous" refused 2 \
    'Continuous processing does not support Join operations.' job "CREATE TABLE n USING noop OPTIONS (trigger 'continuous 1 second');
    INSERT INTO n SELECT a.value FROM records a JOIN records b ON a.key = b.key;"
check "a topic that is not there ends the job" refused 2 'nosuch' "$leat" sql -e "CREATE TABLE t USING kafka OPTIONS (
    kafka.bootstrap.servers '$kafka', subscribe 'nosuch-$$'); CREATE TABLE n USING noop; INSERT INTO n SELECT * FROM t"
finish
