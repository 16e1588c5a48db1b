#!/usr/bin/env bash
# What queries with state give for keys and values that are seldom thought of, and what they say of what cannot be: each query
# reads one file of rows and writes the batches that it gives as lines.
. "$(dirname "$0")/../support/cases.sh"

mkdir "$scratch/rows"
cat >"$scratch/rows/1.json" <<'ROWS'
{"k":"a","n":1,"m":{"p":1,"r":2},"at":"2024-02-29T10:00:00Z"}
{"k":"a","n":2,"m":{"r":2,"p":1}}
{"k":null,"n":3,"m":{}}
{"k":null,"n":9223372036854775807,"m":null}
{"k":"b","n":5,"m":{"p":null}}
{"k":"c","n":4,"m":{"r":2,"p":3},"at":"2024-05-05T10:00:00Z"}
ROWS
# query MODE SELECT [OPTIONS of the table]: its rows are in $scratch/out then, what it said in $scratch/said.
query() {
    rm -rf "$scratch/job" "$scratch/out" "$scratch/dead"
    "$leat" sql -q --log-level error -e "CREATE TABLE t (k STRING, n BIGINT, m MAP<STRING, INT>, at TIMESTAMP) USING json LOCATION '$scratch/rows' ${3:-};
        CREATE TABLE dead USING append OPTIONS (path '$scratch/dead', format 'json');
        CREATE TABLE o USING append OPTIONS (path '$scratch/out', format 'json', outputMode '$1', trigger 'availableNow', ${4:-}
            checkpointLocation '$scratch/job');
        CREATE TABLE files (k STRING, c BIGINT) USING json LOCATION '$scratch/files' OPTIONS (outputMode '$1', trigger 'availableNow',
            checkpointLocation '$scratch/job');
        INSERT INTO ${5:-o} $2" >"$scratch/said" 2>&1
}
# gives ROWS MODE SELECT [OPTIONS...]: these rows, in this order.
gives() {
    local rows=$1
    shift
    query "$@" && diff -u <(printf '%s\n' "$rows") "$scratch/out" || { cat "$scratch/said"; return 1; }
}
# gives_sorted: the same, in any order.
gives_sorted() {
    local rows=$1
    shift
    query "$@" && diff -u <(printf '%s\n' "$rows" | sort) <(sort "$scratch/out") || { cat "$scratch/said"; return 1; }
}
# refuses TEXT MODE SELECT [OPTIONS...]: and says this.
refuses() {
    local text=$1
    shift
    ! query "$@" && grep -qF -- "$text" "$scratch/said" || { cat "$scratch/said"; return 1; }
}

# Four files, a batch of each; what is in the last one is late: by the watermark that the batch before it had.
mkdir "$scratch/late"
minute=0
for row in '"k":"a","at":"2026-01-01T10:00:00Z"' '"k":"b","at":"2026-01-01T11:00:00Z"' '"k":"d"' '"k":"c","at":"2026-01-01T10:00:00Z"'; do
    minute=$((minute + 1))
    echo "{$row}" >"$scratch/late/$minute.json"
    touch -d "2026-01-01 00:0$minute:00" "$scratch/late/$minute.json"
done
late() { # ROWS SELECT [OPTIONS]
    gives_sorted "$1" append "$2" "; CREATE TABLE u (k STRING, at TIMESTAMP) USING json LOCATION '$scratch/late' OPTIONS (
        maxFilesPerTrigger '1', watermark 'at 1 minute'${3:-})"
}

groups_maps() {
    gives_sorted '{"m":{"p":1,"r":2},"c":2}
{"m":{"p":3,"r":2},"c":1}
{"m":{"p":null},"c":1}
{"m":{},"c":1}
{"c":1}' complete 'SELECT m, count(*) AS c FROM t GROUP BY m'
}
joins_nulls() {
    gives_sorted '{"n":1,"o":1}
{"n":1,"o":2}
{"n":2,"o":1}
{"n":2,"o":2}
{"n":3,"o":3}
{"n":3,"o":9223372036854775807}
{"n":9223372036854775807,"o":3}
{"n":9223372036854775807,"o":9223372036854775807}
{"n":4,"o":4}
{"n":5,"o":5}' append 'SELECT a.n, b.n AS o FROM t a JOIN t b ON a.k <=> b.k'
}
sorts_by_hidden() {
    gives '{"k":"a"}
{"k":"c"}
{"k":"b"}
{}' complete 'SELECT k FROM t GROUP BY k ORDER BY max(n)' && gives '{"c":1}
{"c":1}
{"c":2}
{"c":2}' complete 'SELECT count(*) AS c FROM t GROUP BY k ORDER BY k DESC' && gives '{"c":1,"k":"c"}
{"c":1,"k":"b"}
{"c":2,"k":"a"}
{"c":2}' complete 'SELECT count(*) AS c, k FROM t GROUP BY k ORDER BY count(*) * 2, upper(k) DESC, min(n) LIMIT 4'
}
sorts_groups_of_groups() { # what the query below is written like says nothing of this one's columns
    refuses 'Invalid expressions: ["count(1)"]' complete 'SELECT k FROM (SELECT k, count(*) FROM t GROUP BY k) ORDER BY count(*)' &&
        gives '{"c":1,"k":"b"}
{"c":1,"k":"c"}
{"c":2}
{"c":2,"k":"a"}' complete 'SELECT c, k FROM (SELECT k, count(*) AS c FROM t GROUP BY k) ORDER BY c, k'
}
names_what_is_sorted_by() {
    refuses 'with name `n` cannot be resolved. Did you mean one of the following? [`c`]' \
        complete 'SELECT count(*) AS c FROM t GROUP BY k ORDER BY n'
}
refuses_modes() {
    refuses '[STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE]' update 'SELECT k, count(*) AS c FROM t GROUP BY k' '' '' files &&
        grep -qF 'Invalid streaming output mode: update. This output mode is not supported in Data Source json' "$scratch/said" &&
        refuses 'Invalid streaming output mode: complete. This output mode is not supported in Data Source json' \
            complete 'SELECT k, count(*) AS c FROM t GROUP BY k' '' '' files && [ ! -e "$scratch/job" ]
}
refuses_maps() {
    refuses 'Cannot have MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column `m` is "MAP<STRING, INT>".' \
        append 'SELECT k FROM t' "OPTIONS (dropDuplicates 'k, m')"
}
# As Spark gives it: of one pair, too, where x is no number.
gives_no_number() { gives '{"a":"NaN"}' complete "SELECT regr_slope(n, CAST('NaN' AS DOUBLE)) AS a, regr_slope(n, n * 1.0) AS b FROM t WHERE n = 1"; }
takes_months() {
    gives '{"c":1,"e":"2024-03-29 10:00:00"}' append \
        "SELECT count(*) AS c, string(session_window.end) AS e FROM t GROUP BY session_window(at, '1 month'), k" \
        "OPTIONS (watermark 'at 1 month')"
}
knows_times_that_are_read() {
    late $'{"k":"a"}\n{"k":"b"}\n{"k":"d"}\n{"k":"c"}' 'SELECT k FROM u' ", dropDuplicates 'k'" &&
        late $'{"k":"a","y":2026}\n{"k":"b","y":2026}\n{"k":"d"}' 'SELECT k, year(at) AS y FROM u' ", dropDuplicates 'k'" &&
        late $'{"k":"a"}\n{"k":"b"}\n{"k":"d"}' 'SELECT k FROM u' ", dropDuplicatesWithinWatermark 'k'" &&
        late $'{"k":"a"}\n{"k":"b"}\n{"k":"d"}\n{"k":"c"}' 'SELECT a.k FROM u a JOIN u b ON a.k = b.k' &&
        late $'{"k":"a"}\n{"k":"b"}' 'SELECT a.k FROM u a JOIN u b ON a.k = b.k AND a.at <= b.at' &&
        late $'{"k":"a","y":2026}\n{"k":"b","y":2026}\n{"k":"d"}' 'SELECT a.k, year(b.at) AS y FROM u a JOIN u b ON a.k = b.k' &&
        late $'{"k":"a"}\n{"k":"b"}\n{"k":"d"}\n{"k":"c"}\n{"k":"a","y":2026}\n{"k":"b","y":2026}\n{"k":"d"}' \
            'SELECT k, CAST(NULL AS INT) AS y FROM u UNION ALL SELECT k, year(at) AS y FROM u' ", dropDuplicates 'k'"
}
# Rows wait for their batch's entry in the checkpoint when another one ends the query.
ends_while_rows_wait() {
    mkdir -p "$scratch/waits"
    printf '{"k":"%s"}\n' 1 2 3 >"$scratch/waits/1.json" && touch -d 2026-01-01 "$scratch/waits/1.json"
    printf '{"k":"%s"}\n' 4 5 6 7 no 8 >"$scratch/waits/2.json"
    refuses '[CAST_INVALID_INPUT]' append 'SELECT CAST(k AS INT) AS n FROM w' "; CREATE TABLE w (k STRING) USING json
        LOCATION '$scratch/waits' OPTIONS (maxFilesPerTrigger '1', dropDuplicates 'k')" &&
        ! grep -q 'assertion' "$scratch/said" && [ "$(wc -l <"$scratch/out")" -ge 3 ] &&
        cmp "$scratch/out" <(printf '{"n":%s}\n' 1 2 3 4 5 6 7 | head -n "$(wc -l <"$scratch/out")")
}
# A group's result stands at no place of the source, and neither does what is said of it.
tells_of_groups() {
    refuses 'terminated with exception: [ARITHMETIC_OVERFLOW] row that an operator made: project: long overflow.' \
        complete 'SELECT k, max(n) * 2 AS x FROM t GROUP BY k' &&
        query complete 'SELECT k, max(n) * 2 AS x FROM t GROUP BY k' '' "deadLetters 'dead'," &&
        grep -q '"condition":"ARITHMETIC_OVERFLOW"' "$scratch/dead" && ! grep -qE '"(offset|partition)"' "$scratch/dead"
}

check "maps of the same entries are one group, whatever order they are written in" groups_maps
check "a join by <=> finds NULLs" joins_nulls
check "groups are sorted by what is not selected" sorts_by_hidden
check "a query over groups is sorted by its own columns" sorts_groups_of_groups
check "what is sorted by and is not there is named" names_what_is_sorted_by
check "files take no output mode but append" refuses_modes
check "dropDuplicates takes no maps" refuses_maps
check "a slope over what is no number is none" gives_no_number
check "a session's gap and a watermark's delay may be months" takes_months
check "rows are late by a time that is read behind, as in Spark" knows_times_that_are_read
check "a query ends while rows wait to be shown" ends_while_rows_wait
check "a failed result of a group is told as what it is" tells_of_groups
finish
