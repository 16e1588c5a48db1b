#!/usr/bin/env bash
# The jobs of tools/examples that keep state, on a real Kafka: the query and the table that it writes as they stand in the file, the
# tables that it reads over topics. tests/tools/test_stateful_sql.sh runs them as they are, on files.
. "$(dirname "$0")/lib.sh"

data=$scratch/data
topic lines 2 && topic counts 1 && topic readings 3 && topic clicks 2 && topic events 2 && topic symbols 1 && topic orders 2 &&
    topic shown 2 && topic clicked 2 || exit 1

# put TOPIC LINE...: a record of each line; its key is the field "id", if it has one.
put() {
    local topic=$1
    shift
    serial=$((serial + 1))
    mkdir -p "$scratch/put/$topic"
    printf '%s\n' "$@" >"$scratch/.new" && mv "$scratch/.new" "$scratch/put/$topic/$serial.txt"
    "$leat" sql -q -e "CREATE TABLE lines (value STRING) USING text LOCATION '$scratch/put/$topic';
        CREATE TABLE records USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$topic', trigger 'availableNow',
            checkpointLocation '$scratch/put-$topic');
        INSERT INTO records SELECT get_json_object(value, '\$.id') AS key, value FROM lines" 2>"$scratch/said" ||
        { cat "$scratch/said"; return 1; }
}

# raw TABLE TOPIC [OPTION...]: a table over a topic.
raw() {
    local table=$1 topic=$2
    shift 2
    echo "CREATE TABLE $table USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$topic',
        startingOffsets 'earliest'$(printf ', %s' ${@+"$@"} | sed 's/^, $//'));"
}
# json TABLE TOPIC COLUMNS [WATERMARK]: a table of the values' fields.
json() {
    raw "raw_$1" "$2"
    echo "CREATE TEMPORARY VIEW $1 AS SELECT * FROM (SELECT r.* FROM
        (SELECT from_json(CAST(value AS STRING), '$3') AS r FROM raw_$1)) ${4:+WATERMARK $4};"
}
# job FILE TABLES NAME...: runs the example; these tables take the place of those of the names.
job() {
    local file=$1 tables=$2 name
    shift 2
    sed -e '/^--/d' -e "s,/data/,$data/,g; s,/var/lib/leat,$scratch/job,g" "tools/examples/$file" >"$scratch/rest.sql"
    for name in "$@"; do
        grep -q "^CREATE TABLE $name " "$scratch/rest.sql" || { echo "$file has no table $name"; return 1; }
        perl -0pi -e "s/CREATE TABLE $name .*?;\n//s" "$scratch/rest.sql"
    done
    { echo "$tables"; cat "$scratch/rest.sql"; } >"$scratch/job.sql"
    "$leat" run "$scratch/job.sql" --quiet --log-level error 2>"$scratch/said" || { cat "$scratch/said"; return 1; }
}

counts_words() {
    local tables
    tables=$(raw raw_lines "$lines"
        echo "CREATE TEMPORARY VIEW lines AS SELECT CAST(value AS STRING) AS value FROM raw_lines;"
        echo "CREATE TABLE counts USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$counts', outputMode 'update',
            trigger 'availableNow', checkpointLocation '$scratch/job/counts');")
    put "$lines" 'to be or' 'not to be' && job word_count.sql "$tables" lines counts && has_count "$counts" 4 &&
        put "$lines" 'to do' && job word_count.sql "$tables" lines counts &&
        holds $'"be" 2\n"not" 1\n"or" 1\n"to" 2\n"do" 1\n"to" 3' <("$envelopes" dump "$kafka" "$counts" |
            sed -E 's/.* value [0-9]+:"//; s/\\x22/"/g; s/\{"word":("[a-z]*"),"n":([0-9]+)\}.*/\1 \2/')
}
counts_windows() {
    local at='"2026-01-01T10:' tables
    tables=$(json readings "$readings" 'at TIMESTAMP, sensor STRING, celsius DOUBLE' 'at DELAY OF INTERVAL 10 MINUTES')
    put "$readings" "{\"at\":${at}01:00Z\",\"sensor\":\"a\",\"celsius\":20}" "{\"at\":${at}04:00Z\",\"sensor\":\"a\",\"celsius\":22}" \
        "{\"at\":${at}03:00Z\",\"sensor\":\"b\",\"celsius\":5}" &&
        job windowed_count.sql "$tables" readings && ! compgen -G "$data/averages/*.csv" &&
        put "$readings" "{\"at\":${at}20:00Z\",\"sensor\":\"b\",\"celsius\":6}" && job windowed_count.sql "$tables" readings &&
        holds $'2026-01-01T10:00:00.000Z,a,2,21.0\n2026-01-01T10:00:00.000Z,b,1,5.0' "$data"/averages/*.csv
}
finds_visits() {
    local at='"2026-01-01T' tables
    tables=$(json clicks "$clicks" 'at TIMESTAMP, user STRING, page STRING' 'at DELAY OF INTERVAL 1 MINUTE')
    put "$clicks" "{\"at\":${at}10:00:00Z\",\"user\":\"u\",\"page\":\"a\"}" "{\"at\":${at}10:20:00Z\",\"user\":\"u\",\"page\":\"b\"}" \
        "{\"at\":${at}11:00:00Z\",\"user\":\"u\",\"page\":\"a\"}" "{\"at\":${at}12:00:00Z\",\"user\":\"v\",\"page\":\"a\"}" &&
        job sessions.sql "$tables" clicks &&
        holds "{\"user\":\"u\",\"begin\":${at}10:00:00.000Z\",\"end\":${at}10:50:00.000Z\",\"clicks\":2}
{\"user\":\"u\",\"begin\":${at}11:00:00.000Z\",\"end\":${at}11:30:00.000Z\",\"clicks\":1}" "$data"/visits/*.json
}
# By the records' own keys and times: an option of a table speaks of its columns.
drops_duplicates() {
    local tables
    tables=$(raw raw_events "$events" "watermark 'timestamp 10 minutes'" "dropDuplicatesWithinWatermark 'key'"
        echo "CREATE TEMPORARY VIEW events AS SELECT r.* FROM
            (SELECT from_json(CAST(value AS STRING), 'id STRING, at TIMESTAMP, text STRING') AS r FROM raw_events);")
    put "$events" '{"id":"1","text":"one"}' '{"id":"1","text":"one"}' '{"id":"2","text":"two"}' &&
        job deduplicate.sql "$tables" events && put "$events" '{"id":"2","text":"again"}' && job deduplicate.sql "$tables" events &&
        holds $'{"id":"1","text":"one"}\n{"id":"2","text":"two"}' "$data"/once/*.json
}
looks_up() {
    local tables
    tables=$(raw raw_symbols "$symbols" "static 'true'"
        echo "CREATE TEMPORARY VIEW symbols AS SELECT r.* FROM
            (SELECT from_json(CAST(value AS STRING), 'sym STRING, name STRING') AS r FROM raw_symbols);"
        json orders "$orders" 'sym STRING, price DOUBLE, amount INT')
    put "$symbols" '{"sym":"A","name":"Alpha"}' &&
        put "$orders" '{"sym":"A","price":2.5,"amount":2}' '{"sym":"B","price":1,"amount":3}' &&
        job enrich.sql "$tables" symbols orders && holds $'{"name":"Alpha","total":5.0}\n{"name":"B","total":3.0}' "$data"/named/*.json
}
joins_streams() {
    local at='"2026-01-01T' tables
    tables=$(json shown "$shown" 'ad INT, shown_at TIMESTAMP' 'shown_at DELAY OF INTERVAL 10 MINUTES'
        json clicked "$clicked" 'click INT, clicked_at TIMESTAMP' 'clicked_at DELAY OF INTERVAL 20 MINUTES')
    put "$shown" "{\"ad\":1,\"shown_at\":${at}10:00:00Z\"}" "{\"ad\":2,\"shown_at\":${at}10:01:00Z\"}" &&
        put "$clicked" "{\"click\":1,\"clicked_at\":${at}10:05:00Z\"}" "{\"click\":2,\"clicked_at\":${at}10:30:00Z\"}" &&
        job join.sql "$tables" shown clicked &&
        holds "{\"ad\":1,\"shown_at\":${at}10:00:00.000Z\",\"clicked_at\":${at}10:05:00.000Z\"}" "$data"/pairs/*.json &&
        put "$shown" "{\"ad\":3,\"shown_at\":${at}12:00:00Z\"}" && put "$clicked" "{\"click\":9,\"clicked_at\":${at}12:00:00Z\"}" &&
        job join.sql "$tables" shown clicked &&
        holds "{\"ad\":1,\"shown_at\":${at}10:00:00.000Z\",\"clicked_at\":${at}10:05:00.000Z\"}
{\"ad\":2,\"shown_at\":${at}10:01:00.000Z\"}" "$data"/pairs/*.json
}

check "word counts are written again as they change, into another topic" counts_words
check "a window is written once, when the watermark has passed it" counts_windows
check "clicks become visits" finds_visits
check "a repeated event is read once, over two runs" drops_duplicates
check "a stream is joined with a table" looks_up
check "two streams are joined, and what has no partner comes out in the end" joins_streams
finish
