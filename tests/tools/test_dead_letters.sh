#!/usr/bin/env bash
# Records that cannot be processed go to any sink, with the bytes that they were, where from and why: rows of JSON in one file, in
# a directory, on standard output; CSV where the name says so; from the command line and from SQL.
. "$(dirname "$0")/../support/cases.sh"

printf '%s\n' '{"n":1}' 'not "JSON"' '{"n":2}' >"$scratch/in.jsonl"
original=$(printf 'not "JSON"' | base64)

run() { "$leat" run "$@" --quiet --log-level error 2>"$scratch/said" || { cat "$scratch/said"; return 1; }; }
# from_file DLQ OPTION...: the good ones go to $scratch/good.
from_file() {
    local dlq=$1
    shift
    rm -rf "$scratch/good"
    run "tail:$scratch/in.jsonl" "append:$scratch/good" --schema 'n int' --format json --format-option mode=FAILFAST --dlq "$dlq" \
        --checkpoint "$(mktemp -d "$scratch/checkpoint.XXXXXX")" --until-end "$@" &&
        diff <(printf '%s\n' '{"n":1}' '{"n":2}') "$scratch/good"
}
# is_letter FILE: one row, of the record.
is_letter() {
    python3 - "$1" "$original" "$scratch/in.jsonl" <<'CHECK'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert len(rows) == 1, rows
row = rows[0]
assert list(row) == ["condition", "message", "stage", "source", "partition", "offset", "failed", "value"], row
assert row["value"] == sys.argv[2] and row["offset"] == 8, row
assert row["condition"].startswith("MALFORMED_RECORD_IN_PARSING"), row
assert row["stage"] == "source tail" and sys.argv[3] in row["source"] and sys.argv[3] in row["partition"], row
CHECK
}

to_file() { from_file "append:$scratch/dead.jsonl" && is_letter "$scratch/dead.jsonl"; }
to_log() { from_file "append:$scratch/dead.log" && is_letter "$scratch/dead.log"; }
to_directory() { from_file "file://$scratch/dead" && is_letter "$(echo "$scratch"/dead/*.json)" && [ -d "$scratch/dead/_spark_metadata" ]; }
to_output() { from_file - >"$scratch/output" && is_letter "$scratch/output"; }
to_csv() {
    from_file "append:$scratch/dead.csv" && [ "$(wc -l <"$scratch/dead.csv")" -eq 1 ] && grep -q "^MALFORMED_RECORD_IN_PARSING.*,$original,*" "$scratch/dead.csv"
}
to_process() { from_file "foreach:tee $scratch/fed | grep --line-buffered epoch" && grep -v epoch "$scratch/fed" >"$scratch/letter" && is_letter "$scratch/letter"; }
from_sql() {
    cat >"$scratch/job.sql" <<SQL
CREATE TABLE i (n INT) USING tail OPTIONS (path '$scratch/in.jsonl', format 'json', mode 'FAILFAST');
CREATE TABLE dead USING append OPTIONS (path '$scratch/dead.sql.jsonl');
CREATE TABLE o USING append OPTIONS (path '$scratch/good.sql', format 'json', deadLetters 'dead', trigger 'availableNow',
    checkpointLocation '$scratch/job');
INSERT INTO o SELECT * FROM i
SQL
    run "$scratch/job.sql" && diff <(printf '%s\n' '{"n":1}' '{"n":2}') "$scratch/good.sql" && is_letter "$scratch/dead.sql.jsonl"
}
from_sql_to_directory() { # a table without columns has those of what goes there
    sed -e "s,dead.sql.jsonl,dead.sql,; s,USING append OPTIONS (path '$scratch/dead,USING json OPTIONS (path '$scratch/dead," \
        -e "s,$scratch/job,$scratch/job2,; s,good.sql,good.sql2," "$scratch/job.sql" >"$scratch/job2.sql"
    run "$scratch/job2.sql" && is_letter "$(echo "$scratch"/dead.sql/*.json)"
}
# refused TEXT DLQ: and nothing was read.
refused() {
    ! "$leat" run "tail:$scratch/in.jsonl" - --dlq "$2" --until-end -q >"$scratch/output" 2>"$scratch/said" && grep -qF -- "$1" "$scratch/said" ||
        { cat "$scratch/said"; return 1; }
}
# Killed again and again, once it has written something of what is new; what is in the two files is there once in the end.
is_kept_once() {
    local i k lines
    kept=(run "tail:$scratch/many.jsonl" "append:$scratch/good.once" --schema 'n int' --format json --format-option mode=FAILFAST
        --dlq "append:$scratch/dead.once" --checkpoint "$scratch/killed" --epoch 20ms --quiet)
    : >"$scratch/good.once"
    for ((i = 0; i < 4; i++)); do
        lines=$(wc -l <"$scratch/good.once")
        for ((k = 0; k < 100; k++)); do printf '%s\n' "{\"n\":$k}" "bad $k"; done >>"$scratch/many.jsonl"
        "$leat" "${kept[@]}" >"$scratch/said" 2>&1 &
        for ((k = 0; k < 1200; k++)); do [ "$(wc -l <"$scratch/good.once")" -le "$lines" ] || break; sleep 0.05; done
        sleep "0.0$((i * 2))"
        kill -KILL $! && ! wait $! || { cat "$scratch/said"; return 1; }
    done 2>/dev/null
    "$leat" "${kept[@]}" --until-end >"$scratch/said" 2>&1 || { cat "$scratch/said"; return 1; }
    [ "$(wc -l <"$scratch/good.once")" -eq 400 ] && [ "$(wc -l <"$scratch/dead.once")" -eq 400 ] || { wc -l "$scratch"/*.once; return 1; }
}

check "into one file, as JSON" to_file
check "whose name says text, as JSON all the same" to_log
check "into a directory" to_directory
check "to standard output" to_output
check "as CSV, where the name says so" to_csv
check "to a process" to_process
check "from SQL" from_sql
check "from SQL, into a directory" from_sql_to_directory
check "a sink that there is not is refused" refused 'unknown dlq "appendd"' appendd:
check "an address that it cannot have is refused" refused 'hint: append:///DIR/FILE.jsonl' "appendd:$scratch/x"
check "what the source reads is refused" refused 'would read its own rows again and again' "append:$scratch/in.jsonl"
check "into one file each is kept once" is_kept_once
finish
