#!/usr/bin/env bash
# leat run SOURCE SINK on a real Kafka: --schema takes a value apart and puts it together again, the rest of the record stays as
# it was; what does not parse stops it, or goes to the --dlq; a configuration and a script of SQL are run from their files.
. "$(dirname "$0")/lib.sh"

topic in 2 && topic csv 1 && topic out 2 && topic texts 2 && topic table 1 && topic bad 1 && topic dead 1 && topic kept 1 &&
    topic routed 1 && checkpoint first && checkpoint second || exit 1

write() { # TOPIC QUERY: its rows into the topic
    "$leat" sql -q -e "CREATE TABLE t USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$1', checkpointLocation '$scratch/write-$1');
        CREATE TABLE ids USING memory; INSERT INTO ids SELECT explode(sequence(1, 10)) AS id; INSERT INTO t $2" 2>"$scratch/err" ||
        { cat "$scratch/err"; return 1; }
}
run() { # IN OUT ARGUMENT...: from the beginning to what is the end now
    local in=$1 out=$2
    shift 2
    serial=$((serial + 1))
    "$leat" run "$(url "$in")" "$(url "$out")" --checkpoint "$scratch/run-$serial" --from earliest --until-end -q "$@"
}
# holds TOPIC QUERY LINE...: what the query says of the topic's records, sorted
holds() {
    local read=$1 query=$2 wanted shown
    shift 2
    wanted=$(printf '%s\n' "$@" | sort)
    shown=$("$leat" sql -q -e "CREATE TABLE t USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$read',
            startingOffsets 'earliest', includeHeaders true);
        CREATE TABLE m USING memory OPTIONS (trigger 'availableNow', checkpointLocation '$scratch/holds-$RANDOM$RANDOM');
        INSERT INTO m SELECT concat('= ', $query) AS line FROM t; SELECT line FROM m" 2>"$scratch/err" |
        sed -nE 's/^\|= (.*[^ ]) *\|$/\1/p' | sort)
    [ "$shown" = "$wanted" ] || { cat "$scratch/err"; diff <(echo "$wanted") <(echo "$shown"); return 1; }
}

value="CAST(value AS STRING)"
filters() {
    write "$in" "SELECT CAST(CAST(id AS STRING) AS BINARY) AS key, to_json(struct(id AS n, id * 1.5D AS price,
        concat('s', id) AS sym, id AS timestamp)) AS value, array(struct('h' AS key, CAST('x' AS BINARY) AS value)) AS headers
        FROM ids" || return
    run "$in" "$out" --schema "sym string, price double, timestamp bigint" --where "price > 12 and _key <> '9'" || return
    holds "$out" "concat_ws(' ', CAST(key AS STRING), $value, headers[0].key)" \
        '10 {"sym":"s10","price":15.0,"timestamp":10} h' &&
        same_times
}
same_times() { # the times of the records, which their fields' name is in no way of
    holds "$out" "CAST(timestamp < current_timestamp() AND timestamp > TIMESTAMP '2020-01-01' AS STRING)" true
}
selects() {
    run "$in" "$texts" --schema "sym string, price double" --where "price < 4" --out-format csv \
        --select "upper(sym) as s, price * 2 as twice, sym as _key" &&
        holds "$texts" "concat_ws(' ', CAST(key AS STRING), $value)" 's1 S1,3.0' 's2 S2,6.0'
}
reads_csv() {
    write "$csv" "SELECT concat(id, ';', '2026-11-0', id % 10, ';x') AS value FROM ids WHERE id < 3" || return
    run "$csv" "$table" --format csv --format-option 'sep=;' --schema "id int, day date, name string" &&
        holds "$table" "$value" '{"id":1,"day":"2026-11-01","name":"x"}' '{"id":2,"day":"2026-11-02","name":"x"}'
}
is_text() {
    run "$csv" "$routed" --format text --where "value like '1%'" --select "reverse(value) as value" &&
        holds "$routed" "$value" 'x;10-11-6202;1'
}
routes() { # by a topic of the row's own
    run "$csv" "$texts" --format csv --format-option 'sep=;' --schema "id int, day date, name string" --select "id, '$kept' as _topic" &&
        holds "$kept" "$value" '{"id":1}' '{"id":2}'
}
buries() {
    write "$bad" "SELECT 'k' AS key, CASE WHEN id = 1 THEN '{\"n\":1}' WHEN id = 2 THEN '{\"n\":' WHEN id = 3 THEN '{\"n\":\"x\"}' END
        AS value FROM ids WHERE id < 5" || return
    topic alive 1 || return
    run "$bad" "$alive" --schema "n int" --dlq "$(url "$dead")" &&
        holds "$alive" "coalesce($value, 'nothing')" '{"n":1}' nothing && holds "$dead" "$value" '{"n":' '{"n":"x"}'
}
stops() { topic none 1 && run "$bad" "$none" --schema "n int"; }
prints() { # to the console, with no line of progress between
    local shown
    shown=$("$leat" run "$(url "$in")" console: --schema "sym string, price double" --where "price > 14" --from earliest --until-end) &&
        grep -qF '|sym|price|' <<<"$shown" && grep -qF '|s10| 15.0|' <<<"$shown" && ! grep -q '^{' <<<"$shown" || { echo "$shown"; return 1; }
}
configures() {
    topic copied 2 || return
    cat >"$scratch/relay.yaml" <<END
source: {url: "$(url "$in")"}
sink: {url: "$(url "$copied")"}
relay: {schema: "sym string", select: "sym", checkpoint: "$first", from: earliest, format-option: [mode=PERMISSIVE]}
END
    "$leat" check "$scratch/relay.yaml" >/dev/null && "$leat" run "$scratch/relay.yaml" --until-end -q && has_count "$copied" 10
}

check "a value is read by its schema, filtered, and written again with its record's key, headers and time" filters
check "a list makes the row, and _key the record's key; csv goes out" selects
check "csv is read with its options" reads_csv
check "text is one column" is_text
check "a list chooses the topic" routes
check "what does not parse goes to the dlq, and no value stays no value" buries
check "without one it stops the query" refused 1 'malformed' stops
check "rows go to the console as columns" prints
check "a configuration is run and checked from its file, with options behind it" configures
check "a topic that is not there is told" refused 2 'nosuch' "$leat" run "$(url "nosuch-$$")" noop: --schema "a int"
check "a broker that is not there is told" refused 3 'no broker answer' "$leat" run kafka://127.0.0.1:1/t noop: --startup-timeout 2s
finish
